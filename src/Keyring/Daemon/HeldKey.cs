using System.Buffers.Binary;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Daemon;

/// <summary>
/// A key that the daemon holds, in a page that has its record beside it so that the service manager can keep both
/// (PROTOCOL.md, "Versions, restarts").
/// </summary>
internal sealed class HeldKey : IDisposable
{
    private const int MagicOffset = 32;
    private const int VersionOffset = 40;
    private const int KindOffset = 44;
    private const int OwnerOffset = 48;
    private const int LifetimeOffset = 52;
    private const int IdleOffset = 56;
    private const int SetAtOffset = 60;
    private const int PathOffset = 68;
    private const uint RecordVersion = 1;
    private const long Forever = long.MaxValue;
    private const long Second = 1000;

    private HeldKey(SecretPage page, VolumeKeyId id)
    {
        Page = page;
        Id = id;
    }

    internal VolumeKeyId Id { get; }

    /// <summary>The key and its record; wiped with this object, unless the service manager keeps it.</summary>
    internal SecretPage Page { get; }

    internal KeyState State { get; private set; } = KeyState.Held;

    internal byte Kind { get; private set; }

    internal uint Owner { get; private set; }

    internal uint Lifetime { get; private set; }

    internal uint Idle { get; private set; }

    internal byte[] VolumePath { get; private set; } = [];

    /// <summary>When the times were last set, in milliseconds of CLOCK_BOOTTIME, as the next two.</summary>
    internal long SetAt { get; private set; }

    internal long UsedAt { get; private set; }

    internal long LeavingSince { get; private set; }

    /// <summary>Connections that are leases on it, in the order they were given.</summary>
    internal List<Connection> Leases { get; } = [];

    /// <summary>Requests that end when the key is gone.</summary>
    internal List<PendingRemoval> Removals { get; } = [];

    private static ReadOnlySpan<byte> Magic => "StackFsK"u8;

    private ReadOnlySpan<byte> Secret => Page.UnsafeBytes[..Wire.KeyLength];

    /// <summary>
    /// A new key, copied from the page that a client sent; null when that does not hold the key named.
    /// </summary>
    internal static HeldKey? TryAdd(
        SecretPage sent, VolumeKeyId id, byte kind, uint owner, ReadOnlySpan<byte> volumePath)
    {
        if (IdOf(sent) != id)
        {
            return null;
        }

        SecretPage page = SecretPage.Create();
        sent.UnsafeBytes[..Wire.KeyLength].CopyTo(page.UnsafeBytes);
        return new HeldKey(page, id) { Kind = kind, Owner = owner, VolumePath = volumePath.ToArray() };
    }

    /// <summary>A key from the service manager's store; null, with the page wiped, when its record does not parse.</summary>
    internal static HeldKey? TryRestore(SecretPage page, long now)
    {
        ReadOnlySpan<byte> record = page.UnsafeBytes;
        int pathLength = BinaryPrimitives.ReadUInt16LittleEndian(record[PathOffset..]);
        if (!record[MagicOffset..].StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(record[VersionOffset..]) != RecordVersion
            || pathLength > Wire.MaximumPath)
        {
            page.Dispose();
            return null;
        }

        ulong setAt = BinaryPrimitives.ReadUInt64LittleEndian(record[SetAtOffset..]);
        return new HeldKey(page, IdOf(page))
        {
            Kind = record[KindOffset],
            Owner = BinaryPrimitives.ReadUInt32LittleEndian(record[OwnerOffset..]),
            Lifetime = BinaryPrimitives.ReadUInt32LittleEndian(record[LifetimeOffset..]),
            Idle = BinaryPrimitives.ReadUInt32LittleEndian(record[IdleOffset..]),
            SetAt = (long)Math.Min(setAt, (ulong)(now / Second)) * Second,
            UsedAt = now,
            VolumePath = record.Slice(PathOffset + sizeof(ushort), pathLength).ToArray(),
        };
    }

    /// <summary>Sets the times anew, and writes the record.</summary>
    internal void SetTimes(uint lifetime, uint idle, long now)
    {
        Lifetime = lifetime;
        Idle = idle;
        SetAt = now;
        UsedAt = now;
        Span<byte> record = Page.UnsafeBytes;
        Magic.CopyTo(record[MagicOffset..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[VersionOffset..], RecordVersion);
        record[KindOffset] = Kind;
        BinaryPrimitives.WriteUInt32LittleEndian(record[OwnerOffset..], Owner);
        BinaryPrimitives.WriteUInt32LittleEndian(record[LifetimeOffset..], Lifetime);
        BinaryPrimitives.WriteUInt32LittleEndian(record[IdleOffset..], Idle);
        BinaryPrimitives.WriteUInt64LittleEndian(record[SetAtOffset..], (ulong)(now / Second));
        BinaryPrimitives.WriteUInt16LittleEndian(record[PathOffset..], (ushort)VolumePath.Length);
        VolumePath.CopyTo(record[(PathOffset + sizeof(ushort))..]);
    }

    internal void MarkUsed(long now) => UsedAt = now;

    internal void Leave(long now)
    {
        State = KeyState.Leaving;
        LeavingSince = now;
    }

    /// <summary>When something is due: its time runs out, or its leases have had theirs to come back.</summary>
    internal long Deadline(long recallMilliseconds) => State == KeyState.Leaving
        ? LeavingSince + recallMilliseconds
        : Math.Min(
            Lifetime == 0 ? Forever : SetAt + (Lifetime * Second),
            Idle == 0 ? Forever : UsedAt + (EffectiveIdle * Second));

    /// <summary>A holder reports use every 10 seconds only: less than two of these says nothing.</summary>
    private long EffectiveIdle =>
        Leases.Count > 0 ? Math.Max(Idle, 2 * (long)Wire.UsedInterval.TotalSeconds) : Idle;

    internal uint LifetimeLeft(long now) => Left(Lifetime, SetAt, now);

    internal uint IdleLeft(long now) => Left(Idle, UsedAt, now);

    internal uint Age(long now) => (uint)Math.Clamp((now - SetAt) / Second, 0, uint.MaxValue);

    /// <summary>A page with the key alone, to be lent.</summary>
    internal SecretPage MakeLoan()
    {
        SecretPage loan = SecretPage.Create();
        Secret.CopyTo(loan.UnsafeBytes);
        return loan;
    }

    /// <summary>Wipes the key.</summary>
    public void Dispose() => Page.Dispose();

    private static VolumeKeyId IdOf(SecretPage page)
    {
        using SecretBuffer key = SecretBuffer.Allocate(Wire.KeyLength);
        using (SecretBuffer.RevealedSecret bytes = key.UnsafeReveal())
        {
            page.UnsafeBytes[..Wire.KeyLength].CopyTo(bytes.Bytes);
        }

        return VolumeKeyId.Of(key);
    }

    /// <summary>At least 1 where there is a limit: 0 says that there is none.</summary>
    private static uint Left(uint limit, long since, long now) => limit == 0
        ? 0
        : (uint)Math.Clamp(((limit * Second) - (now - since) + Second - 1) / Second, 1, uint.MaxValue);
}

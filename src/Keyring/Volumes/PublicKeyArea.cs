using System.Buffers.Binary;
using System.Collections.Immutable;

namespace StackFs.Keyring.Volumes;

/// <summary>The full public keys in <c>stackfs.conf</c> (CONFIG.md, "Public key area"), as SubjectPublicKeyInfo.</summary>
internal static class PublicKeyArea
{
    internal const int MaximumCount = 8;
    internal const int MaximumKeyLength = 1200;

    private const int HeaderLength = 4;

    internal static int LengthOf(ImmutableArray<ImmutableArray<byte>> keys) =>
        HeaderLength + keys.Sum(key => HeaderLength + key.Length);

    internal static void Write(ImmutableArray<ImmutableArray<byte>> keys, Span<byte> area)
    {
        area.Clear();
        area[0] = checked((byte)keys.Length);
        area = area[HeaderLength..];
        foreach (ImmutableArray<byte> key in keys)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(area, checked((ushort)key.Length));
            key.AsSpan().CopyTo(area[HeaderLength..]);
            area = area[(HeaderLength + key.Length)..];
        }
    }

    /// <summary>Parses an area that fills <paramref name="area"/> exactly; false when it breaks a rule.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> area, out ImmutableArray<ImmutableArray<byte>> keys)
    {
        keys = [];
        if (area.Length < HeaderLength || area[0] > MaximumCount || area[1..HeaderLength].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        int count = area[0];
        ReadOnlySpan<byte> rest = area[HeaderLength..];
        ImmutableArray<ImmutableArray<byte>>.Builder found = ImmutableArray.CreateBuilder<ImmutableArray<byte>>(count);
        for (int i = 0; i < count; i++)
        {
            if (rest.Length < HeaderLength)
            {
                return false;
            }

            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            int reserved = BinaryPrimitives.ReadUInt16LittleEndian(rest[sizeof(ushort)..]);
            rest = rest[HeaderLength..];
            if (reserved != 0 || length is 0 or > MaximumKeyLength || length > rest.Length)
            {
                return false;
            }

            found.Add([.. rest[..length]]);
            rest = rest[length..];
        }

        keys = found.MoveToImmutable();
        return rest.IsEmpty;
    }
}

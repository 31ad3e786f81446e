using System.Buffers;
using System.Globalization;
using StackFs.Keyring.Secrets;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Keyring;

public sealed class SecretBufferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_000)]
    public void HoldsWhatIsWritten(int length)
    {
        byte[] value = new byte[length];
        Random.Shared.NextBytes(value);
        using SecretBuffer secret = SecretBuffer.Allocate(length);
        Assert.All(Bytes.Reveal(secret), b => Assert.Equal(0, b));
        secret.Fill(value, static (Span<byte> target, byte[] source) => source.CopyTo(target));
        Assert.Equal(length, secret.Length);
        Assert.Equal(value, Bytes.Reveal(secret));
    }

    [Fact]
    public void RefusesLengthsOutOfRange()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SecretBuffer.Allocate(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SecretBuffer.Allocate(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SecretBuffer.Allocate(SecretBuffer.MaximumLength + 1));
    }

    [Fact]
    public unsafe void IsZeroedOnRelease()
    {
        const int Length = 2000; // A size that no other test running beside this one takes.
        SecretBuffer secret = SecretBuffer.Random(Length);
        ReadOnlySpan<byte> memory = new((void*)AddressOf(secret), Length);
        Assert.NotEqual(-1, memory.IndexOfAnyExcept((byte)0));
        secret.Dispose();
        Assert.Equal(-1, memory.IndexOfAnyExcept((byte)0)); // The slab stays mapped, so this may still look.
        Assert.Throws<ObjectDisposedException>(() => Bytes.Reveal(secret));
    }

    [Fact]
    public void DisposalWaitsForTheLastUser()
    {
        SecretBuffer secret = Bytes.Secret("still here"u8);
        secret.Use(secret, static (bytes, owner) =>
        {
            owner.Dispose();
            Assert.True(bytes.SequenceEqual("still here"u8));
        });
        Assert.Throws<ObjectDisposedException>(() => secret.Use(0, static (bytes, _) => bytes.Length));
    }

    [Fact]
    public void ComparesContent()
    {
        using SecretBuffer a = Bytes.Secret("abcdef"u8);
        using SecretBuffer same = Bytes.Secret("abcdef"u8);
        using SecretBuffer other = Bytes.Secret("abcdeg"u8);
        using SecretBuffer shorter = Bytes.Secret("abcde"u8);
        Assert.True(a.FixedTimeEquals(same));
        Assert.False(a.FixedTimeEquals(other));
        Assert.False(a.FixedTimeEquals(shorter));
    }

    [Fact]
    public void TextGivesOnlyTheLength()
    {
        using SecretBuffer secret = Bytes.Secret("hunter2"u8);
        Assert.Equal("7 secret bytes", secret.ToString());
    }

    [Fact]
    public void SliceIsAnIndependentCopy()
    {
        using SecretBuffer whole = Bytes.Secret("0123456789"u8);
        using SecretBuffer part = whole.Slice(2, 3);
        whole.Fill(0, static (bytes, _) => bytes.Clear());
        Assert.Equal("234"u8.ToArray(), Bytes.Reveal(part));
    }

    [Fact]
    public void ManySmallSecretsShareSlabs()
    {
        long before = SecretPool.MappedBytes;
        SecretBuffer[] secrets = [.. Enumerable.Range(0, 4096).Select(_ => SecretBuffer.Random(32))];
        try
        {
            // Other tests run beside this one and may map a slab or two.
            Assert.InRange(SecretPool.MappedBytes - before, 0, (4096 * 32) + (1 << 20));
            Assert.Equal(4096, secrets.Select(AddressOf).Distinct().Count());
        }
        finally
        {
            foreach (SecretBuffer secret in secrets)
            {
                secret.Dispose();
            }
        }
    }

    [Fact]
    public void TheCostOfManySecretsIsLinear()
    {
        // 60,000 of the size of a file key: 2 MiB locked, below the usual limit of 8.
        long before = GC.GetAllocatedBytesForCurrentThread();
        SecretBuffer[] secrets = [.. Enumerable.Range(0, 60_000).Select(_ => SecretBuffer.Allocate(32))];
        long perSecret = (GC.GetAllocatedBytesForCurrentThread() - before) / secrets.Length;
        Array.ForEach(secrets, secret => secret.Dispose());
        Assert.InRange(perSecret, 0, 200);
    }

    [Fact]
    public void UseAllocatesNothing()
    {
        using SecretBuffer secret = SecretBuffer.Random(32);
        int sum = 0;
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                sum += secret.Use(1, static (bytes, one) => bytes[0] + one);
            }
        }));
        Assert.NotEqual(0, sum);
    }

    [Theory]
    [InlineData(SecretMemoryKind.MemFdSecret)]
    [InlineData(SecretMemoryKind.Locked)]
    public void PagesAreLockedAndLeftOutOfDumps(SecretMemoryKind kind)
    {
        if (kind == SecretMemoryKind.MemFdSecret && SecretMemory.Kind != kind)
        {
            return; // Not offered by this kernel: the other row is what runs here.
        }

        nuint length = SecretMemory.RoundToPages(1);
        nint address = SecretMemory.Map(length, kind);
        try
        {
            string[] flags = FlagsOfMapping(address);
            Assert.Contains("lo", flags); // VM_LOCKED
            Assert.Contains("dd", flags); // VM_DONTDUMP
            Assert.Contains("dc", flags); // VM_DONTCOPY: not inherited by fork
        }
        finally
        {
            Assert.True(SecretMemory.Unmap(address, length));
        }
    }

    [Fact]
    public void GuardPagesSurroundEveryMapping()
    {
        nuint length = SecretMemory.RoundToPages(1);
        nint address = SecretMemory.Map(length);
        try
        {
            Assert.Equal("---p", PermissionsAt(address - 1));
            Assert.Equal("---p", PermissionsAt(address + (nint)length));
        }
        finally
        {
            Assert.True(SecretMemory.Unmap(address, length));
        }
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("", null, false)]
    [InlineData("freeze mem\n", null, false)]
    [InlineData("freeze mem disk\n", "[platform] shutdown reboot suspend test_resume\n", true)]
    [InlineData("freeze mem disk\n", "[disabled]\n", false)]
    [InlineData("disk", null, true)]
    public void HibernationIsRecognised(string? state, string? disk, bool inUse) =>
        Assert.Equal(inUse, SecretMemory.HibernationInUse(state, disk));

    private static unsafe nint AddressOf(SecretBuffer secret) =>
        secret.Use(0, static (bytes, _) =>
        {
            fixed (byte* start = bytes)
            {
                return (nint)start;
            }
        });

    private static string[] FlagsOfMapping(nint address)
    {
        bool inside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (TryRange(line, out nint from, out nint to))
            {
                inside = from <= address && address < to;
            }
            else if (inside && line.StartsWith("VmFlags:", StringComparison.Ordinal))
            {
                return line["VmFlags:".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            }
        }

        return [];
    }

    private static string PermissionsAt(nint address) =>
        File.ReadLines("/proc/self/maps")
            .Where(line => TryRange(line, out nint from, out nint to) && from <= address && address < to)
            .Select(line => line.Split(' ')[1])
            .FirstOrDefault("none");

    private static bool TryRange(string line, out nint from, out nint to)
    {
        string[] ends = line.Split(' ')[0].Split('-');
        to = 0;
        from = 0;
        return ends.Length == 2
            && nint.TryParse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out from)
            && nint.TryParse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out to);
    }
}

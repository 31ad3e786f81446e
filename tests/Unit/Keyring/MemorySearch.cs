using System.Globalization;
using System.Security.Cryptography;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>
/// Looks for a secret in all of this process's memory that could reach swap or a core dump. The searcher itself keeps
/// the secret masked, and reads into secret memory, so that it finds others' copies only.
/// </summary>
internal sealed class MemorySearch
{
    private const int ChunkLength = 1 << 20;
    private const int PrefixLength = 8;

    private readonly byte[] _mask;
    private readonly byte[] _masked;

    internal MemorySearch(SecretBuffer secret)
    {
        Assert.True(secret.Length > PrefixLength + 4);
        _mask = RandomNumberGenerator.GetBytes(secret.Length);
        _masked = new byte[secret.Length];
        secret.Use(this, static (bytes, search) =>
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                search._masked[i] = (byte)(bytes[i] ^ search._mask[i]);
            }
        });
    }

    /// <summary>The mappings that hold a copy, one entry a copy.</summary>
    internal List<string> Find()
    {
        List<string> found = [];
        Assert.Equal(Errno.None, Posix.OpenForReading("/proc/self/mem", out SafeFd memory));
        using (memory)
        {
            using SecretBuffer chunk = SecretBuffer.Allocate(ChunkLength);
            foreach ((string name, long from, long to) in Mappings())
            {
                for (long at = from; at < to; at += ChunkLength - _mask.Length)
                {
                    using SecretBuffer.RevealedSecret bytes = chunk.UnsafeReveal();
                    int length = (int)Math.Min(ChunkLength, to - at);
                    long count = Mono.Unix.Native.Syscall.pread(memory.Number, AddressOf(bytes.Bytes), (ulong)length, at);
                    if (count <= 0)
                    {
                        break; // Gone meanwhile, or not readable.
                    }

                    Count(bytes.Bytes[..(int)count], $"{name} at {at:x}", found);
                }
            }
        }

        return found;
    }

    private static unsafe nint AddressOf(Span<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return (nint)start;
        }
    }

    private void Count(ReadOnlySpan<byte> bytes, string where, List<string> found)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength];
        for (int i = 0; i < PrefixLength; i++)
        {
            prefix[i] = (byte)(_mask[i] ^ _masked[i]);
        }

        int at = 0;
        while (bytes[at..].IndexOf(prefix) is var next && next >= 0)
        {
            at += next;
            bool all = bytes.Length - at >= _mask.Length;
            for (int i = PrefixLength; all && i < _mask.Length; i++)
            {
                all = bytes[at + i] == (byte)(_mask[i] ^ _masked[i]);
            }

            if (all)
            {
                found.Add(where);
            }

            at++;
        }
    }

    /// <summary>Writable mappings, but for those that are locked and left out of dumps.</summary>
    private static List<(string Name, long From, long To)> Mappings()
    {
        List<(string, long, long)> all = [];
        (string Name, long From, long To) current = ("", 0, 0);
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] ends = words[0].Split('-');
            if (ends.Length == 2 && words[1].Length == 4)
            {
                current = (
                    words[1].StartsWith("rw", StringComparison.Ordinal) ? words[^1] : "",
                    long.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    long.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            }
            else if (words[0] == "VmFlags:" && current.Name.Length > 0
                && !(words.Contains("lo") && words.Contains("dd")))
            {
                all.Add(current);
            }
        }

        return all;
    }
}

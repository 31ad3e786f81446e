using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary>
/// Takes a request's body apart, in order. Never reads past it: what is not there yields zeros or an empty span and
/// sets <see cref="Failed"/> for good, so that a handler reads everything and asks once; the answer is then EINVAL.
/// </summary>
internal ref struct RequestReader
{
    private const int LongestStructure = 256;

    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts at the first byte of <paramref name="body"/>.</summary>
    public RequestReader(ReadOnlySpan<byte> body) => _rest = body;

    /// <summary>Whether something asked for was not there.</summary>
    public bool Failed { get; private set; }

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _rest.Length;

    private static ReadOnlySpan<byte> Zeros => new byte[LongestStructure];

    /// <summary>The next structure, in place.</summary>
    public ref readonly T Read<T>()
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = ReadBytes(Unsafe.SizeOf<T>());
        return ref MemoryMarshal.AsRef<T>(Failed ? Zeros : bytes);
    }

    /// <summary>
    /// The next NUL-terminated name of a directory entry, without its NUL. Fails on a name that no directory can hold:
    /// empty, with a slash, "." and "..". Its length is the caller's to judge (ENAMETOOLONG).
    /// </summary>
    public ReadOnlySpan<byte> ReadName()
    {
        ReadOnlySpan<byte> name = ReadString();
        if (name.IsEmpty || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8) || name.Contains((byte)'/'))
        {
            Fail();
            return default;
        }

        return name;
    }

    /// <summary>The next NUL-terminated string of any bytes, without its NUL: a symlink's target, an xattr's name.</summary>
    public ReadOnlySpan<byte> ReadString()
    {
        int length = _rest.IndexOf((byte)0);
        if (length < 0)
        {
            Fail();
            return default;
        }

        ReadOnlySpan<byte> text = _rest[..length];
        _rest = _rest[(length + 1)..];
        return text;
    }

    /// <summary>The next <paramref name="count"/> bytes; empty and failed when there are fewer.</summary>
    public ReadOnlySpan<byte> ReadBytes(uint count)
    {
        if (count > (uint)_rest.Length)
        {
            Fail();
            return default;
        }

        return ReadBytes((int)count);
    }

    /// <inheritdoc cref="ReadBytes(uint)"/>
    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (count < 0 || count > _rest.Length)
        {
            Fail();
            return default;
        }

        ReadOnlySpan<byte> bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }

    /// <summary>All that is left, possibly nothing.</summary>
    public ReadOnlySpan<byte> ReadRest()
    {
        ReadOnlySpan<byte> rest = _rest;
        _rest = default;
        return rest;
    }

    private void Fail()
    {
        Failed = true;
        _rest = default;
    }
}

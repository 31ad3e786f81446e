using System.Buffers;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Operations;

/// <summary>
/// An open directory. Offsets that programs see are the lower filesystem's own, so telldir(3) and seekdir(3) are as stable as
/// they are there, at any size of directory and without memory.
/// </summary>
/// <remarks>Used under its own lock: the kernel serialises reads of one open directory, but nothing says it must.</remarks>
internal sealed class DirectoryHandle : Handle, IDisposable
{
    private const int BufferSize = 32 * 1024;

    private byte[]? _buffer;
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>Takes ownership of <paramref name="fd"/>, open O_RDONLY.</summary>
    internal DirectoryHandle(Inode inode, SafeFd fd)
        : base(inode) => Fd = fd;

    /// <summary>The lower directory.</summary>
    internal SafeFd Fd { get; }

    /// <summary>Held while records are read.</summary>
    internal Lock Lock { get; } = new();

    /// <summary>The offset after the last record that was consumed.</summary>
    internal ulong Position { get; private set; }

    /// <summary>Goes to an offset: nothing to do where reading goes on from the last one.</summary>
    internal Errno SeekTo(ulong offset)
    {
        if (offset == Position && offset != 0)
        {
            return Errno.None;
        }

        DropBuffer();
        _isAtEnd = false;
        Errno error = Libc.Seek(Fd, unchecked((long)offset), SeekOrigin, out _);
        Position = offset;
        return error;
    }

    /// <summary>Records not consumed yet, reading more when there are none; empty at the end of the directory.</summary>
    internal Errno Peek(out ReadOnlySpan<byte> records)
    {
        records = default;
        if (_start == _end && !_isAtEnd)
        {
            _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
            Errno error = Libc.ReadDirectory(Fd, _buffer.AsSpan(0, BufferSize), out int length);
            if (error != Errno.None || length == 0)
            {
                // The kernel asks once more after the last record; who wants to see new ones goes back first.
                _isAtEnd = error == Errno.None;
                DropBuffer();
                return error;
            }

            _start = 0;
            _end = length;
        }

        records = _buffer.AsSpan(_start, _end - _start);
        return Errno.None;
    }

    /// <summary>Marks the first records as consumed.</summary>
    /// <param name="length">Their bytes.</param>
    /// <param name="next">The offset after the last of them.</param>
    internal void Consume(int length, ulong next)
    {
        _start += length;
        Position = next;
    }

    /// <summary>Closes the lower directory.</summary>
    public void Dispose()
    {
        DropBuffer();
        Fd.Dispose();
    }

    // SEEK_SET.
    private const int SeekOrigin = 0;

    private void DropBuffer()
    {
        if (_buffer is not null)
        {
            // Lower names: not secret.
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }

        _start = 0;
        _end = 0;
    }
}

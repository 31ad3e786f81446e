using System.Buffers.Binary;

namespace StackFs.Interop;

/// <summary>
/// Walks the records that <see cref="Libc.ReadDirectory"/> wrote: linux/dirent.h, struct linux_dirent64: d_ino u64,
/// d_off s64, d_reclen u16, d_type u8, d_name with a NUL, padded to 8 bytes. Native byte order.
/// </summary>
internal ref struct DirectoryRecords
{
    private const int NameOffset = 19;
    private const int NextOffset = 8;
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;

    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts before the first record.</summary>
    internal DirectoryRecords(ReadOnlySpan<byte> records) => _rest = records;

    /// <summary>Offset of the record after the current one, for lseek(2).</summary>
    internal ulong Next { get; private set; }

    /// <summary>Bytes of the current record.</summary>
    internal int Length { get; private set; }

    /// <summary>Inode number of the current record.</summary>
    internal ulong Inode { get; private set; }

    /// <summary>DT_* type of the current record; 0 where the filesystem does not tell.</summary>
    internal byte Type { get; private set; }

    /// <summary>Name of the current record, without its NUL; a view of the buffer.</summary>
    internal ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Moves to the next record; false at the end, and at a record that does not fit its buffer.</summary>
    internal bool MoveNext()
    {
        if (_rest.Length <= NameOffset)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest[LengthOffset..]);
        if (length <= NameOffset || length > _rest.Length)
        {
            return false;
        }

        Length = length;
        Next = BinaryPrimitives.ReadUInt64LittleEndian(_rest[NextOffset..]);
        Inode = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
        Type = _rest[TypeOffset];
        ReadOnlySpan<byte> name = _rest[NameOffset..length];
        int end = name.IndexOf((byte)0);
        Name = end < 0 ? name : name[..end];
        _rest = _rest[length..];
        return true;
    }
}

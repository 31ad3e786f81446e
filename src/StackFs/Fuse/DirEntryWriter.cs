using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary>
/// Packs the records of a READDIR or READDIRPLUS reply, each padded with zeros to a multiple of 8 bytes.
/// </summary>
internal ref struct DirEntryWriter
{
    private readonly Span<byte> _buffer;

    /// <summary>
    /// Packs into <paramref name="buffer"/>: the reply's payload, cut to the request's <see cref="FuseReadIn.Size"/>.
    /// </summary>
    public DirEntryWriter(Span<byte> buffer) => _buffer = buffer;

    /// <summary>Bytes packed so far; what <see cref="ReplyWriter.Complete"/> takes. Zero ends the directory.</summary>
    public int Length { get; private set; }

    /// <summary>Whether a plus record for a name of this many bytes still fits: to know before taking a lookup count.</summary>
    public readonly bool FitsPlus(int nameLength) => RecordSize<FuseDirEntPlus>(nameLength) <= _buffer.Length - Length;

    /// <summary>Adds a READDIR record.</summary>
    /// <param name="name">The entry's name.</param>
    /// <param name="ino">The inode number that programs see; not zero.</param>
    /// <param name="nextOffset">Cookie from which to go on after this record.</param>
    /// <param name="type"><c>DT_*</c>.</param>
    /// <returns>False when the record does not fit; nothing was added.</returns>
    public bool TryAdd(ReadOnlySpan<byte> name, ulong ino, ulong nextOffset, uint type)
    {
        var record = new FuseDirEnt { Ino = ino, Offset = nextOffset, NameLength = (uint)name.Length, Type = type };
        return TryAppend(in record, name);
    }

    /// <summary>Adds a READDIRPLUS record; the inode number is that of <paramref name="entry"/>'s attributes.</summary>
    /// <param name="name">The entry's name.</param>
    /// <param name="entry">
    /// As for a LOOKUP: unless its node id is <see cref="NodeId.None"/> (as for "." and ".."), the record, once sent,
    /// adds one to the lookup count.
    /// </param>
    /// <param name="nextOffset">Cookie from which to go on after this record.</param>
    /// <param name="type"><c>DT_*</c>.</param>
    /// <returns>False when the record does not fit; nothing was added, no lookup count was taken.</returns>
    public bool TryAddPlus(ReadOnlySpan<byte> name, in FuseEntryOut entry, ulong nextOffset, uint type)
    {
        var record = new FuseDirEntPlus
        {
            Entry = entry,
            DirEnt = new FuseDirEnt
            {
                Ino = entry.Attr.Ino,
                Offset = nextOffset,
                NameLength = (uint)name.Length,
                Type = type,
            },
        };
        return TryAppend(in record, name);
    }

    private static int RecordSize<T>(int nameLength)
        where T : unmanaged => (Unsafe.SizeOf<T>() + nameLength + (sizeof(ulong) - 1)) & -sizeof(ulong);

    private bool TryAppend<T>(in T record, ReadOnlySpan<byte> name)
        where T : unmanaged
    {
        int size = RecordSize<T>(name.Length);
        if (size > _buffer.Length - Length)
        {
            return false;
        }

        Span<byte> target = _buffer.Slice(Length, size);
        MemoryMarshal.Write(target, in record);
        name.CopyTo(target[Unsafe.SizeOf<T>()..]);
        target[(Unsafe.SizeOf<T>() + name.Length)..].Clear();
        Length += size;
        return true;
    }
}

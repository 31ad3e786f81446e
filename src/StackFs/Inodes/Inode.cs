using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Inodes;

/// <summary>
/// One lower file or directory that the kernel, a child or a handle refers to. It holds no descriptor of its own, unless
/// it lost its last name (<see cref="Retained"/>); directories get one from the <see cref="DescriptorCache"/>.
/// </summary>
/// <remarks>
/// A tree of 200,000 files has as many of these: every field counts. Locks are taken in the order that
/// <see cref="InodeTable"/> states.
/// </remarks>
internal sealed class Inode : Numbered
{
    private CachedDescriptor? _descriptor;
    private object? _content;

    /// <summary>Creates an inode; the table numbers it.</summary>
    internal Inode(LowerId lower, uint type, long birth = 0)
    {
        Lower = lower;
        Birth = birth;
        Type = (ushort)(type & ModeBits.TypeMask);
    }

    /// <summary>What the kernel calls it.</summary>
    internal NodeId Id => new(Number);

    /// <summary>Which lower file it stands for.</summary>
    internal LowerId Lower { get; }

    /// <summary>When the lower file was made, in nanoseconds since 1970; 0 when that is not known.</summary>
    internal long Birth { get; }

    /// <summary>S_IFMT bits, which never change.</summary>
    internal ushort Type { get; }

    /// <summary>True for a directory.</summary>
    internal bool IsDirectory => ModeBits.IsDirectory(Type);

    /// <summary>True for a regular file.</summary>
    internal bool IsRegular => ModeBits.IsRegular(Type);

    /// <summary>
    /// A lower name that does not decrypt: it can be looked at and removed, nothing else (FORMAT.md section 3).
    /// Set when it is first seen.
    /// </summary>
    internal bool IsForeign { get; set; }

    /// <summary>An entry that was first seen under an eCryptfs name, beside native ones.</summary>
    internal bool IsLegacy { get; set; }

    /// <summary>
    /// A directory made through this mount, which nobody else writes: no foreign name is in it, so that a name which is not
    /// there needs no second look. Cleared when a listing finds one all the same.
    /// </summary>
    internal bool HasNoForeign { get; set; }

    /// <summary>
    /// A file made through this mount, which nobody else writes, and given no capabilities since: the kernel asks for them
    /// before the first write to each.
    /// </summary>
    internal bool HasNoCapabilities { get; set; }

    /// <summary>References the kernel holds; guarded by the table's shard.</summary>
    internal long Lookups { get; set; }

    /// <summary>Locations of children and requests in flight that keep it in the table; guarded by the table's shard.</summary>
    internal int Pins { get; set; }

    /// <summary>True once it left the table; guarded by the table's shard.</summary>
    internal bool IsForgotten { get; set; }

    /// <summary>
    /// Its size is told by its content alone: the lower file's own size was found to say something else. Set when it is made.
    /// </summary>
    internal bool MustOpenForSize { get; set; }

    /// <summary>
    /// Another inode has taken its place, since the kernel was told a wrong size for this one: it answers ESTALE, and the
    /// kernel looks its name up again. Guarded by the table's shard, and by this inode's monitor where it is opened.
    /// </summary>
    internal bool IsRetired { get; set; }

    /// <summary>Next in the chain of the table's index by <see cref="Lower"/>; guarded by the table's shard.</summary>
    internal Inode? NextInIndex { get; set; }

    /// <summary>First of its locations, newest first; guarded by this inode's monitor.</summary>
    internal Location? Locations { get; set; }

    /// <summary>
    /// An O_PATH descriptor that stands for it since its last known name went, so that fstat(2) and the like go on and its
    /// lower inode number is not given to another file. Guarded by this inode's monitor; closed when it is forgotten.
    /// </summary>
    internal SafeFd? Retained { get; set; }

    /// <summary>The cached descriptor of a directory, possibly closed meanwhile.</summary>
    internal CachedDescriptor? Descriptor
    {
        get => Volatile.Read(ref _descriptor);
        set => Volatile.Write(ref _descriptor, value);
    }

    /// <summary>What the operations keep for it while it is open; guarded by this inode's monitor where it says so.</summary>
    internal object? Content
    {
        get => Volatile.Read(ref _content);
        set => Volatile.Write(ref _content, value);
    }

    /// <summary>
    /// Whether it stands for the lower file of that type and birth which has its number now. A regular file of another birth
    /// is another file, unless a descriptor has kept the number from being given away since.
    /// </summary>
    internal bool StandsFor(ushort type, long birth) =>
        Type == type && (birth == Birth || birth == 0 || Birth == 0 || !IsRegular || Content is not null || Retained is not null);
}

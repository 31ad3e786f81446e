using System.Security.Cryptography;
using StackFs.Inodes;
using StackFs.Lower;
using StackFs.Mounting;

namespace StackFs.Operations;

/// <summary>What every operation sees of a mounted filesystem. Safe on any thread.</summary>
internal sealed class Filesystem
{
    /// <summary>What was asked for when mounting.</summary>
    internal required MountOptions Options { get; init; }

    /// <summary>The inodes the kernel knows.</summary>
    internal required InodeTable Inodes { get; init; }

    /// <summary>The way from an inode to its lower file.</summary>
    internal required LowerTree Tree { get; init; }

    /// <summary>Directories held open.</summary>
    internal required DescriptorCache Descriptors { get; init; }

    /// <summary>How lower files are read and written; disposed with the filesystem.</summary>
    internal required LowerFormat Format { get; init; }

    /// <summary>Takes what is found damaged.</summary>
    internal required FilesystemReports Reports { get; init; }

    /// <summary>Whether others may change the lower directory.</summary>
    internal required bool IsShared { get; init; }

    /// <summary>Whether open files may be changed by other mounts, and are looked at anew for each operation.</summary>
    internal bool TakesTurns => IsShared && Format.TakesTurns;

    /// <summary>
    /// Tells this mount's node ids from those of another one, so that a file handle (name_to_handle_at(2)) kept across a
    /// remount is ESTALE and never another file.
    /// </summary>
    internal ulong Generation { get; } = (uint)RandomNumberGenerator.GetInt32(1, int.MaxValue);

    /// <summary>How long the kernel may keep what it is told.</summary>
    internal required CacheLifetimes Lifetimes { get; init; }

    /// <summary>Whether the kernel keeps dirty pages, and with them size and times of what it writes.</summary>
    internal bool UsesWriteback => !IsShared && (Options.UsesWriteback ?? true);

    /// <summary>Where the volume key is.</summary>
    internal KeyGate Keys { get; } = new();

    /// <summary>Has the kernel write back what it keeps.</summary>
    internal DirtyPages DirtyPages { get; } = new();

    /// <summary>Names that are changing at the moment.</summary>
    internal NameChanges NameChanges { get; } = new();

    /// <summary>Locks of programs, where those on other machines are to see them.</summary>
    internal LockTable Locks { get; } = new();

    /// <summary>Open files and directories.</summary>
    internal SlotTable<Handle> Handles { get; } = new();
}

using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Inodes;
using StackFs.Keyring.Secrets;
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

    /// <summary>Makes and opens headers of the volume's files.</summary>
    internal required NativeVolume Volume { get; init; }

    /// <summary>How content is opened.</summary>
    internal required OpenFileOptions OpenFileOptions { get; init; }

    /// <summary>Takes what is found damaged.</summary>
    internal required FilesystemReports Reports { get; init; }

    /// <summary>The SIV key of names, targets and attributes, 64 bytes; each worker keys its own cipher with it.</summary>
    internal required SecretBuffer NamesKey { get; init; }

    /// <summary>Whether names are stored as they are (<c>names=plain</c>).</summary>
    internal required bool HasPlainNames { get; init; }

    /// <summary>Whether others may change the lower directory.</summary>
    internal required bool IsShared { get; init; }

    /// <summary>How long the kernel may keep what it is told.</summary>
    internal required CacheLifetimes Lifetimes { get; init; }

    /// <summary>Open files and directories.</summary>
    internal SlotTable<Handle> Handles { get; } = new();
}

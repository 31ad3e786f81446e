using StackFs.Content;
using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Names;

namespace StackFs.Operations;

/// <summary>
/// One thread's share of the filesystem: codecs, buffers and the identity it works under, made on that thread and used by
/// no other.
/// </summary>
internal sealed class OperationWorker : IFuseWorker
{
    // A lower symlink target with its NUL, a companion, the longest upper target.
    private const int TextSize = 8192;

    private readonly FormatCodecs _codecs;
    private byte[] _value = new byte[4096];

    /// <summary>Makes a worker of the calling thread.</summary>
    internal OperationWorker(Filesystem filesystem)
    {
        Filesystem = filesystem;
        _codecs = filesystem.Format.CreateCodecs();
        filesystem.DirtyPages.AddWorker();
        NameChange = filesystem.NameChanges.AddWorker();
    }

    /// <summary>What all workers share.</summary>
    internal Filesystem Filesystem { get; }

    /// <summary>Buffers of the content engine.</summary>
    internal ContentScratch Scratch { get; } = new();

    /// <summary>Whose files this thread makes.</summary>
    internal CallerIdentity Caller { get; } = new();

    /// <summary>Begun by what takes names from files or gives them others.</summary>
    internal NameChanges.Mark NameChange { get; }

    /// <summary>Names of directory entries.</summary>
    internal INameCodec Names => _codecs.Names;

    /// <summary>Targets of symbolic links.</summary>
    internal ITargetCodec Targets => _codecs.Targets;

    /// <summary>Extended attributes.</summary>
    internal IAttributeCodec Attributes => _codecs.Attributes;

    /// <summary>Room for the lower name of an operation's first name.</summary>
    internal byte[] FirstName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for the lower name of an operation's second name.</summary>
    internal byte[] SecondName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for a name of a companion.</summary>
    internal byte[] CompanionName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for an upper name decoded.</summary>
    internal byte[] UpperName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for a symlink target or a companion's content, as it is below.</summary>
    internal byte[] LowerText { get; } = new byte[TextSize];

    /// <summary>Room for what a companion's present content is compared with.</summary>
    internal byte[] OtherText { get; } = new byte[TextSize];

    /// <inheritdoc/>
    public void Handle(in FuseRequest request, ref ReplyWriter reply) => Dispatch.Handle(this, in request, ref reply);

    /// <inheritdoc/>
    public void Dispose()
    {
        Filesystem.DirtyPages.RemoveWorker();
        Filesystem.NameChanges.RemoveWorker(NameChange);
        _codecs.Dispose();
        Scratch.Dispose();
    }

    /// <summary>The inode of a request; ESTALE for one that was forgotten.</summary>
    internal Errno Find(NodeId id, out Inode inode)
    {
        Inode? found = Filesystem.Inodes.Find(id);
        inode = found!;
        return found is null ? Errno.ESTALE : Errno.None;
    }

    /// <summary>The directory of a request and its lower descriptor, to look up and change names in.</summary>
    /// <returns>ESTALE; ENOTDIR; EPERM below a foreign entry; what reopening answers.</returns>
    internal Errno FindDirectory(NodeId id, out Inode directory, out LowerAddress address)
    {
        address = default;
        Errno error = Find(id, out directory);
        if (error != Errno.None)
        {
            return error;
        }

        return directory.IsForeign ? Errno.EPERM : Filesystem.Tree.OpenDirectory(directory, out address);
    }

    /// <summary>Where the lower file of an inode is: its open descriptor if there is one, else as the tree finds it.</summary>
    internal Errno Locate(Inode inode, out LowerAddress address) =>
        OpenFiles.TryLocate(inode, out address) ? Errno.None : Filesystem.Tree.Locate(inode, out address);

    /// <summary>Encodes the name of an entry of <paramref name="directory"/>.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="upper">As the kernel gave it.</param>
    /// <param name="buffer"><see cref="FirstName"/> or <see cref="SecondName"/>.</param>
    /// <param name="name">The lower name, in the buffer.</param>
    internal Errno Encode(Inode directory, ReadOnlySpan<byte> upper, byte[] buffer, out EntryName name)
    {
        bool inRoot = directory.Id == NodeId.Root;
        NameStatus status = Names.Encode(upper, inRoot, buffer, out int length);
        name = new EntryName(upper, buffer.AsSpan(0, length), status == NameStatus.Long);
        return NameErrno.From(status);
    }

    /// <summary>A buffer of at least <paramref name="size"/> bytes for a lower attribute value; grows and is kept.</summary>
    internal Span<byte> ValueBuffer(int size)
    {
        if (_value.Length < size)
        {
            _value = new byte[ExtendedAttributes.MaxLowerValueLength];
        }

        return _value.AsSpan(0, size);
    }
}

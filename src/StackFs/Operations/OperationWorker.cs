using System.Security.Cryptography;
using StackFs.Content;
using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
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

    private FormatCodecs? _codecs;
    private byte[] _value = Pinned(4096);

    /// <summary>Makes a worker of the calling thread.</summary>
    internal OperationWorker(Filesystem filesystem)
    {
        Filesystem = filesystem;
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
    internal INameCodec Names => Codecs.Names;

    /// <summary>Targets of symbolic links.</summary>
    internal ITargetCodec Targets => Codecs.Targets;

    /// <summary>Extended attributes.</summary>
    internal IAttributeCodec Attributes => Codecs.Attributes;

    /// <summary>Names and targets of eCryptfs entries beside native ones; null where the mount shows none.</summary>
    internal LegacyCodecs? Legacy => Codecs.Legacy;

    /// <summary>Whether the format's own names are stored as they are.</summary>
    internal bool HasPlainNames => Codecs.Names is PlainNames;

    /// <summary>Room for the lower name of an operation's first name.</summary>
    internal byte[] FirstName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for the lower name of an operation's second name.</summary>
    internal byte[] SecondName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for a name of a companion.</summary>
    internal byte[] CompanionName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for an eCryptfs name that is tried.</summary>
    internal byte[] LegacyName { get; } = Pinned(LowerNames.MaxLength + 1);

    /// <summary>Room for the lower name of an eCryptfs entry that has an operation's first name.</summary>
    internal byte[] FirstLegacyName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for the lower name of an eCryptfs entry that has an operation's second name.</summary>
    internal byte[] SecondLegacyName { get; } = new byte[LowerNames.MaxLength + 1];

    /// <summary>Room for an upper name decoded.</summary>
    internal byte[] UpperName { get; } = Pinned(LowerNames.MaxLength + 1);

    /// <summary>Room for a symlink target or a companion's content, as it is below.</summary>
    internal byte[] LowerText { get; } = Pinned(TextSize);

    /// <summary>Room for what a companion's present content is compared with.</summary>
    internal byte[] OtherText { get; } = Pinned(TextSize);

    // Made with the first request that needs them, and again after the key was away.
    private FormatCodecs Codecs => _codecs ??= Filesystem.Format.CreateCodecs();

    /// <inheritdoc/>
    public void Handle(in FuseRequest request, ref ReplyWriter reply)
    {
        KeyGate keys = Filesystem.Keys;
        if (!keys.Admits(in request))
        {
            reply.Fail(Errno.ENOKEY);
            return;
        }

        Dispatch.Handle(this, in request, ref reply);
        if (keys.State == KeyState.Leaving)
        {
            keys.Count(in request, failed: reply.Error != Errno.None);
        }
    }

    /// <summary>Wipes keys, names and plaintext that are this worker's.</summary>
    public void Clear()
    {
        _codecs?.Dispose();
        _codecs = null;
        Scratch.Clear();
        foreach (byte[] text in (ReadOnlySpan<byte[]>)[UpperName, LegacyName, LowerText, OtherText, _value])
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>Answers requests of this worker that were put off.</summary>
    internal LateReplies? LateReplies { get; private set; }

    /// <inheritdoc/>
    public void Attach(LateReplies replies) => LateReplies = replies;

    /// <inheritdoc/>
    public void Interrupt(ulong unique) => Filesystem.Locks.Interrupt(unique);

    /// <inheritdoc/>
    public void Dispose()
    {
        Filesystem.DirtyPages.RemoveWorker();
        Filesystem.NameChanges.RemoveWorker(NameChange);
        Clear();
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

    /// <summary>
    /// As <see cref="Locate"/>, for who is about to change the lower file's attributes: a descriptor of that file and no
    /// other, since its name may go over to another one at any moment.
    /// </summary>
    /// <returns>ESTALE when another file, or none, is where it was known to be; the kernel looks the path up again.</returns>
    internal Errno LocateToChange(Inode inode, out LowerAddress address)
    {
        for (int attempt = 0; ; attempt++)
        {
            Errno error = Locate(inode, out address);
            if (error != Errno.None || address.IsSelf)
            {
                return error;
            }

            using LowerAddress named = address;
            address = default;
            error = Libc.OpenBeneath(named.Directory, named.Name, OpenFlags.Path | OpenFlags.NoFollow, 0, out SafeFd? fd);
            if (error == Errno.None)
            {
                error = Libc.Statx(fd!, [], out StatxBuffer status);
                if (error == Errno.None && LowerId.Of(in status) == inode.Lower)
                {
                    address = LowerAddress.Owning(fd!);
                    return Errno.None;
                }

                fd!.Dispose();
            }

            if (error is not (Errno.None or Errno.ENOENT))
            {
                return error;
            }

            InodeTable.Distrust(inode, named.Name);
            if (attempt == 2)
            {
                return Errno.ESTALE;
            }
        }
    }

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
            CryptographicOperations.ZeroMemory(_value);
            _value = Pinned(ExtendedAttributes.MaxLowerValueLength);
        }

        return _value.AsSpan(0, size);
    }

    // Where the collector does not move it: a copy that it left behind could not be wiped.
    private static byte[] Pinned(int length) => GC.AllocateArray<byte>(length, pinned: true);
}

using System.Text;
using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Content.Ecryptfs;
using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Interop;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;
using StackFs.Lower;
using StackFs.Names;
using StackFs.Operations;

namespace StackFs.Mounting;

/// <summary>A volume being served: what the session asks, what <c>stackfs status</c> tells.</summary>
internal sealed class StackFsFilesystem : IFuseFilesystem, IDisposable
{
    private readonly Filesystem _filesystem;
    private readonly KeyWithdrawal _withdrawal;
    private readonly LowerClaim? _claim;

    private StackFsFilesystem(Filesystem filesystem, LowerClaim? claim, Action<string>? log)
    {
        _filesystem = filesystem;
        _claim = claim;
        _withdrawal = new KeyWithdrawal(filesystem, log);
    }

    /// <summary>Where the volume key is.</summary>
    public KeyState KeyState => _filesystem.Keys.State;

    /// <summary>Gives the volume key back and takes it up again; to be called once the session serves.</summary>
    public ILeaseHolder LeaseHolder => _withdrawal;

    /// <summary>Whether others may change the lower directory meanwhile.</summary>
    public bool IsShared => _filesystem.IsShared;

    /// <summary>Whether the kernel keeps dirty pages.</summary>
    public bool UsesWriteback => _filesystem.UsesWriteback;

    /// <summary>The format of the lower files.</summary>
    public FormatDescription Format => _filesystem.Format.Description;

    /// <summary>Figures of the mount by name, as they are now.</summary>
    public IEnumerable<(string Name, long Value)> Counters =>
    [
        ("inodes", _filesystem.Inodes.Count),
        ("open handles", _filesystem.Handles.Count),
        ("open directories", _filesystem.Descriptors.Count),
        ("writes without key", _filesystem.Keys.WrittenTooLate),
        .. _filesystem.Reports.Counters,
    ];

    /// <summary>
    /// Opens a volume's tree to serve it. To be done before mounting: the mount point may cover the lower directory.
    /// </summary>
    /// <param name="lower">Path of the lower directory.</param>
    /// <param name="volume">The volume, unlocked; stays the caller's, until after this object is disposed.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="log">Receives a line for each damage found, from any thread; may be null.</param>
    /// <param name="filesystem">To be disposed by the caller when the session is over.</param>
    /// <returns>
    /// ENOTDIR, ENOENT, EACCES for the lower directory; EBUSY when another mount writes to it; ENOKEY when the key is gone.
    /// </returns>
    public static Errno Open(
        string lower, Volume volume, MountOptions options, Action<string>? log, out StackFsFilesystem? filesystem) =>
        Open(lower, volume, null, options, log, out filesystem);

    /// <summary>Opens a volume's tree with eCryptfs files beside its own, as the options' <c>legacy=</c> says.</summary>
    /// <param name="lower">Path of the lower directory.</param>
    /// <param name="volume">The volume, unlocked; stays the caller's, until after this object is disposed.</param>
    /// <param name="legacy">Keys of the eCryptfs files, owned by the filesystem, also on failure; null shows none.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="log">Receives a line for each damage found, from any thread; may be null.</param>
    /// <param name="filesystem">To be disposed by the caller when the session is over.</param>
    /// <returns>As the form without them.</returns>
    public static Errno Open(
        string lower, Volume volume, EcryptfsVolume? legacy, MountOptions options, Action<string>? log, out StackFsFilesystem? filesystem)
    {
        filesystem = null;
        LowerFormat Make(bool isShared)
        {
            NativeLowerFormat native = new(
                new NativeVolume(volume.Lease, volume.Config.WrappedNameKey.AsSpan(), volume.Config.Slots),
                new OpenFileOptions { Strict = options.IsStrict, KeepTimesOnSeal = true, Shared = isShared },
                volume.Config.Settings.Names == NamesMode.Plain,
                volume.Config.Id.Signature);
            return legacy is null
                ? native
                : new LegacyLowerFormat(native, new EcryptfsLowerFormat(legacy), options.Legacy?.IsWritable != true);
        }

        Errno error = Open(lower, Make, options, log, out filesystem);
        if (error != Errno.None)
        {
            legacy?.Dispose();
            return error;
        }

        filesystem!._filesystem.Keys.Lease = volume.Lease as KeyringLease;
        if (filesystem._filesystem.Format.TryTakeKeys())
        {
            return Errno.None;
        }

        filesystem.Dispose();
        filesystem = null;
        return Errno.ENOKEY;
    }

    /// <summary>Opens a tree of eCryptfs files to serve it, as the other form does a volume's.</summary>
    /// <param name="lower">Path of the lower directory.</param>
    /// <param name="volume">Keys and choices of the mount; owned by the filesystem, also on failure.</param>
    /// <param name="options">What was asked for; read-only where the volume shows ciphertext.</param>
    /// <param name="log">Receives a line for each damage found, from any thread; may be null.</param>
    /// <param name="filesystem">To be disposed by the caller when the session is over.</param>
    /// <returns>ENOTDIR, ENOENT, EACCES for the lower directory; EBUSY when another mount writes to it.</returns>
    public static Errno Open(
        string lower, EcryptfsVolume volume, MountOptions options, Action<string>? log, out StackFsFilesystem? filesystem)
    {
        EcryptfsLowerFormat format = new(volume);
        Errno error = Open(lower, _ => format, options, log, out filesystem);
        if (error != Errno.None)
        {
            format.Dispose();
        }

        return error;
    }

    private static Errno Open(
        string lower,
        Func<bool, LowerFormat> makeFormat,
        MountOptions options,
        Action<string>? log,
        out StackFsFilesystem? filesystem)
    {
        filesystem = null;
        Errno error = Libc.OpenPath(
            Encoding.UTF8.GetBytes(lower), OpenFlags.Path | OpenFlags.Directory, out SafeFd? root);
        if (error != Errno.None)
        {
            return error;
        }

        StatfsBuffer space = default;
        error = Libc.Statx(root!, default, out StatxBuffer status);
        error = error == Errno.None ? Libc.StatFs(root!, out space) : error;
        if (error != Errno.None)
        {
            root!.Dispose();
            return error;
        }

        bool isShared = options.IsShared ?? FilesystemMagic.IsShared(space.Type);
        LowerClaim? claim = null;
        if (!options.IsReadOnly)
        {
            error = LowerClaim.Take(lower, isShared, out claim);
        }
        else if (!isShared)
        {
            isShared = LowerClaim.IsTaken(lower); // Somebody writes what this mount reads.
        }

        if (error != Errno.None)
        {
            root!.Dispose();
            return error;
        }

        filesystem = new StackFsFilesystem(
            Assemble(root!, in status, makeFormat(isShared), options, isShared, log), claim, log);
        return Errno.None;
    }

    /// <summary>
    /// Opens the lower file of an upper path, as <see cref="UpperPaths.Open"/>; safe while mounted, on any thread. ENOKEY
    /// when the key is gone.
    /// </summary>
    public Errno OpenLower(byte[] upperPath, out SafeFd? lower, out byte[] lowerPath)
    {
        SafeFd? found = null;
        byte[] path = [];
        Errno error = _withdrawal.WithKeys(() =>
        {
            using FormatCodecs codecs = _filesystem.Format.CreateCodecs();
            return UpperPaths.Open(_filesystem.Tree.Root, codecs.Names, codecs.Legacy?.Names, upperPath, out found, out path);
        });
        lower = found;
        lowerPath = path;
        return error;
    }

    /// <inheritdoc/>
    public FuseInitReply Negotiate(in KernelOffer offer)
    {
        // POSIX ACLs: the lower filesystem keeps them, the kernel enforces them. The umask is applied by the lower
        // filesystem too, where a default ACL overrides it. Writeback caching needs nobody else to write.
        InitFlags flags = FuseInitReply.Usual | InitFlags.PosixAcl | InitFlags.DontMask | InitFlags.HandleKillPrivV2;
        flags |= UsesWriteback ? InitFlags.WritebackCache : InitFlags.AutoInvalData;
        if (IsShared)
        {
            // Locks are for those on other machines to see. Files are read and written past the page cache; mmap(2) still
            // works, and sees what others write when it is made.
            flags |= InitFlags.PosixLocks | InitFlags.FlockLocks | InitFlags.DirectIoAllowMmap;
        }

        return new FuseInitReply { Flags = flags };
    }

    /// <inheritdoc/>
    public void Serving(FuseSession session)
    {
        _filesystem.DirtyPages.Notifier = session.Notifier;
        _withdrawal.Session = session;
    }

    /// <inheritdoc/>
    public IFuseWorker CreateWorker() => new OperationWorker(_filesystem);

    /// <inheritdoc/>
    public void Destroyed()
    {
        _withdrawal.End();
        using OperationWorker worker = new(_filesystem);
        foreach (Handle handle in _filesystem.Handles.Snapshot())
        {
            _ = _filesystem.Handles.Remove(handle.Number);
            if (handle is FileHandle file)
            {
                // The kernel went without releasing it; nobody is left to be told what sealing answers.
                _ = OpenFiles.Release(worker, file.Inode, file.Content);
            }
            else if (handle is DirectoryHandle directory)
            {
                directory.Dispose();
            }
        }

        _filesystem.Inodes.Clear();
    }

    /// <summary>Closes the lower directory and wipes the keys that names and content need.</summary>
    public void Dispose()
    {
        _filesystem.Locks.Dispose();
        _filesystem.Inodes.Clear();
        _filesystem.Descriptors.Dispose();
        _filesystem.Tree.Dispose();
        _filesystem.Format.Dispose();
        _claim?.Dispose();
    }

    private static Filesystem Assemble(
        SafeFd root,
        in StatxBuffer status,
        LowerFormat format,
        MountOptions options,
        bool isShared,
        Action<string>? log)
    {
        // Where the limit cannot be read, the smallest share is kept to.
        _ = Libc.RaiseOpenFilesLimit(out long limit);
        DescriptorCache descriptors = new(DescriptorCache.CapacityFor(limit));
        LowerTree tree = new(root, descriptors);
        InodeTable inodes = new(LowerId.Of(in status), status.Mode, descriptors);
        tree.Attach(inodes.Root);
        return new Filesystem
        {
            Options = options,
            Inodes = inodes,
            Tree = tree,
            Descriptors = descriptors,
            Format = format,
            Reports = new FilesystemReports(log),
            IsShared = isShared,
            Lifetimes = isShared ? CacheLifetimes.Shared : CacheLifetimes.Exclusive,
        };
    }
}

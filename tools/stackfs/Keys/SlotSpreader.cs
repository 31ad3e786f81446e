using System.Text;
using StackFs.Cli.Inspection;
using StackFs.Cli.Output;
using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Keys;

/// <summary>
/// Writes a volume's slots into the headers of its files (FORMAT.md 2.1), so that each opens alone with every key that
/// opens the volume. One aligned page a file under the header's lock: a kill leaves each file with the old slots or the new
/// ones, and the next run goes on. Times stay as they are; mounts may be using the files.
/// </summary>
internal sealed class SlotSpreader(Volume volume)
{
    private readonly NativeVolume _volume = new(volume.Lease, volume.Config.WrappedNameKey.AsSpan(), volume.Config.Slots);
    private readonly byte[] _page = new byte[NativeFormat.HeaderSize];

    /// <summary>Files whose header was written.</summary>
    public int Changed { get; private set; }

    /// <summary>Files that had these slots.</summary>
    public int Same { get; private set; }

    /// <summary>What could not be done, one line each; what is no file of this volume is left alone and not told.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Goes through a lower directory and those below it, without following links, and waits for the disk.</summary>
    public void Run(string lower)
    {
        Walk(lower);
        Errno errno = Libc.OpenPath(Encoding.UTF8.GetBytes(lower), OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? root);
        using (root)
        {
            errno = errno == Errno.None ? Libc.SyncFilesystem(root!) : errno;
        }

        if (errno != Errno.None)
        {
            Failures.Add($"{lower}: {ErrnoText.Of(errno)}");
        }
    }

    private void Walk(string directory)
    {
        try
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
            {
                if (entry.LinkTarget is not null || IsConfiguration(entry.Name))
                {
                    continue;
                }

                if (entry is DirectoryInfo)
                {
                    Walk(entry.FullName);
                }
                else
                {
                    Write(entry.FullName);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Failures.Add($"{directory}: {error.Message}");
        }
    }

    private static bool IsConfiguration(string name) =>
        name == VolumeConfig.FileName || name.StartsWith(VolumeConfig.TemporaryPrefix, StringComparison.Ordinal);

    private void Write(string path)
    {
        Errno errno = Libc.OpenPath(
            Encoding.UTF8.GetBytes(path), OpenFlags.ReadWrite | OpenFlags.NonBlocking | OpenFlags.NoFollow, out SafeFd? fd);
        if (errno == Errno.None)
        {
            errno = Libc.Statx(fd!, [], out StatxBuffer status);
            using DescriptorFile file = new(fd!);
            if (errno == Errno.None && (status.Mode & ModeBits.TypeMask) != ModeBits.Regular)
            {
                return;
            }

            errno = errno == Errno.None ? Write(file, path) : errno;
        }

        if (errno != Errno.None)
        {
            Failures.Add($"{path}: {ErrnoText.Of(errno)}");
        }
    }

    private Errno Write(DescriptorFile file, string path)
    {
        Errno errno = file.LockHeader(forWriting: true);
        bool isLocked = errno == Errno.None;
        try
        {
            errno = file.Read(0, _page, out int count);
            if (errno != Errno.None)
            {
                return errno;
            }

            HeaderStatus status = _volume.Open(_page.AsSpan(0, count), out _, out FileKeys? keys);
            using (keys)
            {
                if (keys is null)
                {
                    bool foreign = status is HeaderStatus.NotStackFs or HeaderStatus.OtherVolume or HeaderStatus.Empty;
                    if (!foreign)
                    {
                        Failures.Add($"{path}: {HeaderErrors.Explain(status)}");
                    }

                    return Errno.None;
                }

                if (!_volume.SetSlots(_page, keys))
                {
                    Same++;
                    return Errno.None;
                }
            }

            errno = WriteKeepingTimes(file);
            Changed += errno == Errno.None ? 1 : 0;
            return errno;
        }
        finally
        {
            if (isLocked)
            {
                file.UnlockHeader();
            }
        }
    }

    private Errno WriteKeepingTimes(DescriptorFile file)
    {
        Errno errno = Libc.Statx(file.Descriptor, [], out StatxBuffer before);
        int count = 0;
        errno = errno == Errno.None ? file.Write(0, _page, out count) : errno;
        errno = errno == Errno.None && count < _page.Length ? Errno.EIO : errno;
        if (errno == Errno.None)
        {
            // Only the owner may set times; for anybody else the change shows, as any write of theirs would.
            _ = Libc.ChangeTimes(
                file.Descriptor,
                [],
                new Timespec(before.AccessTime.Seconds, before.AccessTime.Nanoseconds),
                new Timespec(before.ModifyTime.Seconds, before.ModifyTime.Nanoseconds));
        }

        return errno;
    }
}

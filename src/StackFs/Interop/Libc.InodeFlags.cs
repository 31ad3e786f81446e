using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>Inode flags, as lsattr(1) and chattr(1) show and set them: ioctl_iflags(2). Retried on EINTR.</content>
internal static unsafe partial class Libc
{
    /// <summary>Reads or sets the flags of a file.</summary>
    /// <param name="fd">The file, opened for reading.</param>
    /// <param name="command">One of <see cref="InodeFlagCommands"/>.</param>
    /// <param name="data">As long as <see cref="InodeFlagCommands.SizeOf"/> says; written by the commands that read.</param>
    /// <returns>EPERM without the capability for a flag; EOPNOTSUPP or ENOTTY where the filesystem has none.</returns>
    internal static Errno InodeFlags(SafeFd fd, uint command, Span<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(data.Length, InodeFlagCommands.SizeOf(command));
        int result;
        fixed (byte* pointer = data)
        {
            do
            {
                result = ioctl_pointer(fd, command, pointer);
            }
            while (Interrupted(result));
        }

        return Result(result);
    }
}

/// <summary>Commands of ioctl_iflags(2) and of its longer form (linux/fs.h).</summary>
internal static class InodeFlagCommands
{
    /// <summary>FS_IOC_GETFLAGS: declared for a long, it moves an int.</summary>
    internal const uint Get = 0x80086601;

    /// <summary>FS_IOC_SETFLAGS: declared for a long, it moves an int.</summary>
    internal const uint Set = 0x40086602;

    /// <summary>FS_IOC_FSGETXATTR: struct fsxattr. The kernel asks for it before it sets flags of either form.</summary>
    internal const uint GetExtended = 0x801c581f;

    /// <summary>FS_IOC_FSSETXATTR: struct fsxattr.</summary>
    internal const uint SetExtended = 0x401c5820;

    /// <summary>The longest data of any of them.</summary>
    internal const int LongestData = 28;

    /// <summary>Bytes that a command moves; 0 for one that is not of these.</summary>
    internal static int SizeOf(uint command) => command switch
    {
        Get or Set => sizeof(int),
        GetExtended or SetExtended => LongestData,
        _ => 0,
    };

    /// <summary>True for the commands that set.</summary>
    internal static bool Sets(uint command) => command is Set or SetExtended;
}

using System.Globalization;
using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// The kernel's settings for a mount's pages: <c>/sys/class/bdi</c>, <c>Documentation/ABI/testing/sysfs-class-bdi</c>.
/// </summary>
internal static class BackingDevice
{
    /// <summary>Sets how far the kernel reads ahead; INIT alone cannot pass 128 KiB.</summary>
    /// <param name="connection">The mount's <see cref="FuseMount.Connection"/>.</param>
    /// <param name="bytes">A multiple of 1 KiB.</param>
    /// <returns>EACCES for plain users, ENOENT where sysfs is not mounted.</returns>
    public static Errno SetReadahead(uint connection, int bytes)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/sys/class/bdi/0:{connection}/read_ahead_kb");
        Errno error = Libc.OpenPath(Encoding.ASCII.GetBytes(path), OpenFlags.WriteOnly, out SafeFd? setting);
        using (setting)
        {
            return error == Errno.None
                ? Libc.WriteOnce(setting!, Encoding.ASCII.GetBytes((bytes >> 10).ToString(CultureInfo.InvariantCulture)))
                : error;
        }
    }
}

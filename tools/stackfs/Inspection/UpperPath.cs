using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;
using StackFs.Names;

namespace StackFs.Cli.Inspection;

/// <summary>Finds the lower file behind an upper path of a volume, without going through the mount.</summary>
internal static class UpperPath
{
    /// <summary>Opens the lower file for reading.</summary>
    /// <param name="volume">The volume, unlocked.</param>
    /// <param name="lowerRoot">Its lower directory.</param>
    /// <param name="upper">Relative to the mount point; empty for that itself.</param>
    /// <param name="lower">The lower path, relative to the lower directory.</param>
    /// <param name="file">The lower file.</param>
    /// <returns>ENOENT; ENAMETOOLONG; ELOOP for a symbolic link; ENOKEY when the key is gone; errors of openat2(2).</returns>
    public static Errno Open(Volume volume, SafeFd lowerRoot, string upper, out string lower, out SafeFd? file)
    {
        lower = string.Empty;
        file = null;
        if (!volume.Config.TryOpenNameKey(volume.Lease, out SecretBuffer? nameKey))
        {
            return Errno.ENOKEY;
        }

        StringBuilder path = new();
        using (nameKey)
        using (SecretBuffer sivKey = NameCipher.DeriveKey(nameKey))
        using (NameCipher cipher = new(sivKey))
        using (INameCodec names = volume.Config.Settings.Names == NamesMode.Plain ? new PlainNames() : new EncryptedNames(cipher))
        {
            Span<byte> name = stackalloc byte[LowerNames.MaxLength];
            foreach (string component in upper.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                bool inRoot = path.Length == 0;
                NameStatus status = names.Encode(Encoding.UTF8.GetBytes(component), inRoot, name, out int length);
                if (status is not (NameStatus.Ok or NameStatus.Long))
                {
                    return status == NameStatus.TooLong ? Errno.ENAMETOOLONG : Errno.ENOENT;
                }

                path.Append(inRoot ? string.Empty : "/").Append(Encoding.UTF8.GetString(name[..length]));
            }
        }

        lower = path.ToString();
        byte[] bytes = Encoding.UTF8.GetBytes(lower.Length == 0 ? "." : lower);
        return Libc.OpenBeneath(lowerRoot, bytes, OpenFlags.ReadOnly | OpenFlags.NonBlocking, 0, out file);
    }
}

using System.Text;
using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Checking;

/// <summary>Writes what can be read of a damaged file to another directory, decrypted; what cannot is a hole there.</summary>
internal sealed class Salvage(CheckContext context, ContentScratch scratch)
{
    /// <summary>Saves one file; what goes wrong is a finding.</summary>
    /// <param name="lower">The damaged file, open for reading; stays the caller's.</param>
    /// <param name="directory">Where to: an existing directory.</param>
    /// <param name="path">The upper path, under which it is saved, flat.</param>
    /// <param name="lowerPath">The lower path, for people.</param>
    internal void Save(SafeFd lower, string directory, string path, string lowerPath)
    {
        string flat = path.Replace('/', '_');
        Errno error = Write(lower, directory, flat[Math.Max(0, flat.Length - 200)..]);
        if (error != Errno.None)
        {
            context.Found(new CheckFinding(CheckKind.Unreadable, path, lowerPath, $"not salvaged: {error}", false));
        }
    }

    private Errno Write(SafeFd lower, string directory, string name)
    {
        // The engine of a mount, so that a salvaged file is what a mount would show.
        Errno error = Libc.Reopen(lower, OpenFlags.ReadOnly, out SafeFd? own);
        if (error != Errno.None)
        {
            return error;
        }

        error = NativeFile.Open(
            new DescriptorFile(own!), context.Volume, new OpenFileOptions(), ContentReports.None, name, scratch, out OpenFile? file);
        if (error != Errno.None)
        {
            return error;
        }

        using (file)
        {
            error = Libc.OpenPath(
                Encoding.UTF8.GetBytes(directory), OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? into);
            using (into)
            {
                return error == Errno.None ? Write(file!, into!, name) : error;
            }
        }
    }

    private Errno Write(OpenFile file, SafeFd into, string name)
    {
        const uint ownerOnly = 0x180; // 0600: what was encrypted is not, here.
        Errno error = Libc.OpenBeneath(
            into, Encoding.UTF8.GetBytes(name), OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.WriteOnly, ownerOnly, out SafeFd? fd);
        if (error != Errno.None)
        {
            return error;
        }

        using (fd)
        {
            byte[] bytes = new byte[ExtentLayout.ExtentSize];
            error = Libc.Truncate(fd!, file.Size);
            for (long offset = 0; error == Errno.None && offset < file.Size; offset += bytes.Length)
            {
                if (file.Read(offset, bytes, scratch, out int count) == Errno.None)
                {
                    error = Libc.PWriteFully(fd!, bytes.AsSpan(0, count), offset, out _);
                }
            }

            return error == Errno.None ? Libc.Sync(fd!, dataOnly: false) : error;
        }
    }
}

using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Checking;

/// <summary>
/// Keeps what a repair replaces, in a directory of its own: the file's path below with a number before it, so that none
/// covers another. Safe on any thread.
/// </summary>
/// <param name="directory">An existing directory.</param>
internal sealed class RepairCopies(string directory)
{
    private int _count;

    /// <summary>The directory.</summary>
    internal string Directory => directory;

    /// <summary>Copies made.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Keeps some bytes, durably; a repair that cannot keep them is not to be made.</summary>
    /// <param name="lowerPath">Where they stand, from the lower root.</param>
    /// <param name="what">What they are: a word for the copy's name.</param>
    /// <param name="bytes">They.</param>
    internal Errno Keep(string lowerPath, string what, ReadOnlySpan<byte> bytes)
    {
        int number = Interlocked.Increment(ref _count);
        string flat = lowerPath.Replace('/', '_');
        string name = $"{number:000000}-{what}-{flat[Math.Max(0, flat.Length - 180)..]}";
        Errno error = Libc.OpenPath(
            Encoding.UTF8.GetBytes(directory), OpenFlags.ReadOnly | OpenFlags.Directory, out SafeFd? into);
        if (error != Errno.None)
        {
            return error;
        }

        using (into)
        {
            error = Libc.OpenBeneath(
                into!, Encoding.UTF8.GetBytes(name), OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.WriteOnly, 0x180, out SafeFd? copy);
            using (copy)
            {
                error = error == Errno.None ? Libc.PWriteFully(copy!, bytes, 0, out _) : error;
                return error == Errno.None ? Libc.Sync(copy!, dataOnly: false) : error;
            }
        }
    }
}

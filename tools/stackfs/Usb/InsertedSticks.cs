using StackFs.Cli.Keys;
using StackFs.Cli.Serving;

namespace StackFs.Cli.Usb;

/// <summary>
/// Which sticks are in, and what was open to them: a copy of each automount file in <c>usb</c> beside the keyring's socket, in a
/// directory by the kernel's name of the device. The copy says what to do on removal, when the device cannot be asked
/// any more and the file may have been changed.
/// </summary>
internal static class InsertedSticks
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(50);

    private static string Root => Path.Combine(KeyringService.Directory, "usb");

    /// <summary>Lets one insertion or removal work at a time, so that two sticks do not mount one volume twice.</summary>
    /// <returns>The lock, which the caller disposes.</returns>
    /// <exception cref="CommandException">Another has had it for a minute.</exception>
    public static IDisposable Lock()
    {
        RuntimeDirectory.Create(KeyringService.Directory);
        string path = Path.Combine(KeyringService.Directory, "usb.lock");
        long deadline = Environment.TickCount64 + (long)LockPatience.TotalMilliseconds;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Environment.TickCount64 < deadline)
            {
                Thread.Sleep(LockPause);
            }
            catch (IOException error)
            {
                throw new CommandException(ExitCode.Busy, $"another stick is being worked on for too long: {error.Message}");
            }
        }
    }

    /// <summary>Notes that a stick is in.</summary>
    public static void Add(string kernelName, AutomountFile file)
    {
        string directory = Path.Combine(Root, kernelName);
        RuntimeDirectory.Create(Root);
        RuntimeDirectory.Create(directory);
        File.WriteAllText(Path.Combine(directory, file.Name + ".conf"), file.Format());
    }

    /// <summary>What was noted of one device.</summary>
    public static IReadOnlyList<AutomountFile> Of(string kernelName) => Files(Path.Combine(Root, kernelName));

    /// <summary>What was noted of all others.</summary>
    public static IReadOnlyList<AutomountFile> OfOthers(string kernelName) =>
        [.. All().Where(s => s.KernelName != kernelName).SelectMany(s => s.Files)];

    /// <summary>All sticks that are in.</summary>
    public static IReadOnlyList<(string KernelName, IReadOnlyList<AutomountFile> Files)> All() => Directory.Exists(Root)
        ? [.. Directory.EnumerateDirectories(Root).Select(d => (Path.GetFileName(d), Files(d)))]
        : [];

    /// <summary>Forgets a device.</summary>
    public static void Remove(string kernelName)
    {
        string directory = Path.Combine(Root, kernelName);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static IReadOnlyList<AutomountFile> Files(string directory) => Directory.Exists(directory)
        ? [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).Select(AutomountDirectory.ReadFile)]
        : [];
}

using StackFs.Cli.Keys;
using StackFs.Cli.Output;

namespace StackFs.Cli.Usb;

/// <summary>The files that say which stick opens what: <c>/etc/stackfs/automount.d</c>, root's alone to write.</summary>
internal static class AutomountDirectory
{
    private const string Suffix = ".conf";
    private const int LongestName = 64;
    private const long LongestFile = 64 * 1024;
    private const UnixFileMode OthersMayWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private static string Root => Path.Combine(Pinning.ConfigDirectory, "automount.d");

    /// <summary>The file of that name.</summary>
    public static string PathOf(string name) => Path.Combine(Root, name + Suffix);

    /// <summary>A name becomes a file's: letters, digits, dot, dash and underscore.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <summary>All files that can be understood, by name; one that cannot is told as a warning.</summary>
    public static IReadOnlyList<AutomountFile> Read()
    {
        List<AutomountFile> files = [];
        string[] paths = Directory.Exists(Root) ? Directory.GetFiles(Root, "*" + Suffix) : [];
        foreach (string path in paths.Order(StringComparer.Ordinal))
        {
            try
            {
                files.Add(ReadFile(path));
            }
            catch (CommandException error)
            {
                Messages.Warning(error.Message);
            }
        }

        return files;
    }

    /// <summary>Writes a file anew, or in place of an older one of its name: whole or not at all.</summary>
    public static void Write(AutomountFile file)
    {
        Directory.CreateDirectory(Root);
        string path = PathOf(file.Name);
        string temporary = path + ".new";
        FileStreamOptions options = new()
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (FileStream stream = new(temporary, options))
        using (StreamWriter writer = new(stream))
        {
            writer.Write(file.Format());
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads one file by its path, wherever it lies.</summary>
    public static AutomountFile ReadFile(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        try
        {
            FileInfo file = new(path);
            return (file.UnixFileMode & OthersMayWrite) != 0
                ? throw new CommandException(ExitCode.NotPermitted, $"{path}: others may write it; it is ignored until they may not: chmod 600")
                : file.Length > LongestFile
                ? throw new CommandException(ExitCode.Usage, $"{path}: longer than any file of its kind")
                : AutomountFile.Parse(name, File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failure, $"{path}: {error.Message}");
        }
    }
}

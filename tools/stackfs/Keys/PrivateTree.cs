using StackFs.Keyring.Ecryptfs;

namespace StackFs.Cli.Keys;

/// <summary>An encrypted private directory as Ubuntu makes it: <c>.Private</c> beside <c>.ecryptfs</c> with its files.</summary>
/// <param name="Lower">The lower directory.</param>
/// <param name="WrappedFile">Its wrapped passphrase.</param>
/// <param name="MountPoint">Where its owner has it mounted.</param>
/// <param name="Content">The key of contents, from Private.sig.</param>
/// <param name="Names">The key of names, or null where names are plain.</param>
internal sealed record PrivateTree(
    string Lower, string WrappedFile, string MountPoint, EcryptfsSignature Content, EcryptfsSignature? Names)
{
    /// <summary>Finds the private directory of a home.</summary>
    /// <param name="directory">A home; its .Private; the directory that holds both; null for the caller's home.</param>
    /// <exception cref="CommandException">There is none, or its files are damaged.</exception>
    public static PrivateTree Find(string? directory)
    {
        string home = Path.GetFullPath(directory
            ?? Environment.GetEnvironmentVariable("HOME")
            ?? throw new CommandException(ExitCode.Usage, "HOME is not set; name the directory"));
        if (Path.GetFileName(home.TrimEnd('/')) == ".Private")
        {
            home = Path.GetDirectoryName(home.TrimEnd('/'))!;
        }

        string config = Path.Combine(home, ".ecryptfs");
        string lower = Path.Combine(home, ".Private");
        string wrapped = Path.Combine(config, "wrapped-passphrase");
        if (!File.Exists(wrapped) || !Directory.Exists(lower))
        {
            throw new CommandException(
                ExitCode.NotFound,
                $"{home}: no encrypted private directory here (.ecryptfs/wrapped-passphrase and .Private)",
                "an encrypted home is in /home/.ecryptfs/USER",
                "to look for eCryptfs trees: stackfs ecryptfs recover DIR");
        }

        byte[] signatures = ReadSmall(Path.Combine(config, "Private.sig"))
            ?? throw new CommandException(ExitCode.NotFound, $"{config}/Private.sig: no such file; it names the keys");
        if (!PrivateDirectory.TryParseSignatures(signatures, out EcryptfsSignature content, out EcryptfsSignature? names))
        {
            throw new CommandException(ExitCode.Damaged, $"{config}/Private.sig: one or two signatures of 16 hexadecimal digits are needed");
        }

        byte[]? mountPoint = ReadSmall(Path.Combine(config, "Private.mnt"));
        string where = mountPoint is not null && PrivateDirectory.TryParseMountPoint(mountPoint, out string? path)
            ? path!
            : Path.Combine(home, "Private");
        return new PrivateTree(lower, wrapped, where, content, names);
    }

    /// <summary>The options that mount it as its owner's login does.</summary>
    /// <param name="passFile">File with the login passphrase, or null to ask.</param>
    public string Options(string? passFile)
    {
        string key = $"wrapped:file={Escape(WrappedFile)}" + (passFile is null ? "" : $":passfile={Escape(Path.GetFullPath(passFile))}");
        string names = Names is EcryptfsSignature signature ? $",ecryptfs_fnek_sig={signature}" : "";
        return $"format=ecryptfs,key={key},ecryptfs_cipher=aes,ecryptfs_key_bytes=16,ecryptfs_sig={Content}{names}";
    }

    /// <summary>A value as it stands in a key specification within <c>-o</c>.</summary>
    internal static string Escape(string value) => value
        .Replace(":", "\\:", StringComparison.Ordinal)
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace(",", "\\,", StringComparison.Ordinal);

    private static byte[]? ReadSmall(string path)
    {
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length <= 8192 ? File.ReadAllBytes(path) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.NotPermitted, $"{path}: {error.Message}");
        }
    }
}

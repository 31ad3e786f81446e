using StackFs.Cli.Output;
using StackFs.Content.Ecryptfs;
using StackFs.Keyring.Ecryptfs;

namespace StackFs.Cli.Keys;

/// <summary>
/// eCryptfs's own list of keys that a user has mounted with, <c>~/.ecryptfs/sig-cache.txt</c>: 16 hexadecimal digits and a
/// line end each. With a passphrase alone nothing else tells a mistyped one before files are written under it.
/// </summary>
internal static class SignatureCache
{
    private const int LongestFile = 1 << 20;

    /// <summary>Warns and asks where a key was never used before.</summary>
    /// <param name="volume">The keys of the mount.</param>
    /// <param name="isSettled">The options name the key, or say that nobody is to be asked.</param>
    /// <exception cref="CommandException">The user says no.</exception>
    public static void Confirm(EcryptfsVolume volume, bool isSettled)
    {
        if (isSettled || FileName() is not string file)
        {
            return;
        }

        EcryptfsSignature[] unknown = [.. volume.ContentSignatures.Where(signature => !Read(file).Contains(signature))];
        if (unknown.Length == 0)
        {
            return;
        }

        string named = string.Join(", ", unknown);
        string? answer = Terminal.Ask(
            $"You have never mounted with this key before ({named} is not in {file}).\n"
            + "The passphrase may be mistyped. Would you like to proceed with the mount (yes/no)? ");
        if (answer is null)
        {
            // eCryptfs fails here; a mount from a script or at boot has to go on.
            Messages.Warning($"never mounted with this key before: {named}; the option ecryptfs_sig= checks it, no_sig_cache silences this");
            return;
        }

        if (answer != "yes")
        {
            throw new CommandException(ExitCode.VolumeNotTrusted, "not mounted, as you said");
        }

        if (Terminal.Ask($"Would you like to append {named} to {file}, to avoid this warning in the future (yes/no)? ") == "yes")
        {
            Append(file, unknown);
        }
    }

    private static string? FileName() =>
        Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home
            ? Path.Combine(home, ".ecryptfs", "sig-cache.txt")
            : null;

    private static HashSet<EcryptfsSignature> Read(string file)
    {
        HashSet<EcryptfsSignature> known = [];
        try
        {
            FileInfo info = new(file);
            foreach (string line in info.Exists && info.Length <= LongestFile ? File.ReadLines(file) : [])
            {
                if (EcryptfsSignature.TryParse(line.AsSpan(), out EcryptfsSignature signature))
                {
                    _ = known.Add(signature);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Messages.Warning($"{file}: {error.Message}");
        }

        return known;
    }

    private static void Append(string file, EcryptfsSignature[] signatures)
    {
        try
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(file)!, (UnixFileMode)0x1C0); // 0700
            File.AppendAllText(file, string.Concat(signatures.Select(static signature => signature + "\n")));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Messages.Warning($"{file}: {error.Message}; the next mount will ask again");
        }
    }
}

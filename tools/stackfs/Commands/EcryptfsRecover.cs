using System.CommandLine;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Codecs.Ecryptfs;
using StackFs.Interop;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Interop;
using StackFs.Mounting.Ecryptfs;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs ecryptfs recover DIR</c>: finds eCryptfs trees and mounts them read-only.</summary>
internal static class EcryptfsRecover
{
    private const int MaxDepth = 12;
    private const int MaxDirectories = 200_000;

    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> directory = new("DIR") { Description = "where to look, with all below it" };
        Option<string?> passFile = EcryptfsCommand.PassFileOption(
            "--passfile", "file with the login passphrase, where a wrapped-passphrase lies beside the tree, else the mount passphrase (default: asks)");
        Option<string?> at = new("--at") { Description = "an empty directory to mount below (default: a new temporary one)", HelpName = "DIR" };
        Option<bool> list = new("--list") { Description = "say what is found, mount nothing" };
        Command command = new("recover", "find eCryptfs trees and mount them read-only") { directory, passFile, at, list };
        command.SetAction(result => (int)Run(
            result.GetRequiredValue(directory), result.GetValue(passFile), result.GetValue(at), result.GetValue(list)));
        return command;
    }

    private static ExitCode Run(string directory, string? passFile, string? at, bool onlyList)
    {
        using SafeFd start = VolumeOpener.OpenLowerRoot(directory);
        List<(string Path, EcryptfsTraces Traces)> found = [];
        int left = MaxDirectories;
        Look(Path.GetFullPath(directory), 0, ref left, found);
        if (found.Count == 0)
        {
            throw new CommandException(ExitCode.NotFound, $"{directory}: no eCryptfs files below it");
        }

        string? below = at;
        ExitCode worst = ExitCode.Success;
        foreach ((string path, EcryptfsTraces traces) in found)
        {
            Messages.Note($"{path}: contents {Name(traces.Contents.Keys)}, names {Name(traces.NameSignatures)}");
            if (onlyList)
            {
                Console.Out.WriteLine(path);
                continue;
            }

            below ??= Directory.CreateTempSubdirectory("stackfs-recover-").FullName;
            string mountpoint = Path.Combine(below, Label(path, directory));
            _ = Directory.CreateDirectory(mountpoint);
            ExitCode code = Program.Guard(() => MountCommand.Run(
                path, mountpoint, Options(path, traces, passFile), foreground: false, sloppy: false, verbose: false, fake: false));
            if (code == ExitCode.Success)
            {
                Console.Out.WriteLine(mountpoint);
            }
            else
            {
                worst = code;
            }
        }

        return worst;
    }

    // A tree begins at the topmost directory that holds something of eCryptfs's by itself.
    private static void Look(string path, int depth, ref int left, List<(string Path, EcryptfsTraces Traces)> found)
    {
        if (depth > MaxDepth || --left < 0)
        {
            return;
        }

        if (Libc.OpenPath(
            System.Text.Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, out SafeFd? fd)
            != Errno.None)
        {
            return;
        }

        EcryptfsTraces own;
        using (fd)
        {
            own = EcryptfsTraces.FindHere(fd!);
            if (!own.IsEmpty)
            {
                found.Add((path, EcryptfsTraces.Find(fd!)));
                return;
            }
        }

        try
        {
            foreach (string child in Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal))
            {
                if (new DirectoryInfo(child).LinkTarget is null)
                {
                    Look(child, depth + 1, ref left, found);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Messages.Warning($"{path}: {error.Message}");
        }
    }

    private static string Options(string path, EcryptfsTraces traces, string? passFile)
    {
        string wrapped = Path.Combine(Path.GetDirectoryName(path)!, ".ecryptfs", "wrapped-passphrase");
        string source = passFile is null ? string.Empty : $":passfile={PrivateTree.Escape(Path.GetFullPath(passFile))}";
        string key = File.Exists(wrapped) ? $"wrapped:file={PrivateTree.Escape(wrapped)}{source}" : $"passphrase{source}";
        List<string> options = ["format=ecryptfs", "ro", $"key={key}", "no_sig_cache", "ecryptfs_passthrough"];
        foreach ((EcryptfsSignature signature, KeyPacket packet) in traces.Contents)
        {
            if (packet.Kind == KeyPacketKind.Passphrase)
            {
                options.Add($"ecryptfs_sig={signature}");
                options.Add($"ecryptfs_cipher={packet.Cipher.Name}");
                options.Add($"ecryptfs_key_bytes={packet.Cipher.KeyBytes}");
                break; // One key of several is enough to read; another tree's would be refused.
            }
        }

        if (traces.NameSignatures.Count > 0)
        {
            options.Add($"ecryptfs_fnek_sig={traces.NameSignatures.First()}");
        }

        if (traces.HasAttributeMetadata)
        {
            options.Add("ecryptfs_xattr");
        }

        return string.Join(',', options);
    }

    private static string Name(IReadOnlyCollection<EcryptfsSignature> signatures) =>
        signatures.Count == 0 ? "plain" : string.Join(", ", signatures.Take(3));

    private static string Name(IEnumerable<EcryptfsSignature> signatures) => Name([.. signatures]);

    private static string Label(string path, string directory)
    {
        string relative = Path.GetRelativePath(Path.GetFullPath(directory), path);
        return relative == "." ? Path.GetFileName(path) : relative.Replace('/', '_');
    }
}

using System.CommandLine;
using StackFs.Cli.Inspection;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Commands;

/// <summary>
/// <c>stackfs cat LOWERFILE [--key KEYSPEC]</c>. The file alone suffices: its header carries its volume's slots. It need
/// not be of a known volume, since it is named by hand.
/// </summary>
internal static class CatCommand
{
    private const int ChunkLength = 1 << 20;

    /// <summary>The command's shape.</summary>
    public static Command Create()
    {
        Argument<string> path = new("LOWERFILE") { Description = "an encrypted file, wherever it was copied to" };
        Option<string[]> keys = new("--key", "-k")
        {
            Description = "the key; several are tried in order (default: what the keyring holds, else asks)",
            HelpName = "KEYSPEC",
        };
        Command command = new("cat", "decrypt one file to standard output, without a mount") { path, keys };
        command.SetAction(result => (int)Run(result.GetRequiredValue(path), result.GetValue(keys) ?? []));
        return command;
    }

    private static ExitCode Run(string path, string[] keys)
    {
        IReadOnlyList<KeySpec> specs = keys.Length == 0 ? [] : KeyReader.Parse(keys);
        Errno errno = LowerFileReport.Open(path, out SafeFd? fd);
        if (errno != Errno.None)
        {
            throw Error(path, errno);
        }

        _ = ProcessHardening.Apply(); // A one-time command: what a mount refuses is tolerable for the second it runs.
        DescriptorFile lower = new(fd!);
        byte[] page = new byte[NativeFormat.HeaderSize];
        errno = lower.Read(0, page, out int count);
        if (errno != Errno.None)
        {
            lower.Dispose();
            throw Error(path, errno);
        }

        HeaderStatus status = NativeHeader.TryParse(page.AsSpan(0, count), out NativeHeader header);
        if (status == HeaderStatus.Empty && lower.GetLength(out long length) == Errno.None && length <= NativeFormat.HeaderSize)
        {
            lower.Dispose();
            return ExitCode.Success; // Never written: an empty file, which has no header and needs no key.
        }

        if (status != HeaderStatus.Ok)
        {
            lower.Dispose();
            throw HeaderErrors.Of(status, path);
        }

        _ = KeySlotSet.TryParse(header.SlotArea, out KeySlotSet? slots); // The header's parser has accepted it.
        using LocalVolumeKeyLease lease = Unlock(slots!, new VolumeKeyId(header.VolumeKeyId), specs, path);
        NativeVolume volume = new(lease, header.WrappedNamesKey, slots!);
        using ContentScratch scratch = new();
        errno = NativeFile.Open(lower, volume, new OpenFileOptions(), new Warnings(), path, scratch, out OpenFile? file);
        using (file)
        {
            return errno == Errno.None ? Copy(file!, scratch, path) : throw Error(path, errno);
        }
    }

    private static LocalVolumeKeyLease Unlock(KeySlotSet slots, VolumeKeyId id, IReadOnlyList<KeySpec> specs, string path)
    {
        if (specs.Count == 0)
        {
            if (KeyringService.Borrow(id) is { } held)
            {
                return held;
            }

            specs = KeyReader.Parse([]);
        }

        UnlockStatus last = UnlockStatus.NoSuchSlot;
        foreach (KeySpec spec in specs)
        {
            if (spec is KeySpec.Keyring keyring)
            {
                bool isMeant = keyring.Signature is null || keyring.Signature == id.Signature;
                return (isMeant ? KeyringService.Borrow(id) : null) ?? throw KeyringService.NotHeld(path);
            }

            using IKeySource key = KeyReader.ForOpening(spec, path);
            UnlockStatus status = slots.TryOpen(key, id, out Keyring.Secrets.SecretBuffer? volumeKey);
            if (volumeKey is not null)
            {
                return new LocalVolumeKeyLease(volumeKey);
            }

            last = status == UnlockStatus.WrongKey ? status : last;
        }

        throw VolumeErrors.Of(last, path);
    }

    private static ExitCode Copy(OpenFile file, ContentScratch scratch, string path)
    {
        using Stream output = Console.OpenStandardOutput();
        byte[] chunk = new byte[ChunkLength];
        for (long offset = 0; ;)
        {
            Errno errno = file.Read(offset, chunk, scratch, out int count);
            output.Write(chunk, 0, count);
            offset += count;
            if (errno != Errno.None)
            {
                throw Error(path, errno);
            }

            if (count == 0)
            {
                return ExitCode.Success;
            }
        }
    }

    private static CommandException Error(string path, Errno errno) => errno switch
    {
        Errno.ENOENT or Errno.ENOTDIR => new CommandException(ExitCode.NotFound, $"{path}: no such file"),
        Errno.EISDIR => new CommandException(ExitCode.NotFound, $"{path}: a directory, not a file"),
        Errno.EACCES or Errno.EPERM => new CommandException(ExitCode.NotPermitted, $"{path}: {ErrnoText.Of(errno)}"),
        Errno.EIO => new CommandException(
            ExitCode.Damaged, $"{path}: damaged or tampered with; what could be verified was written", "restore it from a backup"),
        _ => new CommandException(ExitCode.Failure, $"{path}: {ErrnoText.Of(errno)}"),
    };

    /// <summary>Tells of damage as it is found.</summary>
    private sealed class Warnings : ContentReports
    {
        public override void Report(ContentFinding finding, object name, long extent) =>
            Messages.Warning(extent < 0 ? $"{name}: {finding}" : $"{name}: extent {extent}: {finding}");
    }
}

using System.CommandLine;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Keyring;
using StackFs.Keyring.Client;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Commands;

/// <summary>
/// <c>stackfs keys add LOWER | list | drop SIG | clear | timeout SIG SECONDS</c>: what this user's keyring daemon holds.
/// </summary>
internal static class KeysCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create() =>
        new("keys", "the keyring: keys that mounts use, until they are taken away") { Add(), List(), Drop(), Clear(), Timeout() };

    private static Command Add()
    {
        Argument<string> lower = new("LOWER") { Description = "a volume's lower directory, or where it is mounted" };
        Option<string[]> keys = new("--key", "-k")
        {
            Description = "the key; several are tried in order (default: asks for a passphrase)",
            HelpName = "KEYSPEC",
        };
        Option<string> lifetime = TimeOption("--lifetime", "take the key away after this time");
        Option<string> idle = IdleOption();
        Option<string> signature = new("--sig") { Description = "the volume that is expected; any other is refused", HelpName = "SIG" };
        Option<bool> trusts = new("--trust") { Description = "a volume never used before needs no confirmation" };
        Command command = new("add", "put a volume's key into the keyring") { lower, keys, lifetime, idle, signature, trusts };
        command.SetAction(result => (int)Add(
            result.GetRequiredValue(lower),
            result.GetValue(keys) ?? [],
            Seconds.Parse(result.GetValue(lifetime), "--lifetime"),
            Seconds.Parse(result.GetValue(idle), "--idle"),
            result.GetValue(signature),
            result.GetValue(trusts)));
        return command;
    }

    private static Command List()
    {
        Option<bool> json = new("--json") { Description = "print a JSON array" };
        Command command = new("list", "list the keys, and which mounts use them") { json };
        command.SetAction(result => (int)List(result.GetValue(json)));
        return command;
    }

    private static Command Drop()
    {
        Argument<string> signature = SignatureArgument();
        Option<bool> unused = new("--if-unused") { Description = "refuse while a mount uses it" };
        Command command = new("drop", "take one key away, from mounts too: their files answer ENOKEY") { signature, unused };
        command.SetAction(result => (int)Drop(result.GetRequiredValue(signature), result.GetValue(unused)));
        return command;
    }

    private static Command Clear()
    {
        Command command = new("clear", "take all keys away, from mounts too");
        command.SetAction(_ => (int)ClearAll());
        return command;
    }

    private static Command Timeout()
    {
        Argument<string> signature = SignatureArgument();
        Argument<string> lifetime = new("SECONDS") { Description = "from now; or 15m, 8h, 2d; 0 for no limit" };
        Option<string> idle = IdleOption();
        Command command = new("timeout", "say when a key shall be taken away") { signature, lifetime, idle };
        command.SetAction(result => (int)SetTimes(
            result.GetRequiredValue(signature),
            Seconds.Parse(result.GetRequiredValue(lifetime), "SECONDS"),
            Seconds.Parse(result.GetValue(idle), "--idle")));
        return command;
    }

    private static Argument<string> SignatureArgument() =>
        new("SIG") { Description = "the key's signature, 16 hexadecimal digits, as 'stackfs keys list' shows it" };

    private static Option<string> IdleOption() => TimeOption("--idle", "take the key away when it was not used for this time");

    private static Option<string> TimeOption(string name, string what) =>
        new(name) { Description = $"{what}: seconds, or 15m, 8h, 2d; 0 for no limit (the default)", HelpName = "SECONDS" };

    private static ExitCode Add(
        string lower, string[] keys, uint lifetime, uint idle, string? signature, bool trusts)
    {
        _ = ProcessHardening.Apply(); // A one-time command: what a mount refuses is tolerable for the second it runs.

        // The daemon closes a connection that is silent while a person thinks, so this one is to know that it can be reached.
        VolumeKeyId claimed = VolumeOpener.ReadConfig(lower).ClaimedId;
        bool isHeld;
        using (KeyringClient client = KeyringService.Connect())
        {
            isHeld = keys.Length == 0 && KeyringService.Find(client, claimed) is not null;
        }

        using Volume volume = VolumeOpener.Open(lower, isHeld ? ["keyring"] : keys, signature, trusts, out SlotType kind);
        using (KeyringClient client = KeyringService.Connect())
        {
            bool wasThere = kind == SlotType.None;
            KeyringReply reply = wasThere
                ? client.SetTimes(volume.Config.Id, lifetime, idle)
                : client.Add((LocalVolumeKeyLease)volume.Lease, kind, VolumeOpener.PlaceOf(lower), lifetime, idle, out wasThere);
            KeyringService.Check(reply, lower);
            Messages.Note($"{lower}: the keyring {(wasThere ? "held this key already" : "holds its key now")}, signature {volume.Config.Id.Signature}");
        }

        return ExitCode.Success;
    }

    private static ExitCode List(bool json)
    {
        IReadOnlyList<KeyringEntry> entries = Entries();
        if (json)
        {
            KeyringReport.WriteJson(entries);
        }
        else if (entries.Count > 0)
        {
            KeyringReport.WriteTable(entries);
        }
        else
        {
            Messages.Note("the keyring holds no key");
        }

        return ExitCode.Success;
    }

    private static ExitCode Drop(string signature, bool ifUnused)
    {
        using KeyringClient client = Client(signature, out KeyringEntry entry);
        KeyringService.Check(client.Drop(entry.Id, ifUnused, out int notReturned), signature);
        return Dropped(notReturned);
    }

    private static ExitCode ClearAll()
    {
        using KeyringClient? client = KeyringService.ConnectIfRunning();
        int notReturned = 0;
        if (client is not null)
        {
            KeyringService.Check(client.Clear(out notReturned), "the keyring");
        }

        return Dropped(notReturned);
    }

    private static ExitCode SetTimes(string signature, uint lifetime, uint idle)
    {
        using KeyringClient client = Client(signature, out KeyringEntry entry);
        KeyringService.Check(client.SetTimes(entry.Id, lifetime, idle), signature);
        return ExitCode.Success;
    }

    private static ExitCode Dropped(int notReturned) => notReturned == 0 ? ExitCode.Success : throw new CommandException(
        ExitCode.Busy,
        $"the keyring has dropped the key, but {notReturned} of the mounts that used it did not give it back in time",
        "unmount them: stackfs status");

    private static IReadOnlyList<KeyringEntry> Entries()
    {
        using KeyringClient? client = KeyringService.ConnectIfRunning();
        return client is null ? [] : KeyringService.List(client);
    }

    private static KeyringClient Client(string signature, out KeyringEntry entry)
    {
        if (!Signature.TryParse(signature, out Signature parsed))
        {
            throw new CommandException(ExitCode.Usage, "SIG: a signature has 16 hexadecimal digits", "which there are: stackfs keys list");
        }

        KeyringClient? client = KeyringService.ConnectIfRunning();
        KeyringEntry? found = client is null ? null : KeyringService.List(client).FirstOrDefault(e => e.Id.Signature == parsed);
        if (found is null)
        {
            client?.Dispose();
            throw KeyringService.NotHeld(signature);
        }

        entry = found;
        return client!;
    }
}

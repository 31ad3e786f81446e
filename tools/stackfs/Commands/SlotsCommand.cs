using System.CommandLine;
using System.Globalization;
using StackFs.Cli.Keys;
using StackFs.Cli.Output;
using StackFs.Keyring;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Commands;

/// <summary>
/// <c>stackfs slots list LOWER | add LOWER --new KEYSPEC | remove LOWER SLOT | apply LOWER</c>: the ways to a volume's key.
/// </summary>
internal static class SlotsCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create() =>
        new("slots", "the passphrases and keys that open a volume") { List(), Add(), Remove(), Apply() };

    private static Command List()
    {
        Argument<string> lower = LowerArgument();
        Option<bool> json = new("--json") { Description = "print a JSON array" };
        Command command = new("list", "list them, as stackfs.conf has them; needs no key") { lower, json };
        command.SetAction(result => (int)List(result.GetRequiredValue(lower), result.GetValue(json)));
        return command;
    }

    private static Command Add()
    {
        Argument<string> lower = LowerArgument();
        Option<string> added = new("--new", "-n")
        {
            Description = "what shall open the volume too; of a PEM a public key or certificate is enough, 'recovery' makes one",
            HelpName = "KEYSPEC",
            Required = true,
        };
        Option<string[]> keys = KeysOption();
        Command command = new("add", "let another key open the volume") { lower, added, keys };
        command.SetAction(result => (int)Add(
            result.GetRequiredValue(lower), result.GetRequiredValue(added), result.GetValue(keys) ?? []));
        return command;
    }

    private static Command Remove()
    {
        Argument<string> lower = LowerArgument();
        Argument<string> slot = new("SLOT") { Description = "its number, as 'stackfs slots list' shows it" };
        Option<string[]> keys = KeysOption();
        Option<bool> force = new("--force") { Description = "even the last one, after which nothing opens the volume" };
        Command command = new("remove", "let a key no longer open the volume") { lower, slot, keys, force };
        command.SetAction(result => (int)Remove(
            result.GetRequiredValue(lower), result.GetRequiredValue(slot), result.GetValue(keys) ?? [], result.GetValue(force)));
        return command;
    }

    private static Command Apply()
    {
        Argument<string> lower = LowerArgument();
        Option<string[]> keys = KeysOption();
        Command command = new("apply", "write the volume's slots into the headers of files that are there already") { lower, keys };
        command.SetAction(result => (int)Apply(result.GetRequiredValue(lower), result.GetValue(keys) ?? []));
        return command;
    }

    private static Argument<string> LowerArgument() => new("LOWER") { Description = "the volume's lower directory" };

    private static Option<string[]> KeysOption() => new("--key", "-k")
    {
        Description = "a key that opens the volume now; several are tried in order (default: what the keyring holds, else asks)",
        HelpName = "KEYSPEC",
    };

    private static ExitCode List(string lower, bool json)
    {
        KeySlotSet slots = VolumeOpener.ReadConfig(lower).Slots;
        if (json)
        {
            SlotReport.WriteJson(slots);
        }
        else
        {
            SlotReport.WriteTable(slots);
        }

        return ExitCode.Success;
    }

    private static ExitCode Add(string lower, string added, string[] keys)
    {
        KeySpec spec = KeyReader.Parse([added])[0];
        using SafeFd root = OpenRoot(lower, keys, out Volume volume);
        using (volume)
        {
            ISlotMaker maker = KeyReader.ForNewSlot(spec, lower);
            using IDisposable? owned = maker as IDisposable;
            ConfigFile file = new(root);
            SlotEditResult result = SlotEditor.Add(file, volume.Lease, volume.Config, maker, out VolumeConfig? changed);
            Check(result, file, lower, added: true);
            Messages.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{lower}: slot {changed!.Slots.Slots.Length - 1} opens it too; files that are there open with it after: stackfs slots apply {lower}"));
            if (maker is RecoveryKey recovery)
            {
                RecoveryPrinter.Print(recovery, lower);
            }
        }

        return ExitCode.Success;
    }

    private static ExitCode Remove(string lower, string slot, string[] keys, bool force)
    {
        if (!int.TryParse(slot, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            throw new CommandException(ExitCode.Usage, $"SLOT: a slot is named by its number, not '{slot}'", $"which there are: stackfs slots list {lower}");
        }

        KeySlotSet before = VolumeOpener.ReadConfig(lower).Slots;
        Check(Judge(before, number, force), null, lower, added: false); // Before anybody is asked for a key.
        using SafeFd root = OpenRoot(lower, keys, out Volume volume);
        using (volume)
        {
            ConfigFile file = new(root);
            SlotEditResult result = SlotEditor.Remove(file, volume.Lease, volume.Config, number, force, out _);
            Check(result, file, lower, added: false);
            Messages.Note(
                $"{lower}: slot {number} is gone from stackfs.conf; from files that are there it goes with: stackfs slots apply {lower}");
            Messages.Warning(
                $"{lower}: who had that key and a copy of the lower files, or the volume key, can still read what was in them");
        }

        return ExitCode.Success;
    }

    private static ExitCode Apply(string lower, string[] keys)
    {
        using SafeFd root = OpenRoot(lower, keys, out Volume volume);
        using (volume)
        {
            SlotSpreader spreader = new(volume);
            spreader.Run(lower);
            spreader.Failures.ForEach(Messages.Warning);
            Messages.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{lower}: {spreader.Changed} files got the volume's slots, {spreader.Same} had them already"));
            return spreader.Failures.Count == 0 ? ExitCode.Success : throw new CommandException(
                ExitCode.Failure, string.Create(CultureInfo.InvariantCulture, $"{lower}: {spreader.Failures.Count} files keep the slots that they had"));
        }
    }

    /// <summary>
    /// Opens the volume in a lower directory that no mount covers: as a mount does, with the key that the keyring holds where
    /// none is named.
    /// </summary>
    private static SafeFd OpenRoot(string lower, string[] keys, out Volume volume)
    {
        if (VolumeOpener.MountAt(lower) is { } mount)
        {
            throw new CommandException(
                ExitCode.Busy,
                $"{lower}: a mount covers the lower directory",
                mount.Lower == mount.Mountpoint ? "unmount it first" : $"name the lower directory: {mount.Lower}");
        }

        _ = ProcessHardening.Apply(); // A one-time command: what a mount refuses is tolerable for the second it runs.
        bool isHeld = keys.Length == 0 && KeyringService.Holds(VolumeOpener.ReadConfig(lower).ClaimedId);
        volume = VolumeOpener.Open(lower, isHeld ? ["keyring"] : keys, signature: null, trustsNew: false);
        return VolumeOpener.OpenLowerRoot(lower);
    }

    private static SlotEditResult Judge(KeySlotSet slots, int number, bool force) => new(
        number >= slots.Slots.Length ? SlotEditStatus.NoSuchSlot
            : slots.Slots.Length == 1 && !force ? SlotEditStatus.LastSlot
            : SlotEditStatus.Ok,
        ConfigStatus.Ok);

    private static void Check(SlotEditResult result, ConfigFile? file, string lower, bool added)
    {
        if (result.IsOk)
        {
            return;
        }

        throw result.Status switch
        {
            SlotEditStatus.TooManySlots => new CommandException(
                ExitCode.Failure,
                $"{lower}: has no room for another slot: 8 are the most, fewer with long RSA keys",
                $"remove one first: stackfs slots remove {lower} SLOT"),
            SlotEditStatus.CostTooHigh => new CommandException(
                ExitCode.Failure, $"{lower}: its passphrases together would cost more time than is ever spent on opening a volume"),
            SlotEditStatus.AlreadyThere => new CommandException(ExitCode.Exists, $"{lower}: that key opens it already; nothing was changed"),
            SlotEditStatus.NoSuchSlot => new CommandException(
                ExitCode.NotFound, $"{lower}: has no slot of that number", $"which there are: stackfs slots list {lower}"),
            SlotEditStatus.LastSlot => new CommandException(
                ExitCode.Busy,
                $"{lower}: this is its last slot; without it nobody can open the volume again",
                $"add another first: stackfs slots add {lower} --new KEYSPEC; or: --force"),
            _ => VolumeErrors.Of(result.Config, file?.Error ?? Errno.None, lower),
        };
    }
}

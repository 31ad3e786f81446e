using System.Globalization;
using System.Text;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Usb;

/// <summary>A volume that a stick opens.</summary>
/// <param name="Lower">Its lower directory, absolute.</param>
/// <param name="Mountpoint">Where it is shown, absolute.</param>
/// <param name="Signature">The volume that is expected there; no other is opened.</param>
/// <param name="Options">Mount options besides; may be empty.</param>
internal sealed record StickVolume(string Lower, string Mountpoint, Signature Signature, string Options);

/// <summary>
/// One file of <c>/etc/stackfs/automount.d</c>, parsed once: stackfs-automount.conf(5) is its specification, and the udev
/// rule looks for its line <c>FilesystemUuid=</c>.
/// </summary>
/// <param name="Name">The file's name without its suffix.</param>
/// <param name="Stick">The stick.</param>
/// <param name="KeyFile">The key file's path on the stick, relative.</param>
/// <param name="KeyIsPem">Whether that is a private key; else it is a passphrase file.</param>
/// <param name="Volumes">At least one.</param>
/// <param name="OnRemoval">What happens when the stick is pulled.</param>
internal sealed record AutomountFile(
    string Name,
    StickIdentity Stick,
    string KeyFile,
    bool KeyIsPem,
    IReadOnlyList<StickVolume> Volumes,
    RemovalAction OnRemoval)
{
    /// <summary>Parses a file.</summary>
    /// <param name="name">Its name without its suffix.</param>
    /// <param name="text">What it holds.</param>
    /// <exception cref="CommandException">It says something that is not understood, or leaves out what is needed.</exception>
    public static AutomountFile Parse(string name, string text)
    {
        List<(string Section, Dictionary<string, string> Values)> sections = Sections(name, text);
        Dictionary<string, string> stick = One(name, sections, "Stick");
        Dictionary<string, string> key = One(name, sections, "Key");
        Dictionary<string, string> removal = sections.Any(s => s.Section == "Removal") ? One(name, sections, "Removal") : [];
        StickIdentity identity = new(
            Required(name, stick, "FilesystemUuid"),
            Required(name, stick, "Filesystem"),
            stick.GetValueOrDefault("Serial"),
            stick.GetValueOrDefault("Vendor"),
            stick.GetValueOrDefault("Model"));
        if (!StickMount.Types.Contains(identity.Filesystem))
        {
            throw Wrong(name, $"Filesystem={identity.Filesystem} is none that is mounted from a stick");
        }

        string file = Required(name, key, "File");
        if (!IsBelow(file))
        {
            throw Wrong(name, $"File={file} is not a path below the stick's top");
        }

        bool pem = key.GetValueOrDefault("Kind", "pem") switch
        {
            "pem" => true,
            "passphrase" => false,
            string other => throw Wrong(name, $"Kind={other} is neither pem nor passphrase"),
        };
        StickVolume[] volumes = [.. sections.Where(s => s.Section == "Volume").Select(s => Volume(name, s.Values))];
        return volumes.Length > 0
            ? new AutomountFile(name, identity, file, pem, volumes, Action(name, removal.GetValueOrDefault("Action", "lock")))
            : throw Wrong(name, "it names no volume");
    }

    /// <summary>What <see cref="Parse"/> reads.</summary>
    public string Format()
    {
        StringBuilder text = new();
        text.Append("# Made by 'stackfs usb enroll'; stackfs-automount.conf(5) explains it.\n[Stick]\n");
        Line(text, "FilesystemUuid", Stick.FilesystemUuid);
        Line(text, "Filesystem", Stick.Filesystem);
        Line(text, "Serial", Stick.Serial);
        Line(text, "Vendor", Stick.Vendor);
        Line(text, "Model", Stick.Model);
        text.Append("\n[Key]\n");
        Line(text, "File", KeyFile);
        Line(text, "Kind", KeyIsPem ? "pem" : "passphrase");
        foreach (StickVolume volume in Volumes)
        {
            text.Append("\n[Volume]\n");
            Line(text, "Lower", volume.Lower);
            Line(text, "MountPoint", volume.Mountpoint);
            Line(text, "Signature", volume.Signature.ToString());
            Line(text, "Options", volume.Options.Length == 0 ? null : volume.Options);
        }

        text.Append("\n[Removal]\n");
        Line(text, "Action", ActionName(OnRemoval));
        return text.ToString();
    }

    /// <summary>How an action is written; <see cref="Action"/> reads it.</summary>
    public static string ActionName(RemovalAction action) => action switch
    {
        RemovalAction.Lock => "lock",
        RemovalAction.Unmount => "unmount",
        _ => "leave",
    };

    private static RemovalAction Action(string name, string text) => text switch
    {
        "lock" => RemovalAction.Lock,
        "unmount" => RemovalAction.Unmount,
        "leave" => RemovalAction.Leave,
        _ => throw Wrong(name, $"Action={text} is none of lock, unmount and leave"),
    };

    private static StickVolume Volume(string name, Dictionary<string, string> values)
    {
        string lower = Required(name, values, "Lower");
        string mountpoint = Required(name, values, "MountPoint");
        string signature = Required(name, values, "Signature");
        return !Path.IsPathRooted(lower) ? throw Wrong(name, $"Lower={lower} is not an absolute path")
            : !Path.IsPathRooted(mountpoint) ? throw Wrong(name, $"MountPoint={mountpoint} is not an absolute path")
            : !Signature.TryParse(signature, out Signature parsed) ? throw Wrong(name, $"Signature={signature} is not 16 hexadecimal digits")
            : new StickVolume(lower, mountpoint, parsed, values.GetValueOrDefault("Options", string.Empty));
    }

    private static List<(string Section, Dictionary<string, string> Values)> Sections(string name, string text)
    {
        List<(string Section, Dictionary<string, string> Values)> sections = [];
        foreach (string line in text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] is not ('#' or ';')))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (line[0] == '[' && line[^1] == ']')
            {
                sections.Add((line[1..^1], []));
            }
            else if (equals <= 0 || sections.Count == 0)
            {
                throw Wrong(name, $"'{line}' is neither [Section] nor Name=value below one");
            }
            else if (!Known(sections[^1].Section, line[..equals]))
            {
                throw Wrong(name, $"[{sections[^1].Section}] has no {line[..equals]}=");
            }
            else if (!sections[^1].Values.TryAdd(line[..equals], line[(equals + 1)..]))
            {
                throw Wrong(name, $"{line[..equals]}= stands twice in [{sections[^1].Section}]");
            }
        }

        return sections;
    }

    private static bool Known(string section, string key) => section switch
    {
        "Stick" => key is "FilesystemUuid" or "Filesystem" or "Serial" or "Vendor" or "Model",
        "Key" => key is "File" or "Kind",
        "Volume" => key is "Lower" or "MountPoint" or "Signature" or "Options",
        "Removal" => key is "Action",
        _ => false,
    };

    private static Dictionary<string, string> One(
        string name, List<(string Section, Dictionary<string, string> Values)> sections, string section)
    {
        Dictionary<string, string>[] found = [.. sections.Where(s => s.Section == section).Select(s => s.Values)];
        return found.Length == 1
            ? found[0]
            : throw Wrong(name, string.Create(CultureInfo.InvariantCulture, $"it has {found.Length} sections [{section}], not one"));
    }

    private static string Required(string name, Dictionary<string, string> values, string key) =>
        values.TryGetValue(key, out string? value) && value.Length > 0 ? value : throw Wrong(name, $"{key}= is missing");

    private static bool IsBelow(string path) =>
        !Path.IsPathRooted(path) && path.Split('/').All(part => part is not ("" or "." or ".."));

    private static void Line(StringBuilder text, string key, string? value)
    {
        if (value is not null)
        {
            text.Append(key).Append('=').Append(value).Append('\n');
        }
    }

    private static CommandException Wrong(string name, string what) => new(
        ExitCode.Usage, $"{AutomountDirectory.PathOf(name)}: {what}", "what it may say: stackfs-automount.conf(5)");
}

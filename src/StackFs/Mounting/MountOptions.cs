using System.Globalization;
using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Mounting.Ecryptfs;

namespace StackFs.Mounting;

/// <summary>
/// What was asked for with <c>-o</c>, parsed once. Unknown options are rejected by name; those that mount(8) and fstab keep
/// for themselves are accepted and ignored.
/// </summary>
internal sealed record MountOptions
{
    private const int MostThreads = FuseSessionOptions.MostWorkers;

    /// <summary>Nothing is changed below (<c>ro</c>).</summary>
    public bool IsReadOnly => VfsFlags.HasFlag(MountFlags.ReadOnly);

    /// <summary>Users other than the one who mounts may use it (<c>allow_other</c>).</summary>
    public bool AllowOther { get; init; }

    /// <summary>
    /// Others change the lower directory at the same time (<c>shared</c>), or nobody does (<c>exclusive</c>); told by its
    /// filesystem type when null.
    /// </summary>
    public bool? IsShared { get; init; }

    /// <summary>A file that was cut short answers EIO (<c>strict</c>).</summary>
    public bool IsStrict { get; init; }

    /// <summary>The kernel keeps dirty pages (<c>writeback</c>, <c>nowriteback</c>); on an exclusive lower directory when null.</summary>
    public bool? UsesWriteback { get; init; }

    /// <summary>Threads that handle requests (<c>threads=N</c>); chosen by the number of cores when null.</summary>
    public int? Threads { get; init; }

    /// <summary>How requests travel (<c>carrier=auto</c>, <c>uring</c> or <c>device</c>).</summary>
    public FuseCarrier Carrier { get; init; } = FuseCarrier.Device;

    /// <summary>Options of the VFS: <c>ro</c>, <c>nosuid</c>, <c>noexec</c>, <c>noatime</c> and the like.</summary>
    public MountFlags VfsFlags { get; init; } = MountFlags.NoSuid | MountFlags.NoDev;

    /// <summary>Keys to try (<c>key=KEYSPEC</c>, and <c>passfile=FILE</c> for a passphrase in a file), in order.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The volume that is expected (<c>sig=</c>, <c>ecryptfs_sig=</c>): a signature of 16 hexadecimal digits, or null.</summary>
    public string? Signature { get; init; }

    /// <summary>
    /// A volume that this user never mounted is mounted without asking (<c>trust</c>, <c>no_sig_cache</c>).
    /// </summary>
    public bool TrustsNew { get; init; }

    /// <summary>The key is the keyring's and lent to the mount; without it (<c>nokeyring</c>) the mount holds it itself.</summary>
    public bool UsesKeyring { get; init; } = true;

    /// <summary>What an eCryptfs mount needs to know (<c>format=ecryptfs</c>); null for the native format.</summary>
    public EcryptfsOptions? Ecryptfs { get; init; }

    /// <summary>eCryptfs files beside native ones (<c>legacy=read|write</c>); null where none are shown.</summary>
    public LegacyOptions? Legacy { get; init; }

    /// <summary>Options that nobody knows, where they were to be ignored (<c>mount -s</c>).</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Parses options joined by commas; a comma within a value is written <c>\,</c>.</summary>
    /// <param name="text">As after <c>-o</c>; may be empty.</param>
    /// <param name="isSloppy">Unknown options are collected in <see cref="Ignored"/> instead of rejected.</param>
    /// <param name="options">The options; null when the result is false.</param>
    /// <param name="problem">What is wrong, in one line for people; null when the result is true.</param>
    public static bool TryParse(string text, bool isSloppy, out MountOptions? options, out string? problem)
    {
        MountOptions parsed = new();
        List<KeyValuePair<string, string?>>? ecryptfs = null;
        List<string> items = [.. Split(text)];
        foreach (string item in items.Where(static item => NameOf(item) == "format"))
        {
            ecryptfs = item == "format=ecryptfs" ? [] : null;
            if (item is not ("format=ecryptfs" or "format=native"))
            {
                options = null;
                problem = $"{item}: the formats are native and ecryptfs";
                return false;
            }
        }

        LegacyDraft legacy = new();
        problem = legacy.Find(items, ecryptfs is not null);
        if (problem is not null)
        {
            options = null;
            return false;
        }

        foreach (string item in items)
        {
            string name = NameOf(item);
            if (name == "format" || legacy.TryTake(item))
            {
                continue;
            }

            if (ecryptfs is not null && EcryptfsOptions.IsKnown(name))
            {
                ecryptfs.Add(new(name, name.Length < item.Length ? item[(name.Length + 1)..] : null));
                continue;
            }

            string? wrong = Apply(item, ref parsed);
            if (wrong is null)
            {
                continue;
            }

            if (wrong.Length > 0 || !isSloppy)
            {
                options = null;
                problem = wrong.Length > 0 ? wrong : $"unknown mount option '{NameOf(item)}'";
                return false;
            }

            parsed = parsed with { Ignored = [.. parsed.Ignored, item] };
        }

        if (parsed is { IsShared: true, UsesWriteback: true })
        {
            options = null;
            problem = "shared, writeback: writes that the kernel keeps are not seen by others; leave one of the two out";
            return false;
        }

        options = legacy.Finish(parsed, out problem);
        if (ecryptfs is null || options is null)
        {
            return options is not null;
        }

        if (!EcryptfsOptions.TryParse(ecryptfs, out EcryptfsOptions? chosen, out problem))
        {
            options = null;
            return false;
        }

        options = parsed with
        {
            Ecryptfs = chosen,
            VfsFlags = chosen!.EncryptedView ? parsed.VfsFlags | MountFlags.ReadOnly : parsed.VfsFlags,
        };
        return true;
    }

    /// <summary>Applies one option: null when it was taken, empty when it is unknown, else what is wrong with it.</summary>
    private static string? Apply(string item, ref MountOptions options)
    {
        string name = NameOf(item);
        string? value = name.Length < item.Length ? item[(name.Length + 1)..] : null;
        if (value is null && ApplyFlag(name, ref options))
        {
            return null;
        }

        switch (name)
        {
            case "key" when value is { Length: > 0 }:
                options = options with { Keys = [.. options.Keys, value] };
                return null;
            case "passfile" when value is { Length: > 0 }:
                options = options with { Keys = [.. options.Keys, "passphrase:passphrase_passwd_file=" + value] };
                return null;
            case "passphrase_passwd_file" or "passphrase_passwd_fd" or "passphrase_passwd" when value is { Length: > 0 }:
                options = options with { Keys = [.. options.Keys, $"passphrase:{name}={value}"] };
                return null;
            case "sig" or "ecryptfs_sig" when value is not null:
                options = options with { Signature = value };
                return IsSignature(value) ? null : $"{name}={value}: a signature is 16 hexadecimal digits";
            case "threads" when value is not null:
                bool isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int threads);
                options = options with { Threads = threads };
                return isNumber && threads is >= 1 and <= MostThreads
                    ? null
                    : $"threads={value}: give a number from 1 to {MostThreads}";
            case "carrier" when value is not null:
                FuseCarrier? carrier = value switch
                {
                    "auto" => FuseCarrier.Auto,
                    "uring" => FuseCarrier.IoUring,
                    "device" => FuseCarrier.Device,
                    _ => null,
                };
                options = options with { Carrier = carrier ?? options.Carrier };
                return carrier is null ? $"carrier={value}: the carriers are auto, uring and device" : null;
            case "key" or "passfile" or "sig" or "ecryptfs_sig" or "threads" or "carrier":
                return $"{name}: needs a value, {name}=…";
            default:
                return IsForOthers(name) ? null : string.Empty;
        }
    }

    private static bool ApplyFlag(string name, ref MountOptions options)
    {
        MountOptions? changed = name switch
        {
            "allow_other" => options with { AllowOther = true },
            "shared" => options with { IsShared = true },
            "exclusive" => options with { IsShared = false },
            "trust" or "no_sig_cache" => options with { TrustsNew = true },
            "nokeyring" => options with { UsesKeyring = false },
            "strict" => options with { IsStrict = true },
            "writeback" => options with { UsesWriteback = true },
            "nowriteback" => options with { UsesWriteback = false },
            _ => VfsFlag(name, options.VfsFlags) is { } flags ? options with { VfsFlags = flags } : null,
        };
        options = changed ?? options;
        return changed is not null;
    }

    private static MountFlags? VfsFlag(string name, MountFlags flags) => name switch
    {
        "ro" => flags | MountFlags.ReadOnly,
        "rw" => flags & ~MountFlags.ReadOnly,
        "nosuid" => flags | MountFlags.NoSuid,
        "suid" => flags & ~MountFlags.NoSuid,
        "nodev" => flags | MountFlags.NoDev,
        "dev" => flags & ~MountFlags.NoDev,
        "noexec" => flags | MountFlags.NoExec,
        "exec" => flags & ~MountFlags.NoExec,
        "sync" => flags | MountFlags.Synchronous,
        "async" => flags & ~MountFlags.Synchronous,
        "dirsync" => flags | MountFlags.DirSync,
        "nosymfollow" => flags | MountFlags.NoSymFollow,
        "symfollow" => flags & ~MountFlags.NoSymFollow,
        "noatime" => flags | MountFlags.NoAtime,
        "atime" => flags & ~MountFlags.NoAtime,
        "nodiratime" => flags | MountFlags.NoDirAtime,
        "diratime" => flags & ~MountFlags.NoDirAtime,
        "relatime" => flags | MountFlags.RelAtime,
        "norelatime" => flags & ~MountFlags.RelAtime,
        "strictatime" => flags | MountFlags.StrictAtime,
        "nostrictatime" => flags & ~MountFlags.StrictAtime,
        "lazytime" => flags | MountFlags.LazyTime,
        "nolazytime" => flags & ~MountFlags.LazyTime,
        _ => null,
    };

    /// <summary>Options of fstab, mount(8), systemd and FUSE that say nothing to us.</summary>
    private static bool IsForOthers(string name) => name
        is "defaults" or "auto" or "noauto" or "user" or "nouser" or "users" or "nousers" or "owner" or "noowner" or "group"
        or "nogroup" or "nofail" or "_netdev" or "helper" or "uhelper" or "comment" or "loud" or "silent" or "default_permissions" or "iversion" or "noiversion" or "mand" or "nomand"
        or "fsname" or "subtype" or ""
        || name.StartsWith("x-", StringComparison.Ordinal) || name.StartsWith("X-", StringComparison.Ordinal);

    private static bool IsSignature(string text) => text.Length == 16 && text.All(char.IsAsciiHexDigit);

    /// <summary>The option's name, without its value.</summary>
    internal static string NameOf(string item)
    {
        int equals = item.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? item : item[..equals];
    }

    private static IEnumerable<string> Split(string text)
    {
        System.Text.StringBuilder item = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == ',')
            {
                yield return item.ToString();
                item.Clear();
            }
            else
            {
                bool isEscape = text[i] == '\\' && i + 1 < text.Length && text[i + 1] is ',' or '\\';
                item.Append(text[isEscape ? ++i : i]);
            }
        }

        yield return item.ToString();
    }
}

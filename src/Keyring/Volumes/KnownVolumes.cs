using System.Globalization;
using System.Text;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Interop;

namespace StackFs.Keyring.Volumes;

/// <summary>What the list of known volumes says about a lower directory.</summary>
public enum PinStatus
{
    /// <summary>This volume is known, in this place or from another one.</summary>
    Known = 0,

    /// <summary>Neither the volume nor the place is known: the first use, which somebody must confirm.</summary>
    FirstUse,

    /// <summary>
    /// Another volume is known in this place: somebody may have exchanged <c>stackfs.conf</c>. To be refused.
    /// </summary>
    PlaceHasAnother,
}

/// <summary>
/// The volumes that this user has mounted before: <c>known_volumes</c>. A mount opens only these, or one that an option
/// names, because the lower storage cannot be believed about which volume it is.
/// </summary>
/// <remarks>
/// A text file of lines "VK-id path", the path percent-escaped; lines that are not such are kept and mean nothing. Not
/// secret, but whoever can write it can choose what is trusted: it is refused when it belongs to another user, or when
/// the group or everybody may write it.
/// </remarks>
public sealed class KnownVolumes
{
    /// <summary>The file's name.</summary>
    public const string FileName = "known_volumes";

    private const int MaximumLength = 1 << 20;
    private const uint PrivateFile = 0x180; // 0600
    private const uint PrivateDirectory = 0x1c0; // 0700
    private const uint OthersMayWrite = 0x12; // 0022

    private readonly string _directory;
    private readonly List<string> _lines = [];

    private KnownVolumes(string directory) => _directory = directory;

    /// <summary>
    /// The directory of this user's list: <c>/etc/stackfs</c> for root, else <c>$XDG_CONFIG_HOME/stackfs</c> or
    /// <c>~/.config/stackfs</c>; null when none of these is set.
    /// </summary>
    public static string? DefaultDirectory
    {
        get
        {
            if (Posix.EffectiveUser() == 0)
            {
                return "/etc/stackfs";
            }

            string? configuration = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
            string? home = Environment.GetEnvironmentVariable("HOME");
            return Path.IsPathRooted(configuration) ? Path.Combine(configuration, "stackfs")
                : Path.IsPathRooted(home) ? Path.Combine(home, ".config", "stackfs")
                : null;
        }
    }

    /// <summary>Reads the list in <paramref name="directory"/>; one that does not exist is empty.</summary>
    /// <returns>EPERM when others may write it, EFBIG above 1 MiB, or what the system answered.</returns>
    public static Errno Read(string directory, out KnownVolumes? volumes)
    {
        volumes = null;
        KnownVolumes read = new(directory);
        Errno error = Posix.OpenForReading(Path.Combine(directory, FileName), out SafeFd fd);
        using (fd)
        {
            if (error is Errno.ENOENT or Errno.ENOTDIR)
            {
                volumes = read;
                return Errno.None;
            }

            error = error == Errno.None ? read.Load(fd) : error;
        }

        volumes = error == Errno.None ? read : null;
        return error;
    }

    /// <summary>What the list says about finding <paramref name="id"/> at <paramref name="place"/>.</summary>
    /// <param name="id">What the volume there claims to be.</param>
    /// <param name="place">Absolute path of the lower directory, without links.</param>
    public PinStatus Check(VolumeKeyId id, string place)
    {
        bool known = false;
        bool placeHasAnother = false;
        foreach (string line in _lines)
        {
            if (TryParse(line, out VolumeKeyId lineId, out string linePlace))
            {
                known |= lineId == id;
                if (linePlace == place && lineId == id)
                {
                    return PinStatus.Known;
                }

                placeHasAnother |= linePlace == place;
            }
        }

        return placeHasAnother ? PinStatus.PlaceHasAnother : known ? PinStatus.Known : PinStatus.FirstUse;
    }

    /// <summary>The ids known, each once, with where each was seen last.</summary>
    public IReadOnlyDictionary<VolumeKeyId, string> List()
    {
        Dictionary<VolumeKeyId, string> all = [];
        foreach (string line in _lines)
        {
            if (TryParse(line, out VolumeKeyId id, out string place))
            {
                all[id] = place;
            }
        }

        return all;
    }

    /// <summary>
    /// Makes <paramref name="id"/> the volume known at <paramref name="place"/>, instead of any other there, and writes
    /// the list.
    /// </summary>
    public Errno Add(VolumeKeyId id, string place)
    {
        _lines.RemoveAll(line => TryParse(line, out _, out string linePlace) && linePlace == place);
        _lines.Add($"{id} {Escape(place)}");
        return Write();
    }

    /// <summary>Forgets a volume wherever it was, and writes the list.</summary>
    public Errno Remove(VolumeKeyId id)
    {
        _lines.RemoveAll(line => TryParse(line, out VolumeKeyId lineId, out _) && lineId == id);
        return Write();
    }

    private Errno Load(SafeFd fd)
    {
        Errno error = Posix.Status(fd, out Posix.FileStatus status);
        if (error != Errno.None)
        {
            return error;
        }

        if (!status.IsRegular || (status.Mode & OthersMayWrite) != 0 || status.User != Posix.EffectiveUser())
        {
            return Errno.EPERM;
        }

        byte[] content = new byte[MaximumLength + 1];
        error = Posix.ReadToEnd(fd, content, out int length);
        if (error == Errno.None && length > MaximumLength)
        {
            error = Errno.EFBIG;
        }

        if (error == Errno.None)
        {
            string text = Encoding.UTF8.GetString(content, 0, length);
            _lines.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        return error;
    }

    private Errno Write()
    {
        Errno error = MakeDirectories(_directory);
        error = error == Errno.None ? Posix.OpenDirectory(_directory, out SafeFd directory) : Missing(error, out directory);
        using (directory)
        {
            if (error != Errno.None)
            {
                return error;
            }

            Span<byte> random = stackalloc byte[sizeof(ulong)];
            RandomBytes.Fill(random);
            string temporary = $".{FileName}.{Convert.ToHexStringLower(random)}";
            error = Posix.CreateExclusive(directory, temporary, PrivateFile, out SafeFd file);
            using (file)
            {
                string text = string.Concat(_lines.Select(line => line + "\n"));
                error = error == Errno.None ? Posix.WriteAll(file, Encoding.UTF8.GetBytes(text)) : error;
                error = error == Errno.None ? Posix.Sync(file) : error;
            }

            error = error == Errno.None ? Posix.Rename(directory, temporary, FileName) : error;
            if (error != Errno.None)
            {
                _ = Posix.Unlink(directory, temporary); // The first error is the one to report.
            }

            return error;
        }
    }

    private static Errno Missing(Errno error, out SafeFd directory)
    {
        directory = new SafeFd();
        return error;
    }

    private static Errno MakeDirectories(string path)
    {
        Errno error = Posix.MakeDirectory(path, PrivateDirectory);
        string? parent = Path.GetDirectoryName(path);
        if (error != Errno.ENOENT || parent is null)
        {
            return error;
        }

        error = MakeDirectories(parent);
        return error == Errno.None ? Posix.MakeDirectory(path, PrivateDirectory) : error;
    }

    private static bool TryParse(string line, out VolumeKeyId id, out string place)
    {
        const int IdDigits = VolumeKeyId.Length * 2;
        place = "";
        id = default;
        if (line.Length < IdDigits + 2 || line[IdDigits] != ' ' || !VolumeKeyId.TryParse(line.AsSpan(0, IdDigits), out id))
        {
            return false;
        }

        place = Uri.UnescapeDataString(line[(IdDigits + 1)..]);
        return true;
    }

    /// <summary>Escapes what would break a line or the escaping; everything else stays readable.</summary>
    private static string Escape(string place) => string.Concat(place.Select(
        c => char.IsControl(c) || c == '%' ? "%" + ((int)c).ToString("x2", CultureInfo.InvariantCulture) : c.ToString()));
}

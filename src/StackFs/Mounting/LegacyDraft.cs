using StackFs.Mounting.Ecryptfs;

namespace StackFs.Mounting;

/// <summary>Collects the options of eCryptfs files beside native ones while mount options are parsed.</summary>
internal sealed class LegacyDraft
{
    private readonly List<KeyValuePair<string, string?>> _format = [];
    private readonly List<string> _keys = [];
    private bool? _isWritable;

    /// <summary>Looks whether such files are to be shown.</summary>
    /// <param name="items">All options.</param>
    /// <param name="isEcryptfs">Whether the mount is one of eCryptfs's format itself.</param>
    /// <returns>What is wrong, in one line; null when nothing is.</returns>
    internal string? Find(IReadOnlyList<string> items, bool isEcryptfs)
    {
        foreach (string item in items.Where(static item => MountOptions.NameOf(item) == "legacy"))
        {
            _isWritable = item == "legacy=write";
            if (item is not ("legacy=read" or "legacy=write"))
            {
                return $"{item}: legacy=read or legacy=write is needed";
            }
        }

        if (_isWritable is null)
        {
            return items.Any(static item => MountOptions.NameOf(item) == "legacy_key")
                ? "legacy_key= opens eCryptfs files beside native ones; it needs legacy=read or legacy=write"
                : null;
        }

        return isEcryptfs ? "legacy= shows eCryptfs files in a native volume; it does not go with format=ecryptfs" : null;
    }

    /// <summary>Takes an option, if it is one of theirs: the <c>ecryptfs_</c> ones by their long names, and the keys.</summary>
    internal bool TryTake(string item)
    {
        string name = MountOptions.NameOf(item);
        string? value = name.Length < item.Length ? item[(name.Length + 1)..] : null;
        if (_isWritable is null)
        {
            return false;
        }

        if (name == "legacy_key" && value is { Length: > 0 })
        {
            _keys.Add(value);
            return true;
        }

        if (!name.StartsWith("ecryptfs_", StringComparison.Ordinal) || !EcryptfsOptions.IsKnown(name))
        {
            return name == "legacy";
        }

        _format.Add(new(name, value));
        return true;
    }

    /// <summary>Adds them to the mount's options; null when something is wrong with them.</summary>
    internal MountOptions? Finish(MountOptions options, out string? problem)
    {
        problem = null;
        if (_isWritable is not bool writable)
        {
            return options;
        }

        if (!EcryptfsOptions.TryParse(_format, out EcryptfsOptions? format, out problem))
        {
            return null;
        }

        if (format!.Passthrough || format.EncryptedView)
        {
            problem = "ecryptfs_passthrough and ecryptfs_encrypted_view do not go with legacy=";
            return null;
        }

        return options with { Legacy = new LegacyOptions(writable, format, _keys) };
    }
}

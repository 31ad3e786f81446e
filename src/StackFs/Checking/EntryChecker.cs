using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Names;

namespace StackFs.Checking;

/// <summary>
/// Verifies what stands in directories beside contents: names, side files, symbolic links, attributes (FORMAT.md sections 3
/// to 5). One thread's.
/// </summary>
internal sealed class EntryChecker : IDisposable
{
    private readonly CheckContext _context;
    private readonly NameCipher _cipher;
    private readonly INameCodec _names;
    private readonly SymlinkTargets _targets;
    private readonly ExtendedAttributes _attributes;
    private readonly byte[] _upper = new byte[LowerNames.MaxLength + 1];
    private readonly byte[] _text = new byte[SymlinkTargets.MaxCompanionLength + 1];
    private readonly byte[] _target = new byte[SymlinkTargets.MaxLength + 1];
    private readonly byte[] _list = new byte[ExtendedAttributes.MaxLowerValueLength];
    private readonly byte[] _value = new byte[ExtendedAttributes.MaxLowerValueLength];
    private readonly byte[] _plain = new byte[ExtendedAttributes.MaxLowerValueLength];

    // Of the directory that is being listed: side files of targets, and those that links name.
    private readonly HashSet<string> _targetFiles = [];
    private readonly HashSet<string> _usedTargets = [];
    private readonly List<byte[]> _nameFiles = [];

    /// <summary>Makes one for the calling thread.</summary>
    internal EntryChecker(CheckContext context)
    {
        _context = context;
        _cipher = new NameCipher(context.NamesKey);
        _names = context.HasPlainNames ? new PlainNames() : new EncryptedNames(_cipher);
        _targets = new SymlinkTargets(_cipher);
        _attributes = new ExtendedAttributes(_cipher);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _attributes.Dispose();
        _names.Dispose();
        _cipher.Dispose();
    }

    /// <summary>A directory's listing begins.</summary>
    internal void Begin()
    {
        _targetFiles.Clear();
        _usedTargets.Clear();
        _nameFiles.Clear();
    }

    /// <summary>Its listing is over: what no entry needed is found.</summary>
    internal void End(CheckedDirectory directory)
    {
        foreach (byte[] file in _nameFiles)
        {
            byte[] entry = [.. file.AsSpan(0, LowerNames.HashLength), .. ".long"u8];
            if (Libc.Statx(directory.Fd, entry, out _) == Errno.ENOENT)
            {
                Stray(directory, file);
            }
        }

        foreach (string file in _targetFiles.Except(_usedTargets))
        {
            Stray(directory, Encoding.ASCII.GetBytes(file));
        }
    }

    /// <summary>The upper name of an entry; false for one that is not to be looked into further.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="name">Its lower name.</param>
    /// <param name="inRoot">Whether that is the lower root.</param>
    /// <param name="report">Whether what is wrong with it is to be told.</param>
    /// <param name="upper">The upper name.</param>
    internal bool TryName(CheckedDirectory directory, ReadOnlySpan<byte> name, bool inRoot, bool report, out byte[]? upper)
    {
        upper = null;
        LowerNameKind kind = _names.Decode(name, inRoot, _upper, out int length);
        CheckKind problem = CheckKind.InvalidName;
        if (kind == LowerNameKind.Long)
        {
            problem = CheckKind.LostLongName;
            kind = ReadLongName(directory.Fd, name, out length);
        }

        switch (kind)
        {
            case LowerNameKind.Name:
                upper = _upper[..length];
                return true;
            case LowerNameKind.SideFile:
                if (LowerNames.IsTargetCompanion(name))
                {
                    _ = _targetFiles.Add(Encoding.ASCII.GetString(name));
                }
                else if (LowerNames.IsCompanion(name))
                {
                    _nameFiles.Add(name.ToArray());
                }

                return false;
            case LowerNameKind.Foreign:
                problem = CheckKind.ForeignName;
                break;
            default:
                break;
        }

        if (report)
        {
            string lowerPath = Path(directory.LowerPath, name);
            _context.Found(new CheckFinding(problem, lowerPath, lowerPath, "", false));
        }

        return false;
    }

    /// <summary>Checks a symbolic link's target.</summary>
    internal void CheckLink(SafeFd directory, ReadOnlySpan<byte> name, string path, string lowerPath)
    {
        Errno error = Libc.ReadLink(directory, name, _text, out int length);
        TargetStatus status = TargetStatus.AuthenticationFailed;
        if (error == Errno.None)
        {
            byte[] text = _text[..length];
            status = _targets.Decode(text, _target, out _);
            if (status == TargetStatus.Companion)
            {
                _ = _usedTargets.Add(Encoding.ASCII.GetString(text));
                status = ReadFile(directory, text, out int size) == Errno.None
                    ? _targets.DecodeCompanion(text, _text.AsSpan(0, size), _target, out _)
                    : TargetStatus.AuthenticationFailed;
            }
        }

        if (status != TargetStatus.Ok && !(error == Errno.ENOENT && _context.IsOnline))
        {
            _context.Found(new CheckFinding(CheckKind.DamagedLink, path, lowerPath, "", false));
        }
    }

    /// <summary>Checks an entry's encrypted attributes.</summary>
    internal void CheckAttributes(SafeFd directory, ReadOnlySpan<byte> name, string path, string lowerPath)
    {
        if (Libc.ListXattr(directory, name, _list, out int count) != Errno.None)
        {
            return; // A lower filesystem without them, or an entry that has gone.
        }

        ReadOnlySpan<byte> rest = _list.AsSpan(0, count);
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            ReadOnlySpan<byte> attribute = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (attribute.StartsWith("user.stackfs."u8) && !IsAttributeGood(directory, name, attribute))
            {
                _context.Found(new CheckFinding(
                    CheckKind.DamagedAttribute, path, lowerPath, Encoding.ASCII.GetString(attribute), false));
            }
        }
    }

    private bool IsAttributeGood(SafeFd directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> attribute)
    {
        Errno error = Libc.GetXattr(directory, name, attribute, _value, out int size);
        if (error != Errno.None)
        {
            return error == Errno.ENODATA; // It has just been removed.
        }

        XattrStatus status = _attributes.DecodeName(attribute, _upper, out int length);
        if (status == XattrStatus.Long)
        {
            status = _attributes.DecodeLongName(attribute, _value.AsSpan(0, size), _upper, out length);
        }

        return status == XattrStatus.Ok
            && _attributes.DecodeValue(_upper.AsSpan(0, length), _value.AsSpan(0, size), _plain, out _) == XattrStatus.Ok;
    }

    private LowerNameKind ReadLongName(SafeFd directory, ReadOnlySpan<byte> name, out int length)
    {
        length = 0;
        Span<byte> companion = stackalloc byte[LowerNames.LongLength];
        _ = LowerNames.WriteCompanionName(name, companion);
        return ReadFile(directory, companion, out int size) == Errno.None
            ? _names.DecodeLong(name, _text.AsSpan(0, size), _upper, out length)
            : LowerNameKind.Invalid;
    }

    private Errno ReadFile(SafeFd directory, ReadOnlySpan<byte> name, out int size)
    {
        size = 0;
        Errno error = Libc.OpenBeneath(
            directory, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoFollow, 0, out SafeFd? fd);
        using (fd)
        {
            return error == Errno.None ? Libc.PReadFully(fd!, _text, 0, out size) : error;
        }
    }

    // Its content is kept: whoever wants to know what name or target it was can decrypt it.
    private void Stray(CheckedDirectory directory, byte[] name)
    {
        string lowerPath = Path(directory.LowerPath, name);
        bool repaired = _context.Repairs
            && ReadFile(directory.Fd, name, out int size) == Errno.None
            && _context.Copies!.Keep(lowerPath, "side-file", _text.AsSpan(0, size)) == Errno.None
            && Libc.Unlink(directory.Fd, name) == Errno.None;
        _context.Found(new CheckFinding(CheckKind.StraySideFile, lowerPath, lowerPath, "", repaired));
    }

    private static string Path(string directory, ReadOnlySpan<byte> name) =>
        directory.Length == 0 ? Encoding.UTF8.GetString(name) : directory + "/" + Encoding.UTF8.GetString(name);
}

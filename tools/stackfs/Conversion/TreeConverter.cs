using System.Text;
using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Mounting;
using StackFs.Names;
using StackFs.Operations;

namespace StackFs.Cli.Conversion;

/// <summary>
/// Makes native files of eCryptfs ones in the lower directories themselves, entry by entry: a file is stored beside its
/// original under a name that no mount shows, made durable, read back and compared, given its attributes and its native name;
/// its original goes only when that name is durable too. Killed at any moment and begun again it goes on, and a mount with
/// <c>legacy=</c> shows every file in between.
/// </summary>
/// <remarks>One thread's.</remarks>
internal sealed partial class TreeConverter : IDisposable
{
    private const int Chunk = 1 << 20;

    // Originals that may wait for one fsync(2) of their directory.
    private const int MostPending = 64;
    private const long MostPendingBytes = 64L << 20;

    private readonly OperationWorker _worker;
    private readonly ConversionJournal? _journal;
    private readonly SafeFd? _root;
    private readonly bool _inPlace;
    private readonly byte[] _one = new byte[Chunk];
    private readonly byte[] _two = new byte[Chunk];
    private readonly byte[] _name = new byte[LowerNames.MaxLength + 1];

    /// <summary>A converter, or with no journal a counter.</summary>
    /// <param name="filesystem">The volume, with the keys of the eCryptfs files; stays the caller's, mounted nowhere.</param>
    /// <param name="journal">What an earlier run could not finish; null where nothing is to be changed.</param>
    /// <param name="root">The new tree's root, readable; null with the journal.</param>
    /// <param name="inPlace">Whether originals are in that tree too, and go.</param>
    internal TreeConverter(StackFsFilesystem filesystem, ConversionJournal? journal, SafeFd? root, bool inPlace)
    {
        _worker = (OperationWorker)filesystem.CreateWorker();
        _journal = journal;
        _root = root;
        _inPlace = inPlace;
    }

    /// <summary>What was done.</summary>
    internal ConversionCounts Counts { get; } = new();

    /// <summary>Told of bytes done.</summary>
    internal Action<long> Progress { get; init; } = static _ => { };

    /// <summary>Told in a line what could not be converted.</summary>
    internal Action<string> Problem { get; init; } = static _ => { };

    /// <summary>Called before each change of a lower directory, for tests that end it there.</summary>
    internal Action BeforeChange { get; init; } = static () => { };

    /// <summary>Whether a counter opens every file, to see that its key is here.</summary>
    internal bool OpensFiles { get; init; }

    /// <summary>Why it ended before everything was tried: ENOSPC, EDQUOT, EROFS; else None.</summary>
    internal Errno Stopped { get; private set; }

    /// <summary>Converts what is in the root.</summary>
    /// <param name="from">The old root, readable.</param>
    internal Errno Convert(SafeFd from)
    {
        Place root = new(from, _root, [], "", InRoot: true);
        return Directory(root);
    }

    /// <inheritdoc/>
    public void Dispose() => _worker.Dispose();

    private Errno Directory(Place place)
    {
        List<byte[]> names = [];
        Errno error = List(place.From, names);
        foreach (byte[] name in names)
        {
            if (Stopped != Errno.None)
            {
                break;
            }

            Errno one = Entry(place, name, out string shown);
            if (IsFull(one) && place.Pending.Count > 0)
            {
                // What waits to be removed makes room.
                Settle(place);
                one = Entry(place, name, out shown);
            }

            if (IsFull(one))
            {
                Stopped = one;
            }
            else if (one != Errno.None)
            {
                Counts.Failed++;
                Problem($"{shown}: {Reason(one)}; left as it is");
            }
        }

        Settle(place);
        if (place.To is not null)
        {
            _ = Libc.Unlink(place.To, LowerNames.ConversionName); // Usually there is none.
        }

        return error;
    }

    private Errno Entry(Place place, byte[] name, out string shown)
    {
        LowerNameKind kind = Classify(name, place.InRoot, out byte[] upper);
        shown = place.ShownPath(upper);
        if (kind == LowerNameKind.SideFile)
        {
            return Errno.None;
        }

        Errno error = Libc.Statx(place.From, name, out StatxBuffer status);
        if (error != Errno.None)
        {
            return error;
        }

        bool isDirectory = ModeBits.IsDirectory(status.Mode);
        if (kind is LowerNameKind.Name or LowerNameKind.Long)
        {
            // Native already. Only a directory can have something left in it.
            return isDirectory && _inPlace ? Below(place, name, name, shown, in status) : Errno.None;
        }

        if (kind != LowerNameKind.Legacy)
        {
            return Errno.ENOKEY;
        }

        if (isDirectory)
        {
            Counts.Directories++;
            return _journal is null ? Below(place, name, name, shown, in status) : LegacyDirectory(place, name, upper, shown, in status);
        }

        bool isFile = ModeBits.IsRegular(status.Mode);
        long size = isFile ? SizeOf(place.From, name, in status) : 0;
        Counts.Add(shown, isFile, size);
        if (_journal is null)
        {
            return isFile && OpensFiles ? TryOpen(place.From, name, shown) : Errno.None;
        }

        error = isFile ? RegularFile(place, name, upper, shown, in status)
            : ModeBits.IsSymbolicLink(status.Mode) ? Link(place, name, upper, in status)
            : Special(place, name, upper, in status);
        Progress(error == Errno.None ? size : 0);
        if (place.Pending.Count >= MostPending || place.PendingBytes >= MostPendingBytes)
        {
            Settle(place);
        }

        return error;
    }

    // Of a counter without a volume, every name that decodes is an eCryptfs one.
    private LowerNameKind Classify(byte[] name, bool inRoot, out byte[] upper)
    {
        LowerNameKind kind = LegacyEntries.Classify(_worker, name, inRoot, out int length);
        upper = kind is LowerNameKind.Name or LowerNameKind.Legacy ? _worker.UpperName[..length] : name;
        return kind == LowerNameKind.Name && _worker.Legacy is null ? LowerNameKind.Legacy : kind;
    }

    private Errno LegacyDirectory(Place place, byte[] name, byte[] upper, string shown, in StatxBuffer status)
    {
        Errno error = NativeName(place, upper, out byte[] native, out bool isThere);
        _ = _journal!.TimesOf(in status);
        if (error == Errno.None && !_inPlace)
        {
            BeforeChange();
            error = isThere ? Errno.None : Libc.MakeDirectory(place.To!, native, 0x1C0);
            error = error == Errno.None ? Below(place, name, native, shown, in status) : error;

            // After what is in it, which its mode may forbid to make.
            return error == Errno.None ? Attributes(place.From, name, place.To!, native, in status) : error;
        }

        if (error == Errno.None)
        {
            // First its attributes, while its old name says that it is not done.
            error = isThere ? Errno.EEXIST : OwnAttributes(place.From, name);
            if (error == Errno.None)
            {
                BeforeChange();
                error = Libc.Rename(place.From, name, place.To!, native, 0);
            }
        }

        return error == Errno.None ? Below(place, native, native, shown, in status) : error;
    }

    /// <summary>Converts what is in a directory, and gives it the times that it had.</summary>
    private Errno Below(Place place, byte[] name, byte[] native, string shown, in StatxBuffer status)
    {
        int flags = OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.Directory;
        Errno error = Libc.OpenBeneath(place.From, name, flags, 0, out SafeFd? old);
        if (error != Errno.None)
        {
            return error;
        }

        using (old)
        {
            SafeFd? fresh = _inPlace || place.To is null ? old : null;
            error = fresh is null && place.To is not null ? Libc.OpenBeneath(place.To, native, flags, 0, out fresh) : Errno.None;
            using (ReferenceEquals(fresh, old) ? null : fresh)
            {
                if (_journal is null || error != Errno.None)
                {
                    return error == Errno.None ? Directory(new Place(old!, null, [], shown, InRoot: false)) : error;
                }

                (Timespec access, Timespec modify) = _journal.TimesOf(in status);
                error = Directory(new Place(old!, fresh, place.NativePath(native), shown, InRoot: false));
                BeforeChange();
                return error == Errno.None ? Libc.ChangeTimes(fresh!, [], access, modify) : error;
            }
        }
    }

    /// <summary>Removes the originals that are converted, once the names of what replaces them are durable.</summary>
    private void Settle(Place place)
    {
        if (place.Pending.Count > 0 && _inPlace)
        {
            BeforeChange();
            Errno error = Libc.Sync(place.To!, dataOnly: false);
            foreach (byte[] name in error == Errno.None ? place.Pending : [])
            {
                BeforeChange();
                error = Libc.Unlink(place.From, name);
                if (error is not (Errno.None or Errno.ENOENT))
                {
                    break;
                }
            }

            if (error is not (Errno.None or Errno.ENOENT))
            {
                Counts.Failed++;
                Problem($"{place.Shown}/: {Reason(error)}; what was converted is there, its originals stay");
            }
        }

        place.Pending.Clear();
        place.PendingBytes = 0;
    }

    private Errno NativeName(Place place, byte[] upper, out byte[] native, out bool isThere)
    {
        native = [];
        isThere = false;
        NameStatus encoded = _worker.Names.Encode(upper, place.InRoot, _name, out int length);
        Errno error = NameErrno.From(encoded);
        if (error != Errno.None)
        {
            return error;
        }

        native = _name[..length];
        error = Libc.Statx(place.To!, native, out _);
        isThere = error == Errno.None;
        if (error != Errno.ENOENT)
        {
            return error;
        }

        if (encoded != NameStatus.Long)
        {
            return Errno.None;
        }

        BeforeChange();
        using LowerAddress directory = LowerAddress.OfDescriptor(place.To!);
        return Companions.WriteName(_worker, in directory, new EntryName(upper, native, isLong: true));
    }

    private static bool IsFull(Errno error) => error is Errno.ENOSPC or Errno.EDQUOT or Errno.EROFS;

    private static string Reason(Errno error) => error switch
    {
        Errno.ENOKEY => "made with a key that was not given",
        Errno.EEXIST => "is there in both formats, with another content",
        Errno.EBADMSG => "reads back otherwise than it was written",
        _ => Output.ErrnoText.Of(error),
    };

    private static Errno List(SafeFd directory, List<byte[]> names)
    {
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            Errno error = Libc.ReadDirectory(directory, buffer, out int length);
            if (error != Errno.None || length == 0)
            {
                return error;
            }

            DirectoryRecords records = new(buffer.AsSpan(0, length));
            while (records.MoveNext())
            {
                if (!records.Name.SequenceEqual("."u8) && !records.Name.SequenceEqual(".."u8))
                {
                    names.Add(records.Name.ToArray());
                }
            }
        }
    }

    /// <summary>A directory that is being converted.</summary>
    /// <param name="From">Where the originals are.</param>
    /// <param name="To">Where the native files go; the same in place, null to count only.</param>
    /// <param name="Path">The path of that in the new tree, by lower names.</param>
    /// <param name="Shown">Its path for people.</param>
    /// <param name="InRoot">Whether it is the root.</param>
    private sealed record Place(SafeFd From, SafeFd? To, byte[] Path, string Shown, bool InRoot)
    {
        internal List<byte[]> Pending { get; } = [];

        internal long PendingBytes { get; set; }

        internal byte[] NativePath(byte[] native) => Path.Length == 0 ? native : [.. Path, (byte)'/', .. native];

        internal string ShownPath(byte[] upper) =>
            Shown.Length == 0 ? Encoding.UTF8.GetString(upper) : $"{Shown}/{Encoding.UTF8.GetString(upper)}";
    }
}

using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <summary>
/// A file of the native format while it is open. It leaves its lower file so that a crash at any moment loses nothing that
/// was synced (Codecs/Native/FORMAT.md 2.4 to 2.6).
/// </summary>
/// <remarks>
/// <para>Locking: <see cref="ExtentRangeLock"/> orders operations by extents. Fields below that describe the file's end or
/// its header (size, lower size, last extent, header, sparse) change only under an exclusive claim that reaches to the
/// end, see there. An operation holds one claim and one rented cipher context, taken in that order.</para>
/// <para>Under the kernel's writeback cache WRITE requests come out of order and may begin far past the end: what they jump
/// over is a gap, zeros to a reader, and a hole only if it is still there when the file is sealed.</para>
/// </remarks>
internal sealed partial class NativeFile : OpenFile
{
    // So many separate gaps that a file can only be one with holes; beyond it they are not kept one by one.
    private const int MaxGaps = 4096;

    private readonly LowerFile _lower;
    private readonly NativeVolume _volume;
    private readonly OpenFileOptions _options;
    private readonly ContentReports _reports;
    private readonly object _name;

    private readonly ExtentRangeLock _ranges = new();
    private readonly ExtentRangeSet _gaps = new();
    private readonly LastExtentCache _lastExtent = new();

    private ExtentCipherPool? _ciphers;
    private HeaderPresence _header;
    private long _size;
    private long _lowerSize;
    private bool _lastIsFinal = true;
    private volatile bool _isSparse;
    private volatile bool _modified;
    private bool _isSizeMisleading;

    // Whether any page may not be durable, and whether those that give the rest its meaning may not: the last extent, and
    // the header's SPARSE. In a file with holes they must be, before what stands in front of them goes.
    private volatile bool _unsynced;
    private volatile bool _anchorsUnsynced;

    private NativeFile(LowerFile lower, NativeVolume volume, OpenFileOptions options, ContentReports reports, object name)
    {
        _lower = lower;
        _volume = volume;
        _options = options;
        _reports = reports;
        _name = name;
    }

    private enum HeaderPresence
    {
        /// <summary>Not there, and nothing else is.</summary>
        None,

        /// <summary>Read or written, its keys at hand.</summary>
        Present,

        /// <summary>Zeros, with extents behind it: nothing can be read, nothing is overwritten.</summary>
        Erased,

        /// <summary>There, but its keys were taken away, or could not be had again.</summary>
        Withheld,
    }

    /// <inheritdoc/>
    public override long Size => Volatile.Read(ref _size);

    /// <inheritdoc/>
    public override bool IsLost => _header == HeaderPresence.Erased;

    /// <inheritdoc/>
    public override bool IsSizeMisleading => _isSizeMisleading;

    /// <inheritdoc/>
    public override bool NeedsSeal => _modified;

    /// <summary>Why the content can be neither read nor changed; none where it can.</summary>
    private Errno Barred => _header switch
    {
        HeaderPresence.Erased => Errno.EIO,
        HeaderPresence.Withheld => _withheld,
        _ => Errno.None,
    };

    /// <summary>Whether a zero page within the file is a hole.</summary>
    private bool IsSparse => _isSparse;

    /// <summary>Opens the content of a lower file: reads its header and establishes its size.</summary>
    /// <param name="lower">The lower file, readable; the result owns it, also when opening fails.</param>
    /// <param name="volume">Makes and opens the headers of its files.</param>
    /// <param name="options">How the mount wants it.</param>
    /// <param name="reports">Receives what is not as it should be.</param>
    /// <param name="name">Names the lower file in a report, through <see cref="object.ToString"/>.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <param name="file">The open file, which the caller disposes after its last handle is released.</param>
    /// <returns>
    /// ENOKEY for another volume's file or a key taken away; EOPNOTSUPP for a later version of the format; EIO for a header
    /// that is damaged or no header at all, and under <see cref="OpenFileOptions.Strict"/> for a file that was cut short;
    /// errors of the lower filesystem.
    /// </returns>
    public static Errno Open(
        LowerFile lower, NativeVolume volume, OpenFileOptions options, ContentReports reports, object name,
        ContentScratch scratch, out OpenFile? file)
    {
        NativeFile opened = new(lower, volume, options, reports, name);
        Errno error = opened.EstablishFirst(scratch);
        if (error != Errno.None)
        {
            opened.Dispose();
            opened = null!;
        }
        else
        {
            opened._isSizeMisleading =
                NativeSizeRule.TryGetUpperSize(opened._lowerSize, out long told) && told != opened.Size;
        }

        file = opened;
        return error;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _lastExtent.Dispose();
            _ciphers?.Dispose();
            _keys?.Dispose();
            _lower.Dispose();
        }

        base.Dispose(disposing);
    }

    // Extents that a write or a growing truncate jumped over.
    private void AddGap(long first, long last, ContentScratch scratch)
    {
        if (IsSparse || first > last)
        {
            return;
        }

        _gaps.Add(first, last);
        if (_gaps.RangeCount > MaxGaps || _options.Shared)
        {
            // Another client must know a gap for what it is at once. A failure keeps the gaps, and sealing tries again.
            _ = SetSparse(scratch);
        }
    }

    private void Report(ContentFinding finding, long extent = -1)
    {
        if (!_isRefreshing)
        {
            _reports.Report(finding, _name, extent);
        }
    }
}

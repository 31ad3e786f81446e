using System.Globalization;
using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Checking;

/// <summary>
/// Verifies one lower file after the other: header, every extent, size (Codecs/Native/FORMAT.md sections 2 and 6). One
/// thread's, with buffers of its own; a file is read once, from its beginning to its end.
/// </summary>
internal sealed class FileChecker : IDisposable
{
    private const int RunPages = 256;
    private const int Tries = 3;
    private const int Sequential = 2; // POSIX_FADV_SEQUENTIAL
    private const int DoNotKeep = 4; // POSIX_FADV_DONTNEED

    private readonly CheckContext _context;
    private readonly ContentScratch _scratch = new(RunPages);
    private readonly List<CheckFinding> _findings = [];
    private ExtentCipher? _cipher;
    private string _path = "";
    private string _lowerPath = "";

    /// <summary>Makes one for the calling thread.</summary>
    internal FileChecker(CheckContext context) => _context = context;

    /// <inheritdoc/>
    public void Dispose()
    {
        _cipher?.Dispose();
        _scratch.Dispose();
    }

    /// <summary>Checks a file; findings go to the context.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="name">Its lower name.</param>
    /// <param name="path">Its upper path, for people.</param>
    /// <param name="lowerPath">Its lower path, for people.</param>
    internal void Check(SafeFd directory, ReadOnlySpan<byte> name, string path, string lowerPath)
    {
        _path = path;
        _lowerPath = lowerPath;
        int access = _context.Repairs ? OpenFlags.ReadWrite : OpenFlags.ReadOnly;
        Errno error = Libc.OpenBeneath(directory, name, access | OpenFlags.NoFollow | OpenFlags.NonBlocking, 0, out SafeFd? fd);
        if (error is Errno.EACCES or Errno.EPERM or Errno.EROFS && _context.Repairs)
        {
            error = Libc.OpenBeneath(directory, name, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking, 0, out fd);
        }

        if (error == Errno.ENOENT && _context.IsOnline)
        {
            return; // Gone meanwhile.
        }

        using (fd)
        {
            if (error == Errno.None)
            {
                _ = Libc.Advise(fd!, 0, 0, Sequential); // Advice may be ignored.
                error = CheckUntilStill(fd!);
            }

            if (error != Errno.None)
            {
                _findings.Clear();
                Find(CheckKind.Unreadable, error.ToString());
            }

            foreach (CheckFinding finding in _findings)
            {
                _context.Found(finding);
            }

            if (error == Errno.None && _context.SalvageDirectory is { } salvage && _findings.Any(f => f.Kind
                is CheckKind.DamagedExtents or CheckKind.ErasedExtents or CheckKind.CutShort))
            {
                new Salvage(_context, _scratch).Save(fd!, salvage, path, lowerPath);
            }

            _findings.Clear();
        }
    }

    // A file that changes while it is read may look damaged without being so.
    private Errno CheckUntilStill(SafeFd fd)
    {
        for (int attempt = 1; ; attempt++)
        {
            _findings.Clear();
            Errno error = Libc.Statx(fd, [], out StatxBuffer before);
            error = error == Errno.None ? CheckContent(fd, (long)before.Size) : error;
            if (error != Errno.None || _findings.Count == 0 || !_context.IsOnline)
            {
                return error;
            }

            error = Libc.Statx(fd, [], out StatxBuffer after);
            bool isStill = before.Size == after.Size && before.ChangeTime.Seconds == after.ChangeTime.Seconds
                && before.ChangeTime.Nanoseconds == after.ChangeTime.Nanoseconds;
            if (error != Errno.None || isStill || attempt == Tries)
            {
                // What is being written at this moment is not sealed; that it is still changing is no finding.
                _findings.RemoveAll(f => f.Kind == CheckKind.NotSealed || !isStill);
                return error;
            }
        }
    }

    private Errno CheckContent(SafeFd fd, long lowerSize)
    {
        if (lowerSize == 0)
        {
            return Errno.None;
        }

        Span<byte> header = _scratch.Header;
        Errno error = Libc.PReadFully(fd, header, 0, out int got);
        if (error != Errno.None)
        {
            return error;
        }

        HeaderStatus status = _context.Volume.Open(header[..got], out HeaderFlags flags, out FileKeys? keys);
        if (status is HeaderStatus.Malformed or HeaderStatus.AuthenticationFailed or HeaderStatus.UnknownFlags
            or HeaderStatus.UnknownSuite or HeaderStatus.UnknownVersion && got == ExtentLayout.PageSize)
        {
            keys = Mend(fd, ref status, ref flags);
        }

        using (keys)
        {
            switch (status)
            {
                case HeaderStatus.Ok:
                    Rekey(keys!);
                    return CheckExtents(fd, lowerSize, (flags & HeaderFlags.Sparse) != 0);
                case HeaderStatus.Empty:
                    return CheckWithoutHeader(fd, lowerSize);
                default:
                    Find(KindOf(status), "");
                    return Errno.None;
            }
        }
    }

    private static CheckKind KindOf(HeaderStatus status) => status switch
    {
        HeaderStatus.NotStackFs => CheckKind.NotStackFs,
        HeaderStatus.OtherVolume => CheckKind.OtherVolume,
        HeaderStatus.UnknownVersion or HeaderStatus.UnknownSuite or HeaderStatus.UnknownFlags => CheckKind.NewerVersion,
        _ => CheckKind.DamagedHeader,
    };

    private void Rekey(FileKeys keys)
    {
        if (_cipher is null)
        {
            _cipher = new ExtentCipher(keys);
        }
        else
        {
            _cipher.Rekey(keys);
        }
    }

    // The header as it was, where its own MAC proves it.
    private FileKeys? Mend(SafeFd fd, ref HeaderStatus status, ref HeaderFlags flags)
    {
        byte[] before = _scratch.Header.ToArray();
        if (!_context.Volume.TryMend(_scratch.Header))
        {
            return null;
        }

        bool repaired = false;
        if (_context.Repairs && _context.Copies!.Keep(_lowerPath, "header", before) == Errno.None)
        {
            repaired = Libc.PWriteFully(fd, _scratch.Header, 0, out _) == Errno.None && Libc.Sync(fd, dataOnly: false) == Errno.None;
        }

        Find(CheckKind.TornHeader, "", repaired);
        status = _context.Volume.Open(_scratch.Header, out flags, out FileKeys? keys);
        return keys;
    }

    private Errno CheckWithoutHeader(SafeFd fd, long lowerSize)
    {
        Errno error = Libc.Seek(fd, ExtentLayout.PageSize, DataFlags.SeekData, out long data);
        bool isEmpty = error == Errno.ENXIO || lowerSize <= ExtentLayout.PageSize;
        for (long at = ExtentLayout.PageSize; !isEmpty && at < lowerSize; at += RunPages * ExtentLayout.PageSize)
        {
            error = Libc.PReadFully(fd, _scratch.Run(RunPages), at, out int got);
            if (error != Errno.None)
            {
                return error;
            }

            if (_scratch.Run(RunPages)[..got].ContainsAnyExcept((byte)0))
            {
                Find(CheckKind.ErasedHeader, "");
                return Errno.None;
            }
        }

        Find(CheckKind.LostHeader, "");
        return Errno.None;
    }

    private Errno CheckExtents(SafeFd fd, long lowerSize, bool isSparse)
    {
        long pages = ExtentLayout.PagesIn(lowerSize);
        Ranges damaged = default, erased = default;
        long last = -1, staleEnds = 0, zerosFrom = -1;
        ExtentMeta lastMeta = default;
        bool lastIsGood = false;
        for (long first = 0; first < pages;)
        {
            if (_context.Cancellation.IsCancellationRequested)
            {
                return Errno.None;
            }

            if (isSparse && Libc.Seek(fd, ExtentLayout.LowerStart(first), DataFlags.SeekData, out long data) is var seek
                && (seek == Errno.ENXIO || (seek == Errno.None && data >= ExtentLayout.LowerEnd(first))))
            {
                first = seek == Errno.ENXIO ? pages : Math.Min(pages, (data / ExtentLayout.PageSize) - 1);
                continue;
            }

            int count = (int)Math.Min(RunPages, pages - first);
            Errno error = Libc.PReadFully(fd, _scratch.Run(count), ExtentLayout.LowerStart(first), out int got);
            if (error != Errno.None)
            {
                return error;
            }

            _scratch.Run(count)[got..].Clear();
            for (int page = 0; page < count; page++)
            {
                long index = first + page;
                ExtentStatus status = _cipher!.OpenInPlace(index, _scratch.RunPage(page), out ExtentMeta meta);
                if (status == ExtentStatus.Hole)
                {
                    zerosFrom = zerosFrom < 0 ? index : zerosFrom;
                    continue;
                }

                if (zerosFrom >= 0 && !isSparse)
                {
                    erased.Add(zerosFrom, index - 1);
                }

                zerosFrom = -1;
                staleEnds += lastIsGood && lastMeta.IsFinal ? 1 : 0;
                (last, lastMeta, lastIsGood) = (index, meta, status == ExtentStatus.Ok);
                if (!lastIsGood)
                {
                    damaged.Add(index, index);
                }
            }

            _context.Totals.AddBytes(got);
            _context.Progress(got);
            first += count;
        }

        if (!_context.IsOnline)
        {
            _ = Libc.Advise(fd, 0, 0, DoNotKeep); // What is read once need not push out what is in use; advice may be ignored.
        }

        Report(in damaged, CheckKind.DamagedExtents);
        Report(in erased, CheckKind.ErasedExtents);
        if (staleEnds > 0)
        {
            Find(CheckKind.StaleEnd, "");
        }

        return last < 0 || lastIsGood ? CheckSize(fd, lowerSize, last, lastMeta) : Errno.None;
    }

    // What opening establishes, against what the lower size says.
    private Errno CheckSize(SafeFd fd, long lowerSize, long last, ExtentMeta lastMeta)
    {
        long size = last < 0 ? 0 : ExtentLayout.UpperStart(last) + lastMeta.Count;
        bool isSealed = NativeSizeRule.TryGetUpperSize(lowerSize, out long told);
        if ((last >= 0 && !lastMeta.IsFinal) || (isSealed && told != size))
        {
            Find(CheckKind.CutShort, isSealed
                ? string.Create(CultureInfo.InvariantCulture, $"{size} bytes, of {told}")
                : string.Create(CultureInfo.InvariantCulture, $"{size} bytes are left"));
            return Errno.None;
        }

        if (isSealed || !NativeSizeRule.TryGetLowerSize(size, out long target))
        {
            return Errno.None;
        }

        if (last < 0 && lowerSize > ExtentLayout.PageSize)
        {
            // Room was made, and nothing written to it reached the disk.
            target = ExtentLayout.PageSize;
        }

        // The end is whole and says that it is the end. The size that was is kept by the finding; nothing else goes.
        bool repaired = _context.Repairs && new DescriptorLength(fd).Set(target) == Errno.None;
        Find(CheckKind.NotSealed, string.Create(CultureInfo.InvariantCulture, $"lower size {lowerSize}, to be {target}"), repaired);
        return Errno.None;
    }

    private void Report(in Ranges ranges, CheckKind kind)
    {
        if (ranges.Count > 0)
        {
            Find(kind, string.Create(
                CultureInfo.InvariantCulture, $"{ranges.Count} of 4064 bytes, from byte {ExtentLayout.UpperStart(ranges.First)}"));
        }
    }

    private void Find(CheckKind kind, string detail, bool repaired = false) =>
        _findings.Add(new CheckFinding(kind, _path, _lowerPath, detail, repaired));

    // How many extents, and which is the first: a file can have more than a list has room for.
    private struct Ranges
    {
        internal long Count;
        internal long First;

        internal void Add(long first, long last)
        {
            First = Count == 0 ? first : First;
            Count += last - first + 1;
        }
    }

    // Times stay, as for any sealing.
    private readonly struct DescriptorLength(SafeFd fd)
    {
        internal Errno Set(long length)
        {
            Errno error = Libc.Statx(fd, [], out StatxBuffer before);
            error = error == Errno.None ? Libc.Truncate(fd, length) : error;
            if (error == Errno.None)
            {
                // Only the owner may; for others the change shows.
                _ = Libc.ChangeTimes(
                    fd,
                    [],
                    new Timespec(before.AccessTime.Seconds, before.AccessTime.Nanoseconds),
                    new Timespec(before.ModifyTime.Seconds, before.ModifyTime.Nanoseconds));
                error = Libc.Sync(fd, dataOnly: false);
            }

            return error;
        }
    }
}

using StackFs.Content;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Properties.Content;

/// <summary>
/// A lower file in memory that behaves as a local filesystem does and writes down every change, so that a test can ask
/// what a disk might hold had the power gone at any moment.
/// </summary>
/// <remarks>
/// Pages are immutable arrays: a write makes new ones, and a log entry keeps what the page became. Faults are put in by
/// counting down calls.
/// </remarks>
internal class ModelFile : LowerFile
{
    private readonly SortedDictionary<long, byte[]> _pages = [];
    private long _length;

    /// <summary>A new, empty file.</summary>
    public ModelFile()
    {
    }

    /// <summary>A file with given pages; those not named are holes.</summary>
    public ModelFile(long length, IEnumerable<KeyValuePair<long, byte[]>> pages)
    {
        _length = length;
        foreach ((long page, byte[] bytes) in pages)
        {
            _pages[page] = bytes;
        }
    }

    /// <summary>What was done since the file was made, in order.</summary>
    public List<LowerEvent> Log { get; } = [];

    /// <summary>The length now.</summary>
    public long Length => _length;

    /// <summary>The pages that are not holes.</summary>
    public IReadOnlyDictionary<long, byte[]> Pages => _pages;

    /// <summary>Bytes that writes may still put into new pages before ENOSPC; not limited unless set.</summary>
    public long Room { get; set; } = long.MaxValue;

    /// <summary>The write call, counted from 0, that ends after <see cref="ShortBytes"/>; none unless set.</summary>
    public int ShortWrite { get; set; } = -1;

    /// <summary>How much of that call is done.</summary>
    public int ShortBytes { get; set; }

    /// <summary>The changing call, counted from 0, that answers EIO and does nothing; none unless set.</summary>
    public int FailingCall { get; set; } = -1;

    /// <summary>Write calls so far.</summary>
    public int WriteCalls { get; private set; }

    /// <summary>Changing calls so far: write, length, allocate, sync.</summary>
    public int ChangingCalls { get; private set; }

    /// <summary>Whether fallocate(2) is there at all.</summary>
    public bool CanPunch { get; set; } = true;

    /// <inheritdoc/>
    public override Errno GetLength(out long length)
    {
        length = _length;
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Read(long lowerOffset, Span<byte> buffer, out int count)
    {
        count = (int)Math.Clamp(_length - lowerOffset, 0, buffer.Length);
        for (int at = 0; at < count;)
        {
            (long page, int skip) = Locate(lowerOffset + at);
            int take = Math.Min(ExtentLayout.PageSize - skip, count - at);
            Span<byte> part = buffer.Slice(at, take);
            if (_pages.TryGetValue(page, out byte[]? bytes))
            {
                bytes.AsSpan(skip, take).CopyTo(part);
            }
            else
            {
                part.Clear();
            }

            at += take;
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Write(long lowerOffset, ReadOnlySpan<byte> data, out int count)
    {
        count = 0;
        if (Fails())
        {
            return Errno.EIO;
        }

        int wanted = WriteCalls++ == ShortWrite ? Math.Min(ShortBytes, data.Length) : data.Length;
        while (count < wanted)
        {
            (long page, int skip) = Locate(lowerOffset + count);
            int take = Math.Min(ExtentLayout.PageSize - skip, wanted - count);
            if (!_pages.ContainsKey(page))
            {
                take = (int)Math.Min(take, Room);
                if (take == 0)
                {
                    break;
                }

                Room -= take;
            }

            byte[] bytes = _pages.TryGetValue(page, out byte[]? old) ? [.. old] : new byte[ExtentLayout.PageSize];
            data.Slice(count, take).CopyTo(bytes.AsSpan(skip));
            _pages[page] = bytes;
            count += take;
            long length = Math.Max(_length, lowerOffset + count);
            Log.Add(LowerEvent.PageBecame(page, bytes, _length = length));
        }

        return count > 0 || data.IsEmpty ? Errno.None : Errno.ENOSPC;
    }

    /// <inheritdoc/>
    public override Errno SetLength(long length)
    {
        if (Fails())
        {
            return Errno.EIO;
        }

        if (length < _length)
        {
            (long cut, int kept) = Locate(length);
            foreach (long page in _pages.Keys.Where(p => p > cut || (p == cut && kept == 0)).ToList())
            {
                _ = _pages.Remove(page);
                Log.Add(LowerEvent.PageBecame(page, null, _length));
            }

            if (_pages.TryGetValue(cut, out byte[]? bytes))
            {
                byte[] shorter = [.. bytes];
                shorter.AsSpan(kept).Clear();
                _pages[cut] = shorter;
                Log.Add(LowerEvent.PageBecame(cut, shorter, _length));
            }
        }

        Log.Add(LowerEvent.LengthBecame(_length = length));
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno SetLengthKeepingTimes(long length) => SetLength(length);

    /// <inheritdoc/>
    public override Errno Sync(bool dataOnly)
    {
        if (Fails())
        {
            return Errno.EIO;
        }

        Log.Add(LowerEvent.Synced);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno SeekData(long lowerOffset, out long found)
    {
        found = lowerOffset;
        for (long page = lowerOffset / ExtentLayout.PageSize; page * ExtentLayout.PageSize < _length; page++)
        {
            if (_pages.ContainsKey(page))
            {
                found = Math.Max(lowerOffset, page * ExtentLayout.PageSize);
                return found < _length ? Errno.None : Errno.ENXIO;
            }
        }

        return Errno.ENXIO;
    }

    /// <inheritdoc/>
    public override Errno SeekHole(long lowerOffset, out long found)
    {
        found = lowerOffset;
        if (lowerOffset >= _length)
        {
            return Errno.ENXIO;
        }

        long page = lowerOffset / ExtentLayout.PageSize;
        while (_pages.ContainsKey(page))
        {
            page++;
        }

        found = Math.Min(Math.Max(lowerOffset, page * ExtentLayout.PageSize), _length);
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Allocate(int mode, long lowerOffset, long length)
    {
        if (Fails())
        {
            return Errno.EIO;
        }

        if (!CanPunch)
        {
            return Errno.EOPNOTSUPP;
        }

        const int punchOrZero = 0x02 | 0x10;
        if ((mode & punchOrZero) != 0)
        {
            (long first, _) = Locate(lowerOffset);
            long end = (lowerOffset + length) / ExtentLayout.PageSize;
            for (long page = first; page < end; page++)
            {
                if (_pages.Remove(page))
                {
                    Log.Add(LowerEvent.PageBecame(page, null, _length));
                }
            }
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno LockHeader(bool forWriting) => Errno.None;

    /// <inheritdoc/>
    public override void UnlockHeader()
    {
    }

    private static (long Page, int Skip) Locate(long lowerOffset) =>
        (lowerOffset / ExtentLayout.PageSize, (int)(lowerOffset % ExtentLayout.PageSize));

    private bool Fails() => ChangingCalls++ == FailingCall;
}

/// <summary>One thing that changed a lower file.</summary>
/// <param name="Page">The page that changed, or -1.</param>
/// <param name="Bytes">What it became; null for a hole.</param>
/// <param name="Length">The file's length from then on.</param>
/// <param name="IsSync">Whether everything before became durable.</param>
internal sealed record LowerEvent(long Page, byte[]? Bytes, long Length, bool IsSync)
{
    /// <summary>Everything before became durable.</summary>
    public static LowerEvent Synced { get; } = new(-1, null, -1, IsSync: true);

    /// <summary>A page was written, or became a hole.</summary>
    public static LowerEvent PageBecame(long page, byte[]? bytes, long length) => new(page, bytes, length, IsSync: false);

    /// <summary>The length was set.</summary>
    public static LowerEvent LengthBecame(long length) => new(-1, null, length, IsSync: false);
}

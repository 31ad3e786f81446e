using System.Collections.Concurrent;
using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Names;

namespace StackFs.Checking;

/// <summary>
/// Walks a volume's lower tree: names, links, attributes and side files on the calling thread, contents on others. At any
/// time it holds one descriptor for each directory on the way down, and a bounded number of files to be read.
/// </summary>
internal sealed class TreeChecker : IDisposable
{
    private const int QueueLength = 256;

    private readonly CheckContext _context;
    private readonly BlockingCollection<Job> _queue = new(QueueLength);
    private readonly EntryChecker _entries;
    private readonly byte[] _records = new byte[32 << 10];

    /// <summary>Makes a checker of one volume.</summary>
    internal TreeChecker(CheckContext context)
    {
        _context = context;
        _entries = new EntryChecker(context);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _entries.Dispose();
        _queue.Dispose();
    }

    /// <summary>Checks everything, unless it is cancelled.</summary>
    /// <returns>What opening the lower root answers; everything else is a finding.</returns>
    internal Errno Run()
    {
        Thread[] readers = [.. Enumerable.Range(0, Math.Max(1, _context.Threads)).Select(i =>
        {
            Thread thread = new(Read) { IsBackground = true, Name = $"check-{i}" };
            thread.Start();
            return thread;
        })];
        try
        {
            Errno error = Libc.OpenBeneath(_context.Root, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out SafeFd? root);
            if (error == Errno.None)
            {
                Walk(root!);
            }

            return error;
        }
        finally
        {
            _queue.CompleteAdding();
            Array.ForEach(readers, static reader => reader.Join());
        }
    }

    // Depth first with a stack of its own: a lower tree can be deeper than the thread's.
    private void Walk(SafeFd root)
    {
        Stack<CheckedDirectory> open = [];
        try
        {
            open.Push(Enter(root, "", "", inRoot: true));
            while (open.TryPeek(out CheckedDirectory? directory))
            {
                if (_context.Cancellation.IsCancellationRequested || !directory.Below.TryPop(out Subdirectory below))
                {
                    open.Pop().Leave();
                    continue;
                }

                int flags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow;
                Errno error = Libc.OpenBeneath(directory.Fd, below.Name, flags, 0, out SafeFd? fd);
                string lowerPath = Join(directory.LowerPath, below.Name);
                if (error == Errno.None)
                {
                    open.Push(Enter(fd!, Join(directory.Path, below.Upper), lowerPath, inRoot: false));
                }
                else if (error != Errno.ENOENT || !_context.IsOnline)
                {
                    _context.Found(new CheckFinding(CheckKind.Unreadable, Join(directory.Path, below.Upper), lowerPath, error.ToString(), false));
                }
            }
        }
        finally
        {
            foreach (CheckedDirectory directory in open)
            {
                directory.Leave();
            }
        }
    }

    private CheckedDirectory Enter(SafeFd fd, string path, string lowerPath, bool inRoot)
    {
        CheckedDirectory directory = new(fd, path, lowerPath, _context);
        bool done = _context.IsDone(lowerPath);
        if (!done)
        {
            _context.Totals.AddDirectory();
            _entries.Begin();
        }

        while (!_context.Cancellation.IsCancellationRequested)
        {
            Errno error = Libc.ReadDirectory(fd, _records, out int length);
            if (error != Errno.None || length == 0)
            {
                if (error != Errno.None)
                {
                    _context.Found(new CheckFinding(CheckKind.Unreadable, path, lowerPath, error.ToString(), false));
                }

                break;
            }

            DirectoryRecords records = new(_records.AsSpan(0, length));
            while (records.MoveNext())
            {
                if (!records.Name.SequenceEqual("."u8) && !records.Name.SequenceEqual(".."u8))
                {
                    Entry(directory, records.Name, inRoot, done);
                }
            }
        }

        if (!done)
        {
            _entries.End(directory);
        }

        directory.Finish();
        return directory;
    }

    private void Entry(CheckedDirectory directory, ReadOnlySpan<byte> name, bool inRoot, bool done)
    {
        Errno error = Libc.Statx(directory.Fd, name, out StatxBuffer status);
        string lowerPath = Join(directory.LowerPath, name);
        if (error != Errno.None)
        {
            if (!done && !(error == Errno.ENOENT && _context.IsOnline))
            {
                _context.Found(new CheckFinding(CheckKind.Unreadable, lowerPath, lowerPath, error.ToString(), false));
            }

            return;
        }

        // Of a directory that was checked before, only what lies below its directories is looked at.
        bool isDirectory = ModeBits.IsDirectory(status.Mode);
        if (done && !isDirectory)
        {
            return;
        }

        if (!_entries.TryName(directory, name, inRoot, report: !done, out byte[]? upper))
        {
            return;
        }

        if (isDirectory)
        {
            directory.Below.Push(new Subdirectory(name.ToArray(), upper!));
        }

        if (done)
        {
            return;
        }

        string path = Join(directory.Path, upper!);
        _entries.CheckAttributes(directory.Fd, name, path, lowerPath);
        if (ModeBits.IsRegular(status.Mode))
        {
            directory.Hold();
            _queue.Add(new Job(directory, name.ToArray(), path, lowerPath));
        }
        else if (!isDirectory)
        {
            _context.Totals.AddOther();
            if (ModeBits.IsSymbolicLink(status.Mode))
            {
                _entries.CheckLink(directory.Fd, name, path, lowerPath);
            }
        }
    }

    private void Read()
    {
        using FileChecker checker = new(_context);
        foreach (Job job in _queue.GetConsumingEnumerable())
        {
            if (!_context.Cancellation.IsCancellationRequested)
            {
                checker.Check(job.Directory.Fd, job.Name, job.Path, job.LowerPath);
            }

            job.Directory.Release();
        }
    }

    private static string Join(string directory, ReadOnlySpan<byte> name) =>
        directory.Length == 0 ? Encoding.UTF8.GetString(name) : directory + "/" + Encoding.UTF8.GetString(name);

    private sealed record Job(CheckedDirectory Directory, byte[] Name, string Path, string LowerPath);
}

/// <summary>A directory in a directory, still to be entered.</summary>
/// <param name="Name">Its lower name.</param>
/// <param name="Upper">Its upper name.</param>
internal readonly record struct Subdirectory(byte[] Name, byte[] Upper);

/// <summary>
/// A directory whose entries are being checked. Its descriptor stays open until the walk has left it and all of its files
/// are read; when these are, its entries count as done.
/// </summary>
internal sealed class CheckedDirectory(SafeFd fd, string path, string lowerPath, CheckContext context)
{
    // The walk below it, its listing, and each file in the queue.
    private int _holders = 2;
    private int _unread = 1;
    private long _files;

    /// <summary>The directory, open for reading.</summary>
    internal SafeFd Fd => fd;

    /// <summary>Its upper path.</summary>
    internal string Path => path;

    /// <summary>Its lower path.</summary>
    internal string LowerPath => lowerPath;

    /// <summary>Directories in it; the walk's alone.</summary>
    internal Stack<Subdirectory> Below { get; } = [];

    /// <summary>A file of it goes to a reader.</summary>
    internal void Hold()
    {
        Interlocked.Increment(ref _holders);
        Interlocked.Increment(ref _unread);
        _files++;
    }

    /// <summary>A file of it was read.</summary>
    internal void Release()
    {
        Read();
        Leave();
    }

    /// <summary>All entries were listed.</summary>
    internal void Finish()
    {
        Read();
        Leave();
    }

    /// <summary>Somebody needs its descriptor no more.</summary>
    internal void Leave()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            fd.Dispose();
        }
    }

    private void Read()
    {
        if (Interlocked.Decrement(ref _unread) == 0 && !context.Cancellation.IsCancellationRequested && !context.IsDone(lowerPath))
        {
            context.Totals.AddFiles(_files);
            context.Done(lowerPath, _files);
        }
    }
}

using System.Globalization;
using StackFs.Content;
using StackFs.Fuse;
using StackFs.Inodes;
using StackFs.Keyring.Client;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Operations;

namespace StackFs.Mounting;

/// <summary>
/// A mount's side of its lease: gives the volume key back while files are open, mapped and dirty, and takes it up again
/// (LEASE.md has the order of things and the reasons). Called on the lease's thread.
/// </summary>
/// <remarks>
/// <c>_turn</c> is the outermost lock, held over a whole withdrawal and by the end of the session; no worker takes it.
/// </remarks>
internal sealed class KeyWithdrawal : ILeaseHolder
{
    // When the log says that it takes long; nothing is given up then.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Filesystem _filesystem;
    private readonly Action<string>? _log;
    private readonly Lock _turn = new();
    private readonly Lock _loan = new();
    private bool _hasEnded;

    /// <summary>Of a mount, telling <paramref name="log"/> what people may want to know.</summary>
    internal KeyWithdrawal(Filesystem filesystem, Action<string>? log)
    {
        _filesystem = filesystem;
        _log = log;
    }

    /// <summary>The session that serves the mount; set before the lease's thread starts.</summary>
    internal FuseSession? Session { get; set; }

    /// <inheritdoc/>
    public void GiveBack()
    {
        lock (_turn)
        {
            KeyGate keys = _filesystem.Keys;
            if (_hasEnded || Session is not { } session || keys.State == KeyState.Gone)
            {
                return;
            }

            using Timer slow = new(
                _ => _log?.Invoke("the key is wanted back and not all is written out yet: it stays, for that alone"),
                null,
                Patience,
                Timeout.InfiniteTimeSpan);
            long failed = keys.FailedWriteBack;
            keys.State = KeyState.Leaving;
            WaitForWorkers(session, clears: false);
            using (OperationWorker worker = new(_filesystem))
            {
                WriteOut(session, worker);
                int unsealed = Seal(worker);
                keys.State = KeyState.Gone;
                Tell(keys.FailedWriteBack - failed, unsealed);
            }

            WaitForWorkers(session, clears: true);
            ForEachOpen(static content => content.DropKeys());
            lock (_loan)
            {
                _filesystem.Format.DropKeys();
            }
        }
    }

    /// <inheritdoc/>
    public void TakeUp()
    {
        lock (_turn)
        {
            if (_hasEnded || _filesystem.Keys.State != KeyState.Gone)
            {
                return;
            }

            try
            {
                TakeKeys();
            }
            catch (SecretMemoryException error)
            {
                _log?.Invoke($"the key is back but cannot be used: {error.Message}");
            }
        }
    }

    /// <summary>
    /// Runs something that needs keys outside of a request, unless they are gone; they stay until it is done.
    /// </summary>
    /// <returns>ENOKEY; or what <paramref name="action"/> answers.</returns>
    internal Errno WithKeys(Func<Errno> action)
    {
        lock (_loan)
        {
            return _filesystem.Keys.State == KeyState.Gone ? Errno.ENOKEY : action();
        }
    }

    /// <summary>The session has ended: waits for what is under way, and does nothing from now on.</summary>
    internal void End()
    {
        lock (_turn)
        {
            _hasEnded = true;
        }
    }

    private static void WaitForWorkers(FuseSession session, bool clears)
    {
        while (!session.Round(clears, Patience))
        {
            // A worker waits for the lower tree, with keys in use that cannot be wiped under it.
        }
    }

    private void WriteOut(FuseSession session, OperationWorker worker)
    {
        KernelCaches caches = new(_filesystem, session.Notifier);
        caches.DropAttributes();

        // False: not to be reached by its path, or still at it. Dropping the pages writes what is left.
        _ = session.Synchronize(Patience);
        long before;
        do
        {
            before = _filesystem.Keys.WrittenBack;
            caches.DropPages();
        }
        while (_filesystem.Keys.WrittenBack != before);

        caches.DropNames(worker);
    }

    private int Seal(OperationWorker worker)
    {
        int failed = 0;
        ForEachOpen(content =>
        {
            if (content.File.Seal(worker.Scratch) != Errno.None)
            {
                failed++;
            }
        });
        return failed;
    }

    private void TakeKeys()
    {
        if (!_filesystem.Format.TryTakeKeys())
        {
            _log?.Invoke("the key is back but does not open the names key");
            return;
        }

        int failed = 0;
        using OperationWorker worker = new(_filesystem);
        ForEachOpen(content =>
        {
            if (content.TakeKeys(worker.Scratch) != Errno.None)
            {
                failed++;
            }
        });
        _filesystem.Keys.State = KeyState.Held;
        _log?.Invoke(failed == 0
            ? "the key is back"
            : string.Create(CultureInfo.InvariantCulture, $"the key is back, but {failed} open files changed below meanwhile: open them anew"));
    }

    // A file being closed meanwhile, which needs no key, is closed under the same monitor.
    private void ForEachOpen(Action<OpenContent> action)
    {
        HashSet<OpenContent> seen = [];
        foreach (FileHandle handle in _filesystem.Handles.Snapshot().OfType<FileHandle>())
        {
            lock (handle.Inode)
            {
                if (ReferenceEquals(OpenContent.Of(handle.Inode), handle.Content) && seen.Add(handle.Content))
                {
                    action(handle.Content);
                }
            }
        }
    }

    private void Tell(long notWritten, int unsealed)
    {
        _log?.Invoke("the key was taken away: everything answers ENOKEY until it is added again (stackfs keys add)");
        if (notWritten > 0)
        {
            _log?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"{notWritten} writes were refused by the lower directory before the key went, and are lost; fsync and close tell the programs"));
        }

        if (unsealed > 0)
        {
            _log?.Invoke(string.Create(
                CultureInfo.InvariantCulture, $"{unsealed} open files could not be sealed before the key went; they are when it is back"));
        }
    }
}

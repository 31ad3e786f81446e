using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>
/// Turns: an operation's claim on extents and, where other clients write the lower file too, the lower lock and what they
/// have made of the file meanwhile.
/// </content>
/// <remarks>
/// With <see cref="OpenFileOptions.Shared"/> every change is made under the write lock of the header page, after the state
/// of the file was established anew: a client that has just had its turn may have moved the end, set SPARSE or made the
/// header, and neither times nor size of the lower file tell all of it (an append inside the last page changes no size).
/// The lock belongs to the open lower file, which the threads of this mount share, so a turn takes the whole file.
/// </remarks>
internal sealed partial class NativeFile
{
    // Whether the present turn holds the lower lock; its exclusive claim guards the field.
    private bool _hasLowerLock;

    // Whether the state is being established again: what was found on opening is not reported for every operation.
    private bool _isRefreshing;

    /// <inheritdoc/>
    public override Errno Refresh(ContentScratch scratch)
    {
        if (!_options.Shared)
        {
            return Errno.None;
        }

        using Turn turn = TakeWhole(forWriting: false, scratch);
        return turn.Error;
    }

    // A turn that changes nothing, beside others of this mount that change nothing.
    private Turn TakeToLook(ContentScratch scratch) => Take(
        _options.Shared ? _ranges.Exclude(0, ExtentRangeLock.End) : _ranges.Share(0, ExtentRangeLock.End),
        forWriting: false,
        scratch);

    // A turn on the whole file.
    private Turn TakeWhole(bool forWriting, ContentScratch scratch) =>
        Take(_ranges.Exclude(0, ExtentRangeLock.End), forWriting, scratch);

    // A turn under a claim, which is exclusive and on everything where others write too.
    private Turn Take(ExtentRangeLock.Claim claim, bool forWriting, ContentScratch scratch)
    {
        if (!_options.Shared)
        {
            return new Turn(claim, null, Errno.None);
        }

        if (_header == HeaderPresence.Withheld)
        {
            return new Turn(claim, null, _withheld);
        }

        Errno error = LockLower(forWriting);
        if (error == Errno.None)
        {
            error = EstablishAgain(scratch);
        }

        return new Turn(claim, this, error);
    }

    // A lower filesystem without locks is written without them: there, the mount is its only writer or takes the risk.
    private Errno LockLower(bool forWriting)
    {
        Errno error = _lower.LockHeader(forWriting);
        _hasLowerLock = error == Errno.None;
        return error is Errno.ENOLCK or Errno.EOPNOTSUPP or Errno.ENOSYS or Errno.EINVAL ? Errno.None : error;
    }

    private void UnlockLower()
    {
        if (_hasLowerLock)
        {
            _hasLowerLock = false;
            _lower.UnlockHeader();
        }
    }

    private Errno EstablishAgain(ContentScratch scratch)
    {
        _isRefreshing = true;
        try
        {
            // Another client's pages may not be durable either.
            _unsynced = true;
            _anchorsUnsynced = true;
            _lastExtent.Clear();
            return Establish(scratch);
        }
        finally
        {
            _isRefreshing = false;
        }
    }

    /// <summary>An operation's turn; ends when disposed.</summary>
    private readonly ref struct Turn
    {
        private readonly ExtentRangeLock.Claim _claim;
        private readonly NativeFile? _shared;

        internal Turn(ExtentRangeLock.Claim claim, NativeFile? shared, Errno error)
        {
            _claim = claim;
            _shared = shared;
            Error = error;
        }

        /// <summary>Why there is no turn: ESTALE where the file was replaced, what locking and reading it answer.</summary>
        internal Errno Error { get; }

        /// <summary>Lets others go on.</summary>
        public void Dispose()
        {
            _shared?.UnlockLower();
            _claim.Dispose();
        }
    }
}

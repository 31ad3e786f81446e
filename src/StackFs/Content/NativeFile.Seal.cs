using StackFs.Codecs.Native;
using StackFs.Keyring.Interop;

namespace StackFs.Content;

/// <content>Sealing and syncing: the moments at which the lower size tells the upper one.</content>
internal sealed partial class NativeFile
{
    /// <inheritdoc/>
    public override Errno Seal(ContentScratch scratch) => Seal(scratch, _options.KeepTimesOnSeal);

    /// <inheritdoc/>
    public override Errno SealBeforeTimes(ContentScratch scratch) => Seal(scratch, keepsTimes: false);

    private Errno Seal(ContentScratch scratch, bool keepsTimes)
    {
        if (!_modified)
        {
            return Errno.None;
        }

        using Turn turn = TakeWhole(forWriting: true, scratch);
        return turn.Error == Errno.None ? SealInTurn(scratch, keepsTimes) : turn.Error;
    }

    /// <inheritdoc/>
    public override Errno Sync(bool dataOnly, ContentScratch scratch)
    {
        Errno sealing = Seal(scratch);
        Errno syncing = SyncLower(dataOnly);
        return sealing != Errno.None ? sealing : syncing;
    }

    private Errno SyncLower(bool dataOnly)
    {
        bool end = _anchorsUnsynced;
        _unsynced = false;
        _anchorsUnsynced = false;
        Errno error = _lower.Sync(dataOnly);
        if (error != Errno.None)
        {
            _unsynced = true;
            _anchorsUnsynced |= end;
        }

        return error;
    }

    private Errno SealInTurn(ContentScratch scratch, bool keepsTimes)
    {
        if (!_modified)
        {
            return Errno.None;
        }

        if (_header == HeaderPresence.Withheld)
        {
            return _withheld;
        }

        Errno first = Errno.None;
        if (!IsSparse && !_gaps.IsEmpty)
        {
            first = SetSparse(scratch);
        }

        if (Size > 0 && !_lastIsFinal)
        {
            using ExtentCipherPool.Lease lease = _ciphers!.Rent();
            Errno error = WriteLast(lease.Cipher, scratch);
            first = first != Errno.None ? first : error;
        }

        // A size that says "settled" over a hole that is not announced would make the hole a loss.
        if (first == Errno.None)
        {
            first = SealSize(keepsTimes);
        }

        _modified = first != Errno.None;
        return first;
    }

    private Errno SealSize(bool keepsTimes)
    {
        if (_header != HeaderPresence.Present || !NativeSizeRule.TryGetLowerSize(Size, out long target)
            || _lowerSize == target)
        {
            return Errno.None;
        }

        Errno error = keepsTimes ? _lower.SetLengthKeepingTimes(target) : _lower.SetLength(target);
        _lowerSize = error == Errno.None ? target : _lowerSize;
        return error;
    }

    private Errno SetLowerSize(long lowerSize)
    {
        Errno error = _lower.SetLength(lowerSize);
        _lowerSize = error == Errno.None ? lowerSize : _lowerSize;
        return error;
    }
}

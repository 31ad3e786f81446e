using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Mounting;

namespace StackFs.Operations;

/// <summary>
/// What the format of a mount's lower files decides: how content is opened, how sizes are told, how names are written.
/// Safe on any thread.
/// </summary>
internal abstract class LowerFormat : IDisposable
{
    /// <summary>The format, for people.</summary>
    internal abstract FormatDescription Description { get; }

    /// <summary>Blocks of 512 bytes that a file's own header takes and that are not shown as the file's.</summary>
    internal abstract ulong HeaderBlocks { get; }

    /// <summary>Wipes the keys of names; those of open files are theirs. Nothing for a format whose keys are not lent.</summary>
    internal virtual void DropKeys()
    {
    }

    /// <summary>Gets them again from the volume key; false when that is not there.</summary>
    internal virtual bool TryTakeKeys() => true;

    /// <summary>Whether eCryptfs entries shown beside the format's own may not be changed (<c>legacy=read</c>).</summary>
    internal virtual bool OnlyReadsLegacy => false;

    /// <summary>
    /// Whether several mounts of a lower directory can have one file open for writing: they take turns at it
    /// (<see cref="OpenFileOptions.Shared"/>).
    /// </summary>
    internal virtual bool TakesTurns => false;

    /// <summary>Makes the codecs of the calling thread, which disposes them.</summary>
    /// <exception cref="InvalidOperationException">After <see cref="DropKeys"/>.</exception>
    internal abstract FormatCodecs CreateCodecs();

    /// <summary>Opens the content of a lower file.</summary>
    /// <param name="lower">Readable; the result owns it, also when opening fails.</param>
    /// <param name="reports">Receives what is not as it should be.</param>
    /// <param name="name">Names the lower file in a report, through <see cref="object.ToString"/>.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <param name="file">The caller's to dispose; null on failure.</param>
    internal abstract Errno OpenContent(
        SafeFd lower, ContentReports reports, object name, ContentScratch scratch, out OpenFile? file);

    /// <summary>The upper size of a regular file that is not open, where that is told without opening its content.</summary>
    /// <param name="lowerSize">The lower size.</param>
    /// <param name="address">Where the lower file is.</param>
    /// <param name="upperSize">The upper size.</param>
    /// <returns>False when the content has to be opened to know.</returns>
    internal abstract bool TryGetUpperSize(long lowerSize, in LowerAddress address, out long upperSize);

    /// <summary>What to show for a file whose content cannot be opened: a guess, so that it can be seen and removed.</summary>
    internal abstract long GuessUpperSize(long lowerSize);

    /// <summary>The longest upper name, in bytes, over a lower filesystem's limit.</summary>
    internal abstract int LongestName(int lowerLimit);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Wipes the keys.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}

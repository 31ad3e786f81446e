namespace StackFs.Content;

/// <summary>What the content engine noticed about a file that is not as a writer left it.</summary>
internal enum ContentFinding
{
    /// <summary>An extent does not authenticate: changed, moved, or taken from elsewhere. It answers EIO.</summary>
    DamagedExtent,

    /// <summary>A zero page in a file that has no holes: erased, or it never reached the disk. It answers EIO.</summary>
    ErasedExtent,

    /// <summary>
    /// The last extent was not the last when it was written, or the sealed size disagrees with it: a crash, or somebody cut
    /// the file.
    /// </summary>
    CutShort,

    /// <summary>The header never reached the disk, and nothing else did: shown as empty.</summary>
    LostHeader,

    /// <summary>The header is zeros and extents follow: they cannot be read any more, and are not overwritten.</summary>
    ErasedHeader,
}

/// <summary>
/// Takes what the content engine notices. The mount counts it for <c>stackfs status</c> and logs it; libraries do not log.
/// </summary>
internal abstract class ContentReports
{
    /// <summary>A sink that forgets: for tools that report by result alone.</summary>
    public static ContentReports None { get; } = new Forgetful();

    /// <summary>Called for each finding, from any thread, perhaps often for the same one; must not call back.</summary>
    /// <param name="finding">What.</param>
    /// <param name="name">Says which lower file through <see cref="object.ToString"/>.</param>
    /// <param name="extent">Which extent, or -1 where it concerns the file.</param>
    public abstract void Report(ContentFinding finding, object name, long extent);

    /// <summary>Called when opening a file is refused for what stands in it, from any thread; must not call back.</summary>
    /// <param name="name">Says which lower file through <see cref="object.ToString"/>.</param>
    /// <param name="reason">What is wrong, in words that follow the name and a colon, without a full stop.</param>
    public virtual void Refused(object name, string reason)
    {
    }

    private sealed class Forgetful : ContentReports
    {
        public override void Report(ContentFinding finding, object name, long extent)
        {
        }
    }
}

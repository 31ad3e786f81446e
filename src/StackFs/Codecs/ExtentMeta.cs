namespace StackFs.Codecs;

/// <summary>What an extent says about itself, once it opened.</summary>
/// <param name="Count">Valid plaintext bytes, from 1 to the codec's extent size.</param>
/// <param name="Flags">Its flags; none in a codec without them.</param>
internal readonly record struct ExtentMeta(int Count, ExtentFlags Flags)
{
    /// <summary>Whether the extent was the file's last when it was written.</summary>
    internal bool IsFinal => (Flags & ExtentFlags.Final) != 0;
}

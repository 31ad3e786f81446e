namespace StackFs.Tests.Unit.Fuse;

/// <summary>Bytes written as hex digits with spaces, line breaks, and comments from <c>#</c> to the end of a line.</summary>
internal static class AnnotatedHex
{
    public static byte[] Parse(string text)
    {
        IEnumerable<string> lines = text.Split('\n').Select(line => line.Split('#')[0]);
        return Convert.FromHexString(string.Concat(string.Concat(lines).Where(c => !char.IsWhiteSpace(c))));
    }
}

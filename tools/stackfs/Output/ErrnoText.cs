using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Output;

/// <summary>Words for an error number.</summary>
internal static class ErrnoText
{
    /// <summary>The system's own words with the number's name, as <c>permission denied (EACCES)</c>.</summary>
    public static string Of(Errno errno)
    {
        string text = Marshal.GetPInvokeErrorMessage((int)errno);
        return $"{char.ToLowerInvariant(text[0])}{text[1..]} ({errno})";
    }
}

using System.Text;

namespace StackFs.Keyring.Ecryptfs;

/// <summary>
/// The two small files beside a wrapped passphrase: <c>Private.sig</c> (which keys) and <c>Private.mnt</c> (where to
/// mount). See Codecs/Ecryptfs/FORMAT.md section 8.
/// </summary>
public static class PrivateDirectory
{
    /// <summary>Octets of the longest signature file a reader accepts.</summary>
    public const int MaxSignatureFile = 256;

    /// <summary>Reads <c>Private.sig</c>: the content signature and, on a second line, that of the names.</summary>
    /// <returns>False when a line that is not empty is no signature, or there is none, or more than two.</returns>
    public static bool TryParseSignatures(
        ReadOnlySpan<byte> file, out EcryptfsSignature content, out EcryptfsSignature? names)
    {
        content = default;
        names = null;
        if (file.Length > MaxSignatureFile)
        {
            return false;
        }

        int count = 0;
        foreach (Range range in file.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = file[range].TrimEnd(" \t\r"u8);
            if (line.IsEmpty)
            {
                continue;
            }

            if (!EcryptfsSignature.TryParse(line, out EcryptfsSignature signature) || count == 2)
            {
                return false;
            }

            if (count++ == 0)
            {
                content = signature;
            }
            else
            {
                names = signature;
            }
        }

        return count > 0;
    }

    /// <summary>Reads <c>Private.mnt</c>: an absolute path on its first line.</summary>
    public static bool TryParseMountPoint(ReadOnlySpan<byte> file, out string? path)
    {
        path = null;
        int end = file.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? file : file[..end];
        if (line.IsEmpty || line[0] != (byte)'/' || line.Length > 4095 || line.Contains((byte)0))
        {
            return false;
        }

        path = Encoding.UTF8.GetString(line);
        return true;
    }

    /// <summary>The contents of a <c>Private.sig</c>.</summary>
    public static string FormatSignatures(EcryptfsSignature content, EcryptfsSignature? names) =>
        names is EcryptfsSignature second ? $"{content}\n{second}\n" : $"{content}\n";
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Inspection;

/// <summary>
/// What one lower file says about itself, as the document that <c>stackfs info --json</c> prints. Needs no key, so none
/// of it is authentic.
/// </summary>
internal static class LowerFileReport
{
    /// <summary>Writes the fields of a lower file into an object that the caller has begun.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="file">The lower file, open for reading.</param>
    /// <returns>EIO and what else the lower filesystem answers.</returns>
    public static Errno Describe(Utf8JsonWriter writer, SafeFd file)
    {
        Errno errno = Libc.Statx(file, [], out StatxBuffer status);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (ModeBits.IsDirectory(status.Mode))
        {
            return DescribeDirectory(writer, file);
        }

        if (!ModeBits.IsRegular(status.Mode))
        {
            writer.WriteString("kind", ModeBits.IsSymbolicLink(status.Mode) ? "symbolic link" : "special file");
            return Errno.None;
        }

        byte[] page = new byte[NativeFormat.HeaderSize];
        errno = Libc.PReadFully(file, page, 0, out int count);
        if (errno == Errno.None && UnverifiedConfig.TryParse(page.AsSpan(0, count), out UnverifiedConfig? config) == ConfigStatus.Ok)
        {
            writer.WriteString("kind", "volume configuration");
            WriteVolume(writer, config!.ClaimedId, config.Slots);
        }
        else if (errno == Errno.None)
        {
            writer.WriteString("kind", "file");
            writer.WriteNumber("lowerSize", status.Size);
            DescribeHeader(writer, page.AsSpan(0, count), (long)status.Size);
        }

        return errno;
    }

    /// <summary>Opens a lower file for reading.</summary>
    public static Errno Open(string path, out SafeFd? file) =>
        Libc.OpenPath(Encoding.UTF8.GetBytes(path), OpenFlags.ReadOnly | OpenFlags.NonBlocking, out file);

    private static Errno DescribeDirectory(Utf8JsonWriter writer, SafeFd directory)
    {
        ConfigFile file = new(directory);
        ConfigStatus status = file.Read(out UnverifiedConfig? config);
        if (config is null)
        {
            writer.WriteString("kind", "directory");
            if (status != ConfigStatus.Missing)
            {
                writer.WriteString("problem", $"{VolumeConfig.FileName}: {status}");
            }

            return Errno.None;
        }

        writer.WriteString("kind", "volume");
        WriteVolume(writer, config.ClaimedId, config.Slots);
        return Errno.None;
    }

    private static void DescribeHeader(Utf8JsonWriter writer, ReadOnlySpan<byte> start, long lowerSize)
    {
        HeaderStatus status = NativeHeader.TryParse(start, out NativeHeader header);
        if (status != HeaderStatus.Ok)
        {
            bool neverWritten = status == HeaderStatus.Empty && lowerSize <= NativeFormat.HeaderSize;
            writer.WriteString("format", neverWritten || status == HeaderStatus.NotStackFs ? "none" : "native");
            writer.WriteString(neverWritten ? "note" : "problem", neverWritten ? "empty, never written" : HeaderErrors.Explain(status));
            return;
        }

        writer.WriteString("format", string.Create(CultureInfo.InvariantCulture, $"native {NativeFormat.Version}"));
        writer.WriteString("cipher", "AES-256-GCM");
        if (NativeSizeRule.TryGetUpperSize(lowerSize, out long upperSize))
        {
            writer.WriteNumber("size", upperSize);
        }
        else
        {
            writer.WriteString("note", "not sealed: being written, or a crash; opening it tells the size");
        }

        writer.WriteString("fileId", header.FileId.ToString());
        writer.WriteBoolean("sparse", header.Flags.HasFlag(HeaderFlags.Sparse));
        _ = KeySlotSet.TryParse(header.SlotArea, out KeySlotSet? slots); // The header's parser has accepted it.
        WriteVolume(writer, new VolumeKeyId(header.VolumeKeyId), slots!);
    }

    private static void WriteVolume(Utf8JsonWriter writer, VolumeKeyId id, KeySlotSet slots)
    {
        writer.WriteString("signature", id.Signature.ToString());
        writer.WriteString("volume", id.ToString());
        writer.WriteStartArray("slots");
        foreach (KeySlot slot in slots.Slots)
        {
            writer.WriteStringValue(slot.Type.ToString().ToLowerInvariant());
        }

        writer.WriteEndArray();
    }
}

using StackFs.Codecs;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Content.Ecryptfs;

/// <content>Reading: whole extents straight into the destination, the edges through a page of scratch.</content>
internal sealed partial class EcryptfsFile
{
    private const int ExtentSize = EcryptfsFormat.ExtentSize;

    /// <inheritdoc/>
    public override Errno Read(long upperOffset, Span<byte> destination, ContentScratch scratch, out int count)
    {
        count = 0;
        if (destination.IsEmpty || upperOffset < 0 || upperOffset >= Size)
        {
            return Errno.None;
        }

        long lastByte = upperOffset + Math.Min(destination.Length, long.MaxValue - upperOffset) - 1;
        using ExtentRangeLock.Claim claim = _ranges.Share(upperOffset / ExtentSize, lastByte / ExtentSize);
        int length = (int)Math.Clamp(Size - upperOffset, 0, destination.Length);
        if (length == 0 || _ciphers is null)
        {
            return Errno.None;
        }

        using ExtentCipherPool.Lease lease = _ciphers.Rent();
        Errno error = Errno.None;
        while (count < length && error == Errno.None)
        {
            long at = upperOffset + count;
            int skip = (int)(at % ExtentSize);

            // A last extent that ends with the file is decrypted in place too where the destination has room for its tail.
            int whole = skip == 0 ? Math.Min(RoundUp(length - count), RoundDown(destination.Length - count)) : 0;
            int part = whole > 0 ? Math.Min(whole, length - count) : Math.Min(ExtentSize - skip, length - count);
            error = whole > 0
                ? ReadExtents(lease.Cipher, at / ExtentSize, destination.Slice(count, whole), out int good)
                : ReadPart(lease.Cipher, at, destination.Slice(count, part), scratch, out good);
            count += Math.Min(good, part);
        }

        return error;
    }

    private static int RoundDown(int length) => length / ExtentSize * ExtentSize;

    private static int RoundUp(int length) => length > int.MaxValue - ExtentSize
        ? RoundDown(length)
        : RoundDown(length + ExtentSize - 1);

    // Whole extents, decrypted where they stand. `good` counts the bytes of those before an error.
    private Errno ReadExtents(IExtentCipher cipher, long first, Span<byte> extents, out int good)
    {
        good = 0;
        Errno error = _lower.Read(_layout.LowerOffset(first), extents, out int got);
        if (error != Errno.None)
        {
            return error;
        }

        int whole = RoundDown(got);
        for (; good < whole; good += ExtentSize)
        {
            _ = cipher.OpenInPlace(first + (good / ExtentSize), extents.Slice(good, ExtentSize), out _);
        }

        if (good == extents.Length)
        {
            return Errno.None;
        }

        // The lower file ends before the size it claims: what is missing is an error, never invented.
        _reports.Report(ContentFinding.ErasedExtent, _name, first + (good / ExtentSize));
        return Errno.EIO;
    }

    private Errno ReadPart(
        IExtentCipher cipher, long upperOffset, Span<byte> destination, ContentScratch scratch, out int good)
    {
        Span<byte> extent = scratch.RunPage(0);
        Errno error = ReadExtents(cipher, upperOffset / ExtentSize, extent, out good);
        if (error == Errno.None)
        {
            extent.Slice((int)(upperOffset % ExtentSize), destination.Length).CopyTo(destination);
            good = destination.Length;
        }
        else
        {
            good = 0;
        }

        return error;
    }
}

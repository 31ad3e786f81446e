using StackFs.Codecs.Ecryptfs;
using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;
using StackFs.Mounting;
using StackFs.Names.Ecryptfs;

namespace StackFs.Operations;

/// <summary>
/// The native format with eCryptfs files beside native ones (<c>legacy=read</c>, <c>legacy=write</c>). What begins with a
/// native header is native, what has eCryptfs's marker is eCryptfs's, and everything new is native. Names, targets and contents
/// are told apart each on their own, so that an eCryptfs file can be renamed to a native name.
/// </summary>
internal sealed class LegacyLowerFormat : LowerFormat
{
    private readonly NativeLowerFormat _native;
    private readonly EcryptfsLowerFormat _ecryptfs;
    private readonly bool _onlyReads;

    /// <summary>Combines two formats and owns both.</summary>
    /// <param name="native">The volume's.</param>
    /// <param name="ecryptfs">That of the files beside it.</param>
    /// <param name="onlyReads">Whether eCryptfs files are only read.</param>
    internal LegacyLowerFormat(NativeLowerFormat native, EcryptfsLowerFormat ecryptfs, bool onlyReads)
    {
        _native = native;
        _ecryptfs = ecryptfs;
        _onlyReads = onlyReads;
    }

    /// <inheritdoc/>
    internal override FormatDescription Description =>
        _native.Description with { Legacy = _onlyReads ? "read" : "write" };

    /// <inheritdoc/>
    internal override ulong HeaderBlocks => _native.HeaderBlocks;

    /// <inheritdoc/>
    internal override bool TakesTurns => _native.TakesTurns;

    /// <inheritdoc/>
    internal override bool OnlyReadsLegacy => _onlyReads;

    /// <summary>The volume's; those of the eCryptfs files are the mount's own and stay, while nothing is admitted.</summary>
    /// <inheritdoc/>
    internal override void DropKeys() => _native.DropKeys();

    /// <inheritdoc/>
    internal override bool TryTakeKeys() => _native.TryTakeKeys();

    /// <inheritdoc/>
    internal override FormatCodecs CreateCodecs()
    {
        FormatCodecs native = _native.CreateCodecs();
        FormatCodecs ecryptfs = _ecryptfs.CreateCodecs();
        return new FormatCodecs(native.Names, native.Targets, native.Attributes, native, ecryptfs)
        {
            Legacy = new LegacyCodecs(ecryptfs.Names, ecryptfs.Targets, ecryptfs.Names is EcryptfsNames),
        };
    }

    /// <inheritdoc/>
    internal override Errno OpenContent(
        SafeFd lower, ContentReports reports, object name, ContentScratch scratch, out OpenFile? file)
    {
        Errno error = Look(lower, out bool isEcryptfs, out _);
        if (error != Errno.None)
        {
            lower.Dispose();
            file = null;
            return error;
        }

        return isEcryptfs
            ? _ecryptfs.OpenContent(lower, reports, name, scratch, out file)
            : _native.OpenContent(lower, reports, name, scratch, out file);
    }

    /// <inheritdoc/>
    internal override bool TryGetUpperSize(long lowerSize, in LowerAddress address, out long upperSize)
    {
        // eCryptfs files end with a whole extent; nearly all native ones do not.
        if (lowerSize == 0 || lowerSize % EcryptfsFormat.ExtentSize != 0 || Reopen(in address, out SafeFd? fd) != Errno.None)
        {
            return _native.TryGetUpperSize(lowerSize, in address, out upperSize);
        }

        using (fd)
        {
            return Look(fd!, out bool isEcryptfs, out upperSize) == Errno.None && isEcryptfs
                || _native.TryGetUpperSize(lowerSize, in address, out upperSize);
        }
    }

    /// <inheritdoc/>
    internal override long GuessUpperSize(long lowerSize) => _native.GuessUpperSize(lowerSize);

    /// <inheritdoc/>
    internal override int LongestName(int lowerLimit) => _native.LongestName(lowerLimit);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _native.Dispose();
            _ecryptfs.Dispose();
        }

        base.Dispose(disposing);
    }

    private static Errno Reopen(in LowerAddress address, out SafeFd? fd)
    {
        int flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking;
        return address.IsSelf
            ? Libc.Reopen(address.Directory, flags, out fd)
            : Libc.OpenBeneath(address.Directory, address.Name, flags | OpenFlags.NoFollow, 0, out fd);
    }

    /// <summary>Whether a lower file is eCryptfs's, and the upper size it states then.</summary>
    private Errno Look(SafeFd file, out bool isEcryptfs, out long upperSize)
    {
        Span<byte> start = stackalloc byte[EcryptfsFormat.SizeAndMarker];
        isEcryptfs = false;
        upperSize = 0;
        Errno error = Libc.PReadFully(file, start, 0, out int length);
        if (error != Errno.None || start[..length].StartsWith(NativeFormat.Magic))
        {
            return error;
        }

        isEcryptfs = (EcryptfsHeader.TryReadSize(start[..length], out upperSize) && upperSize >= 0)
            || _ecryptfs.TryReadAttribute(file, out upperSize);
        return Errno.None;
    }
}

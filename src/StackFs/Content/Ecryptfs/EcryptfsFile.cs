using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Content.Ecryptfs;

/// <summary>
/// The content of one lower file in the eCryptfs format while it is open. Extents are 4,096 octets above and below, so whole
/// extents are read and decrypted in the caller's own buffer (Codecs/Ecryptfs/FORMAT.md sections 3 and 5).
/// </summary>
/// <remarks>
/// <para>Data reaches the lower file before the size that covers it, so that a crash between the two loses what was
/// appended and nothing else. In the file's own header the size follows every extending write, as the kernel module does
/// it; in an attribute, which costs a journal entry, when the file is sealed.</para>
/// <para>Locking is that of <see cref="OpenFile"/>: a claim on extents, then one rented cipher context. The size and the
/// lower size change only under an exclusive claim that reaches to the end.</para>
/// </remarks>
internal sealed partial class EcryptfsFile : OpenFile
{
    private readonly LowerFile _lower;
    private readonly LowerAttributes _attributes;
    private readonly EcryptfsVolume _volume;
    private readonly ContentReports _reports;
    private readonly object _name;
    private readonly ExtentRangeLock _ranges = new();

    private ExtentCipherPool? _ciphers;
    private FileKey? _key;
    private EcryptfsLayout _layout;
    private byte[]? _attribute;
    private bool _hasSizeCopy;
    private long _size;
    private long _writtenSize;
    private long _lowerSize;

    private EcryptfsFile(
        LowerFile lower, LowerAttributes attributes, EcryptfsVolume volume, ContentReports reports, object name)
    {
        _lower = lower;
        _attributes = attributes;
        _volume = volume;
        _reports = reports;
        _name = name;
    }

    /// <inheritdoc/>
    public override long Size => Volatile.Read(ref _size);

    /// <inheritdoc/>
    public override bool IsReadOnly => _volume.IsReadOnly;

    /// <inheritdoc/>
    public override bool NeedsSeal => Volatile.Read(ref _writtenSize) != Size;

    /// <summary>Opens the content of a lower file: as eCryptfs, or as it is where the mount passes files through.</summary>
    /// <param name="lower">The lower file, readable; the result owns it, also when opening fails.</param>
    /// <param name="attributes">The same file's attributes; usable as long as <paramref name="lower"/>.</param>
    /// <param name="volume">The mount's keys and choices; stays the caller's and outlives the result.</param>
    /// <param name="reports">Receives why a file is refused, and what is not as it should be.</param>
    /// <param name="name">Names the lower file in a report, through <see cref="object.ToString"/>.</param>
    /// <param name="scratch">The calling thread's buffers.</param>
    /// <param name="file">The open file, which the caller disposes after its last handle is released.</param>
    /// <returns>
    /// ENOKEY when no key of the mount opens it; EIO for a damaged header or no eCryptfs file; errors of the lower
    /// filesystem.
    /// </returns>
    internal static Errno Open(
        LowerFile lower, LowerAttributes attributes, EcryptfsVolume volume, ContentReports reports, object name,
        ContentScratch scratch, out OpenFile? file)
    {
        EcryptfsFile opened = new(lower, attributes, volume, reports, name);
        Errno error = opened.Establish(scratch, out EcryptfsStatus status);
        file = opened;
        if (error == Errno.None && volume.EncryptedView)
        {
            if (status is EcryptfsStatus.Ok or EcryptfsStatus.KeyMissing)
            {
                file = opened.IntoView();
                return Errno.None;
            }
        }
        else if (error == Errno.None && volume.Passthrough
            && (status == EcryptfsStatus.NotEcryptfs || opened._lowerSize == 0))
        {
            opened._ciphers?.Dispose();
            opened._key?.Dispose();
            file = new PassthroughFile(lower, opened._lowerSize);
            return Errno.None;
        }

        if (error == Errno.None && status != EcryptfsStatus.Ok)
        {
            reports.Refused(name, EcryptfsErrors.Describe(status));
            error = EcryptfsErrors.ToErrno(status);
        }

        if (error != Errno.None)
        {
            opened.Dispose();
            file = null;
        }

        return error;
    }

    /// <inheritdoc/>
    public override Errno Sync(bool dataOnly, ContentScratch scratch)
    {
        Errno sealing = Seal(scratch);
        Errno syncing = _lower.Sync(dataOnly);
        return sealing != Errno.None ? sealing : syncing;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _ciphers?.Dispose();
            _key?.Dispose();
            _lower.Dispose();
        }

        base.Dispose(disposing);
    }

    private EncryptedViewFile IntoView()
    {
        byte[]? header = null;
        if (_attribute is not null)
        {
            header = new byte[EcryptfsFormat.NewHeaderSize];
            EcryptfsHeader.BuildView(_attribute, header);
        }

        _ciphers?.Dispose();
        _key?.Dispose();
        return new EncryptedViewFile(_lower, header, _lowerSize);
    }
}

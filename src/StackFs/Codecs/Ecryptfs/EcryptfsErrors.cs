using StackFs.Keyring.Interop;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>The one table from codec outcomes to errno and to words (FORMAT.md section 9).</summary>
internal static class EcryptfsErrors
{
    /// <summary>The errno of an open that came to <paramref name="status"/>.</summary>
    internal static Errno ToErrno(EcryptfsStatus status) => status switch
    {
        EcryptfsStatus.Ok => Errno.None,
        EcryptfsStatus.KeyMissing => Errno.ENOKEY,
        _ => Errno.EIO,
    };

    /// <summary>What to tell people, without a full stop, to follow the file's name and a colon.</summary>
    internal static string Describe(EcryptfsStatus status) => status switch
    {
        EcryptfsStatus.Ok => "readable",
        EcryptfsStatus.NotEcryptfs => "not an eCryptfs file (no marker); mount with passthrough to read it as it is",
        EcryptfsStatus.UnknownVersion => "a later eCryptfs format version than 3",
        EcryptfsStatus.BadHeaderSize => "damaged header: impossible header size",
        EcryptfsStatus.BadSize => "damaged header: impossible file size",
        EcryptfsStatus.BadPacket => "damaged header: malformed key packet",
        EcryptfsStatus.BadCipher => "damaged header: unknown cipher or key size outside the cipher's",
        EcryptfsStatus.NoKeyPacket => "damaged header: no key packet",
        EcryptfsStatus.KeyMissing => "none of the mount's keys opens it; name its key with key= or sig=",
        _ => "damaged key packet: the key opens it and what is inside is no file key",
    };
}

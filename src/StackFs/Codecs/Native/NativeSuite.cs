namespace StackFs.Codecs.Native;

/// <summary>The cipher suite of a file (FORMAT.md section 2.1). Persisted: a value never changes meaning.</summary>
internal enum NativeSuite : byte
{
    /// <summary>AES-256-GCM, with HKDF-SHA-256 and HMAC-SHA-256.</summary>
    Aes256Gcm = 1,
}

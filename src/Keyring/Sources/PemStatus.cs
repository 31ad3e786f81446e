namespace StackFs.Keyring.Sources;

/// <summary>What a PEM file came to.</summary>
public enum PemStatus
{
    /// <summary>There is a usable key.</summary>
    Ok = 0,

    /// <summary>It holds no PEM block, or none with a key.</summary>
    NotPem,

    /// <summary>It is longer than any key's file (64 KiB).</summary>
    TooLong,

    /// <summary>It holds a public key or a certificate, where a private key is needed.</summary>
    NoPrivateKey,

    /// <summary>Its private key is encrypted and no passphrase was given: ask, and try again.</summary>
    NeedsPassphrase,

    /// <summary>The passphrase does not open it, or the file is damaged: an encrypted key cannot tell.</summary>
    WrongPassphrase,

    /// <summary>It does not parse, or it needs an algorithm that OpenSSL does not have.</summary>
    Damaged,

    /// <summary>Its encryption asks for more time or memory than is ever spent.</summary>
    CostTooHigh,

    /// <summary>Neither RSA, nor EC on P-256, P-384 or P-521, nor X25519.</summary>
    UnsupportedKind,

    /// <summary>RSA below 2,048 bits.</summary>
    WeakRsa,

    /// <summary>RSA above 8,192 bits.</summary>
    HugeRsa,
}

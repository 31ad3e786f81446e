namespace StackFs.Codecs.Ecryptfs;

/// <summary>A block cipher of the format, by the kernel's naming.</summary>
internal enum CipherKind : byte
{
    /// <summary>AES, blocks of 16 octets.</summary>
    Aes = 0,

    /// <summary>Three-key triple DES (EDE), blocks of 8.</summary>
    TripleDes = 1,

    /// <summary>CAST-128 (RFC 2144), blocks of 8.</summary>
    Cast5 = 2,

    /// <summary>Blowfish, blocks of 8.</summary>
    Blowfish = 3,

    /// <summary>Twofish, blocks of 16.</summary>
    Twofish = 4,

    /// <summary>CAST-256 (RFC 2612), blocks of 16.</summary>
    Cast6 = 5,
}

/// <summary>A cipher and its key length, with the codes and lengths that follow (FORMAT.md section 4).</summary>
/// <param name="Kind">The cipher.</param>
/// <param name="KeyBytes">Octets of its key.</param>
internal readonly record struct CipherSpec(CipherKind Kind, int KeyBytes)
{
    /// <summary>The longest key of any cipher here, in octets.</summary>
    internal const int MaxKeyBytes = 56;

    private static readonly (CipherKind Kind, string Name)[] Names =
    [
        (CipherKind.Aes, "aes"),
        (CipherKind.Blowfish, "blowfish"),
        (CipherKind.TripleDes, "des3_ede"),
        (CipherKind.Twofish, "twofish"),
        (CipherKind.Cast6, "cast6"),
        (CipherKind.Cast5, "cast5"),
    ];

    /// <summary>The kernel's names, in the order in which <c>mount.ecryptfs</c> offers them.</summary>
    internal static IEnumerable<string> OfferedNames => Names.Select(static entry => entry.Name);

    /// <summary>The cipher's name in options.</summary>
    internal string Name
    {
        get
        {
            CipherKind kind = Kind;
            return Array.Find(Names, entry => entry.Kind == kind).Name;
        }
    }

    /// <summary>Octets of a cipher block.</summary>
    internal int BlockSize => Kind is CipherKind.Aes or CipherKind.Twofish or CipherKind.Cast6 ? 16 : 8;

    /// <summary>Octets of a wrapped file key in a tag 3 packet: the key's, but 32 for AES-192.</summary>
    internal int WrappedKeyBytes => Kind == CipherKind.Aes && KeyBytes == 24 ? 32 : KeyBytes;

    /// <summary>The code in packets. Only AES's tells the key length.</summary>
    internal byte Code => (Kind, KeyBytes) switch
    {
        (CipherKind.TripleDes, _) => 0x02,
        (CipherKind.Cast5, _) => 0x03,
        (CipherKind.Blowfish, _) => 0x04,
        (CipherKind.Aes, 24) => 0x08,
        (CipherKind.Aes, 32) => 0x09,
        (CipherKind.Aes, _) => 0x07,
        (CipherKind.Twofish, _) => 0x0A,
        _ => 0x0B,
    };

    /// <summary>
    /// Whether files can be made with it: the key length is the cipher's own and a whole number of blocks can hold
    /// it. A kernel mounts Twofish and CAST-256 with 24 octets and then fails every creation.
    /// </summary>
    internal bool IsUsable => Kind switch
    {
        CipherKind.Aes => KeyBytes is 16 or 24 or 32,
        CipherKind.TripleDes => KeyBytes == 24,
        CipherKind.Cast5 => KeyBytes is 8 or 16,
        CipherKind.Blowfish => KeyBytes is >= 8 and <= 56 && KeyBytes % 8 == 0,
        _ => KeyBytes is 16 or 32,
    };

    /// <summary>The key lengths that <see cref="IsUsable"/> accepts for a cipher, those the helper offers first.</summary>
    internal static ReadOnlySpan<int> UsableKeyBytes(CipherKind kind) => kind switch
    {
        CipherKind.Aes => [16, 32, 24],
        CipherKind.TripleDes => [24],
        CipherKind.Cast5 => [16, 8],
        CipherKind.Blowfish => [16, 32, 56, 8, 24, 40, 48],
        _ => [16, 32],
    };

    /// <summary>Finds a cipher by the kernel's name for it.</summary>
    internal static bool TryParseName(ReadOnlySpan<char> name, out CipherKind kind)
    {
        foreach ((CipherKind candidate, string known) in Names)
        {
            if (name.SequenceEqual(known))
            {
                kind = candidate;
                return true;
            }
        }

        kind = default;
        return false;
    }

    /// <summary>Takes the cipher of a tag 3 packet from its code and the length of the wrapped key.</summary>
    /// <returns>False for an unknown code or a length that is not the cipher's.</returns>
    internal static bool TryFromTagThree(byte code, int wrappedKeyBytes, out CipherSpec spec)
    {
        bool known = TryKind(code, out CipherKind kind);
        spec = new CipherSpec(kind, code == 0x08 ? 24 : wrappedKeyBytes);
        return known && spec.IsUsable && spec.WrappedKeyBytes == wrappedKeyBytes;
    }

    /// <summary>Takes a cipher from its code and key length, as a tag 1 packet holds them.</summary>
    /// <returns>False for an unknown code or a length that is not the cipher's.</returns>
    internal static bool TryFromKey(byte code, int keyBytes, out CipherSpec spec)
    {
        bool known = TryKind(code, out CipherKind kind);
        spec = new CipherSpec(kind, keyBytes);
        return known && spec.IsUsable && (code != 0x08 || keyBytes == 24);
    }

    /// <summary>Finds the cipher of a code; AES has three codes.</summary>
    internal static bool TryKind(byte code, out CipherKind kind)
    {
        kind = code switch
        {
            0x02 => CipherKind.TripleDes,
            0x03 => CipherKind.Cast5,
            0x04 => CipherKind.Blowfish,
            0x0A => CipherKind.Twofish,
            0x0B => CipherKind.Cast6,
            _ => CipherKind.Aes,
        };
        return code is >= 0x02 and <= 0x04 or >= 0x07 and <= 0x0B;
    }

    /// <summary>The name and the key length in bits, as <c>aes-128</c>.</summary>
    public override string ToString() => $"{Name}-{KeyBytes * 8}";
}

using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using StackFs.Keyring.Secrets;

namespace StackFs.Codecs.Ecryptfs;

/// <summary>
/// The ciphers that libcrypto lacks or keeps in its legacy provider. The engines hold their key schedules in managed
/// memory, which cannot be wiped; they are for opening old trees, not for new ones.
/// </summary>
internal sealed class BouncyCastleCipher : BlockCipher
{
    private const int MaxBlock = 16;

    private readonly IBlockCipher _encrypt;
    private readonly IBlockCipher _decrypt;
    private readonly byte[] _input = new byte[MaxBlock];
    private readonly byte[] _output = new byte[MaxBlock];
    private readonly byte[] _chain = new byte[MaxBlock];

    /// <summary>Keys both directions.</summary>
    internal BouncyCastleCipher(CipherSpec spec, SecretBuffer key)
        : base(spec.BlockSize)
    {
        _encrypt = Engine(spec.Kind);
        _decrypt = Engine(spec.Kind);
        byte[] copy = GC.AllocateUninitializedArray<byte>(spec.KeyBytes, pinned: true);
        try
        {
            key.Use(copy, static (octets, to) => octets[..to.Length].CopyTo(to));
            KeyParameter parameter = new(copy);
            _encrypt.Init(forEncryption: true, parameter);
            _decrypt.Init(forEncryption: false, parameter);
            CryptographicOperations.ZeroMemory(parameter.GetKey());
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => Wipe();

    /// <inheritdoc/>
    protected override void EcbCore(bool encrypt, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        IBlockCipher engine = encrypt ? _encrypt : _decrypt;
        for (int at = 0; at < source.Length; at += BlockSize)
        {
            source.Slice(at, BlockSize).CopyTo(_input);
            _ = engine.ProcessBlock(_input, 0, _output, 0);
            _output.AsSpan(0, BlockSize).CopyTo(destination[at..]);
        }

        Wipe();
    }

    /// <inheritdoc/>
    protected override void CbcCore(
        bool encrypt, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int size = BlockSize;
        Span<byte> chain = _chain.AsSpan(0, size);
        Span<byte> input = _input.AsSpan(0, size);
        Span<byte> output = _output.AsSpan(0, size);
        iv.CopyTo(chain);
        for (int at = 0; at < source.Length; at += size)
        {
            source.Slice(at, size).CopyTo(input);
            if (encrypt)
            {
                Xor(input, chain);
                _ = _encrypt.ProcessBlock(_input, 0, _output, 0);
                output.CopyTo(chain);
            }
            else
            {
                _ = _decrypt.ProcessBlock(_input, 0, _output, 0);
                Xor(output, chain);
                input.CopyTo(chain);
            }

            output.CopyTo(destination[at..]);
        }

        Wipe();
    }

    private static void Xor(Span<byte> target, ReadOnlySpan<byte> other)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] ^= other[i];
        }
    }

    private static IBlockCipher Engine(CipherKind kind) => kind switch
    {
        CipherKind.Blowfish => new BlowfishEngine(),
        CipherKind.Twofish => new TwofishEngine(),
        CipherKind.Cast5 => new Cast5Engine(),
        CipherKind.Cast6 => new Cast6Engine(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private void Wipe()
    {
        CryptographicOperations.ZeroMemory(_input);
        CryptographicOperations.ZeroMemory(_output);
        CryptographicOperations.ZeroMemory(_chain);
    }
}

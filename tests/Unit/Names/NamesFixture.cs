using StackFs.Keyring.Secrets;
using StackFs.Names;

namespace StackFs.Tests.Unit.Names;

/// <summary>The codecs of one worker of a volume with a random names key.</summary>
public sealed class NamesFixture : IDisposable
{
    private readonly SecretBuffer _namesKey = SecretBuffer.Random(32);
    private readonly SecretBuffer _sivKey;

    public NamesFixture()
    {
        _sivKey = NameCipher.DeriveKey(_namesKey);
        Cipher = new NameCipher(_sivKey);
        Names = new EncryptedNames(Cipher);
        Targets = new SymlinkTargets(Cipher);
        Attributes = new ExtendedAttributes(Cipher);
    }

    internal NameCipher Cipher { get; }

    internal EncryptedNames Names { get; }

    internal SymlinkTargets Targets { get; }

    internal ExtendedAttributes Attributes { get; }

    public void Dispose()
    {
        Names.Dispose();
        Cipher.Dispose();
        _sivKey.Dispose();
        _namesKey.Dispose();
    }
}

using System.Diagnostics;
using StackFs.Keyring.Crypto;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>
/// No copy of a secret is left in memory that could be swapped or dumped. The secrets are made by other programs or in
/// secret memory, so that the test itself leaves none.
/// </summary>
public sealed class SecretResidueTests : IDisposable
{
    // Where the 32 bytes are in the PKCS#8 encoding that OpenSSL writes.
    private static readonly Range X25519Number = 16..48;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("stackfs-residue-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void TheSearchFindsACopy()
    {
        using SecretBuffer secret = SecretBuffer.Random(32);
        MemorySearch search = new(secret);
        Assert.Empty(search.Find());
        byte[] copy = Bytes.Reveal(secret);
        Assert.NotEmpty(search.Find());
        GC.KeepAlive(copy);
    }

    [Fact]
    public void UnlockingAVolumeLeavesNoSecretBehind()
    {
        string passfile = Path.Combine(_directory.FullName, "pass");
        Run($"openssl rand -base64 -out {passfile} 33");
        Assert.Equal(Errno.None, ConfigFile.OpenLowerRoot(_directory.FullName, out SafeFd lowerRoot));
        using SafeFd root = lowerRoot;
        ConfigFile file = new(root);
        Assert.True(SecretReader.FromFile(passfile, out SecretBuffer? passphrase).IsOk);
        List<MemorySearch> searches = [new MemorySearch(passphrase!)];
        ScryptCost cost = new(10, 8, 1);
        using PassphraseKey key = new(passphrase!, cost);
        Assert.Equal(ConfigStatus.Ok, Volume.Create(file, VolumeSettings.Default, [key], out Volume? made));
        made!.Dispose();

        Assert.Equal(ConfigStatus.Ok, file.Read(out UnverifiedConfig? unverified));
        Assert.True(Volume.Unlock(unverified!, key, out Volume? volume).IsOk);
        LocalVolumeKeyLease lease = (LocalVolumeKeyLease)volume!.Lease;
        using (SecretBuffer kek = Kek(unverified!.Slots.Slots[0], passphrase!, cost))
        {
            searches.Add(new MemorySearch(kek));
        }

        Assert.True(lease.TryDerive("wrap"u8, 32, out SecretBuffer? wrappingKey));
        searches.Add(new MemorySearch(wrappingKey));
        Assert.True(volume.Config.TryOpenNameKey(lease, out SecretBuffer? nameKey));
        searches.Add(new MemorySearch(nameKey));
        using SecretBuffer fileKey = SecretBuffer.Random(32);
        searches.Add(new MemorySearch(fileKey));
        byte[] wrapped = new byte[60];
        Assert.True(lease.Wrap(fileKey, [], wrapped));
        Assert.True(lease.TryUnwrap(wrapped, [], out SecretBuffer? unwrapped));
        using (SecretBuffer extentKey = HkdfSha256.Derive(unwrapped, "extent"u8, 32))
        {
            searches.Add(new MemorySearch(extentKey));
            using Aes256Gcm cipher = new(extentKey);
            cipher.Encrypt(new byte[12], [], new byte[64], new byte[64], new byte[16]);
        }

        using (SecretPage page = lease.MakeLoan()!)
        {
            using SecretBuffer volumeKey = SecretBuffer.Allocate(32);
            using SecretBuffer.RevealedSecret bytes = volumeKey.UnsafeReveal();
            page.UnsafeBytes[..32].CopyTo(bytes.Bytes);
            searches.Add(new MemorySearch(volumeKey));
        }

        Assert.All(searches, search => Assert.Empty(search.Find()));
        unwrapped.Dispose();
        nameKey.Dispose();
        wrappingKey.Dispose();
        volume.Dispose();
    }

    [Theory]
    [InlineData("genpkey -algorithm X25519", null)]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", null)]
    [InlineData("genpkey -algorithm X25519", "pkcs8 -topk8")]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "pkcs8 -topk8")]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "pkcs8 -topk8 -scrypt")]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "ec -aes256")]
    [InlineData("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "ec -des3")]
    public void OpeningAPemLeavesNoSecretBehind(string recipe, string? encryption)
    {
        string path = Path.Combine(_directory.FullName, "key.pem");
        Run($"openssl {recipe} -out {path}");
        Run($"openssl pkey -in {path} -outform DER -out {path}.der");
        List<MemorySearch> searches = [SearchFor(path, 40..80)];
        if (recipe.Contains("X25519", StringComparison.Ordinal))
        {
            // OpenSSL frees an EC key's number without wiping it (docs/threat-model.md).
            searches.Add(SearchFor(path + ".der", X25519Number));
        }

        SecretBuffer? passphrase = null;
        if (encryption is not null)
        {
            string passfile = Path.Combine(_directory.FullName, "pass");
            Run($"openssl rand -base64 -out {passfile} 33; openssl {encryption} -in {path} -passout file:{passfile} -out {path}.new && mv {path}.new {path}");
            Assert.True(SecretReader.FromFile(passfile, out passphrase).IsOk);
            searches.Add(new MemorySearch(passphrase!));
        }

        Assert.Equal(PemStatus.Ok, PemFile.Open(path, out PemFile? file, out _));
        Assert.Equal(PemStatus.Ok, file!.TryOpenPrivateKey(passphrase, out PrivateKey? key));
        passphrase?.Dispose();
        using SecretBuffer volumeKey = SecretBuffer.Random(32);
        VolumeKeyId id = VolumeKeyId.Of(volumeKey);
        Assert.True(key!.TryOpen(key.MakeSlot(volumeKey, id), id, out SecretBuffer? opened));
        searches.Add(new MemorySearch(volumeKey));
        file.Dispose();
        Assert.All(searches, search => Assert.Empty(search.Find()));
        opened.Dispose();
        key.Dispose();
    }

    private static MemorySearch SearchFor(string path, Range part)
    {
        using SecretBuffer all = Read(path);
        (int offset, int length) = part.GetOffsetAndLength(all.Length);
        using SecretBuffer secret = all.Slice(offset, length);
        return new MemorySearch(secret);
    }

    private static SecretBuffer Read(string path)
    {
        Assert.Equal(Errno.None, Posix.OpenForReading(path, out SafeFd fd));
        using (fd)
        {
            using SecretBuffer content = SecretBuffer.Allocate(4096);
            using SecretBuffer.RevealedSecret bytes = content.UnsafeReveal();
            Assert.Equal(Errno.None, Posix.ReadToEnd(fd, bytes.Bytes, out int length));
            return content.Slice(0, length);
        }
    }

    private static SecretBuffer Kek(KeySlot slot, SecretBuffer passphrase, ScryptCost cost) =>
        Scrypt.Derive(passphrase, slot.Body.Slice(4, 32), cost.LogN, cost.R, cost.P, 32);

    private static void Run(string command)
    {
        using Process process = Process.Start("/bin/sh", ["-c", command]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}

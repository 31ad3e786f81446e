using System.Diagnostics;
using System.Text;
using System.Text.Json;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Vectors.Ecryptfs;

/// <summary>One lower tree made by the kernel module, unpacked, with its manifest.</summary>
internal sealed class Fixture : IDisposable
{
    private readonly string _directory;
    private readonly JsonDocument _manifest;

    private Fixture(string directory, JsonDocument manifest)
    {
        _directory = directory;
        _manifest = manifest;
        LowerRoot = Path.Combine(directory, Manifest.GetProperty("lower_dir").GetString()!);
    }

    internal static string? Home { get; } = FindHome();

    internal static TheoryData<string> Names
    {
        get
        {
            TheoryData<string> names = [];
            foreach (string path in Home is null ? [] : Directory.GetFiles(Home, "*.json"))
            {
                names.Add(Path.GetFileNameWithoutExtension(path));
            }

            return names;
        }
    }

    internal JsonElement Manifest => _manifest.RootElement;

    internal string Root => _directory;

    internal string LowerRoot { get; }

    internal bool MetadataInAttribute => Manifest.GetProperty("mount").GetProperty("xattr_metadata").GetBoolean();

    internal CipherSpec Cipher => new(CipherKind.Aes, Manifest.GetProperty("mount").GetProperty("key_bytes").GetInt32());

    internal static Fixture Open(string name)
    {
        string directory = Directory.CreateTempSubdirectory("ecryptfs-fixture-").FullName;
        ProcessStartInfo tar = new("tar")
        {
            ArgumentList =
            {
                "--xattrs", "--xattrs-include=user.*", "--numeric-owner", "-xzf",
                Path.Combine(Home!, name + ".tar.gz"), "-C", directory,
            },
        };
        using Process process = Process.Start(tar)!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return new Fixture(directory, JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Home!, name + ".json"))));
    }

    /// <summary>The keys of the manifest, each checked against the octets and signature it lists.</summary>
    internal EcryptfsKeyRing DeriveKeys(out EcryptfsKey? names)
    {
        EcryptfsKeyRing ring = new();
        names = null;
        foreach (JsonElement entry in Manifest.GetProperty("keys").EnumerateArray())
        {
            string signature = entry.GetProperty("sig").GetString()!;
            if (entry.TryGetProperty("pem", out JsonElement pem))
            {
                using SecretBuffer passphrase = Secret.Of(entry.GetProperty("passwd").GetString()!);
                Assert.True(EcryptfsPrivateKey.TryLoadPem(
                    Encoding.ASCII.GetBytes(pem.GetString()!), passphrase, out EcryptfsPrivateKey? pair));
                Assert.Equal(signature, pair!.Signature.ToString());
                ring.Add(pair);
                continue;
            }

            using SecretBuffer text = Secret.Of(entry.GetProperty("passphrase").GetString()!);
            Assert.True(EcryptfsSalt.TryParse(entry.GetProperty("salt_hex").GetString()!, out EcryptfsSalt salt));
            EcryptfsKey key = EcryptfsKey.FromPassphrase(text, salt);
            Assert.Equal(signature, key.Signature.ToString());
            Assert.Equal(entry.GetProperty("key_hex").GetString(), Secret.Hex(key.Secret));
            ring.Add(key);
            if (entry.GetProperty("use").EnumerateArray().Any(use => use.GetString() == "filename"))
            {
                names = key;
            }
        }

        return ring;
    }

    public void Dispose()
    {
        _manifest.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static string? FindHome()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "shared", "fixtures", "ecryptfs");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}

/// <summary>A theory over the kernel's trees; skipped where they are not at hand.</summary>
public sealed class FixtureTheoryAttribute : TheoryAttribute
{
    /// <summary>Decides once whether the trees are there.</summary>
    public FixtureTheoryAttribute()
    {
        if (Fixture.Home is null)
        {
            Skip = "the lower trees made by the kernel module (../shared/fixtures/ecryptfs) are not here";
        }
    }
}

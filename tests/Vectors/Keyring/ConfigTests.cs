using System.Text;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;
using StackFs.Tests.Vectors.Native;

namespace StackFs.Tests.Vectors.Keyring;

/// <summary>
/// The frozen files are what CONFIG.md and SLOTS.md make of fixed keys, and the product makes of them what each expects.
/// </summary>
public class ConfigTests
{
    private static readonly bool Adding = Environment.GetEnvironmentVariable("STACKFS_ADD_VECTORS") == "1";

    public static TheoryData<string> Names => [.. ConfigCases.All().Select(vector => vector.Name)];

    [Fact]
    public void Cases_are_as_frozen()
    {
        foreach (Vector vector in ConfigCases.All())
        {
            byte[] made = [.. Encoding.ASCII.GetBytes(vector.Lines + "\n"), .. vector.Body];
            string path = Path.Combine(Vector.Directory(), ConfigCases.Kind, vector.Name + ".vector");
            if (Adding && !File.Exists(path))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, made);
            }

            Assert.True(File.Exists(path), $"{vector.Name} is missing: add it with STACKFS_ADD_VECTORS=1");
            Assert.True(made.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"{vector.Name} is not what the format makes of its case");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_product_makes_of_them_what_is_expected(string name)
    {
        Vector vector = Vector.WithBodies(ConfigCases.Kind).Single(v => v.Name == name);
        ConfigStatus status = UnverifiedConfig.TryParse(vector.Body, out UnverifiedConfig? unverified);
        if (unverified is null)
        {
            Assert.Equal(vector["expect"], status.ToString());
            return;
        }

        // What parses is written back byte for byte.
        byte[] area = new byte[unverified.Slots.SerializedLength];
        unverified.Slots.WriteTo(area);
        Assert.True(vector.Body.AsSpan(112, area.Length).SequenceEqual(area));

        using IKeySource key = Key(vector);
        UnlockStatus unlocked = unverified.Unlock(key, out LocalVolumeKeyLease? lease);
        using (lease)
        {
            if (lease is null)
            {
                Assert.Equal(vector["expect"], unlocked.ToString());
                return;
            }

            using SecretPage page = lease.MakeLoan()!;
            Assert.True(vector.Bytes("volume-key").AsSpan().SequenceEqual(page.UnsafeBytes[..LocalVolumeKeyLease.KeyLength]));
            status = unverified.Verify(lease, out VolumeConfig? config);
            Assert.Equal(vector["expect"], status.ToString());
            Assert.Equal(status == ConfigStatus.Ok, config is not null && config.TryOpenNameKey(lease, out _));
            if (config is not null)
            {
                Assert.Equal(vector.Body, config.Serialize(lease));
            }
        }
    }

    private static IKeySource Key(Vector vector)
    {
        if (vector.Find("passphrase") is not null)
        {
            return new PassphraseKey(Secret(vector.Bytes("passphrase")));
        }

        if (vector.Find("recovery-key") is { } text)
        {
            using SecretBuffer digits = Secret(Encoding.ASCII.GetBytes(text));
            Assert.True(RecoveryKey.TryParse(digits, out RecoveryKey? recovery));
            return recovery;
        }

        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, $"-----BEGIN PRIVATE KEY-----\n{Convert.ToBase64String(vector.Bytes("private-key"))}\n-----END PRIVATE KEY-----\n");
            Assert.Equal(PemStatus.Ok, PemFile.Open(path, out PemFile? file, out _));
            using (file)
            {
                Assert.Equal(PemStatus.Ok, file!.TryOpenPrivateKey(null, out PrivateKey? key));
                return key!;
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static SecretBuffer Secret(byte[] bytes)
    {
        SecretBuffer secret = SecretBuffer.Allocate(bytes.Length);
        secret.Fill(bytes, static (target, source) => source.CopyTo(target));
        return secret;
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mono.Unix;
using Mono.Unix.Native;
using StackFs.Codecs;
using StackFs.Codecs.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Secrets;

namespace StackFs.Tests.Vectors.Ecryptfs;

/// <summary>Everything in the kernel's lower trees decodes to its manifest, and encodes back to the same octets.</summary>
public class KernelTreeTests
{
    public static TheoryData<string> Trees => Fixture.Names;

    [FixtureTheory]
    [MemberData(nameof(Trees))]
    public void Every_file_decrypts_to_its_manifest_and_encrypts_back_to_its_lower_octets(string name)
    {
        using Fixture fixture = Fixture.Open(name);
        using EcryptfsKeyRing keys = fixture.DeriveKeys(out _);
        int files = 0;
        foreach (JsonProperty entry in fixture.Manifest.GetProperty("entries").EnumerateObject())
        {
            if (entry.Value.GetProperty("type").GetString() != "file")
            {
                continue;
            }

            files++;
            string lower = LowerPath(fixture, entry.Value);
            byte[] octets = File.ReadAllBytes(lower);
            Assert.Equal(Hash(octets), entry.Value.GetProperty("lower_sha256").GetString());
            byte[] metadata = fixture.MetadataInAttribute ? Attribute(lower) : octets[..EcryptfsFormat.ParsedSize];

            Assert.Equal(EcryptfsStatus.Ok, EcryptfsHeader.TryParse(metadata, out EcryptfsHeader? header));
            Assert.Equal(entry.Value.GetProperty("size").GetInt64(), header!.UpperSize);
            EcryptfsLayout layout = new(fixture.MetadataInAttribute ? 0 : header.HeaderSize);
            Assert.Equal(octets.Length, layout.LowerSize(header.UpperSize));
            Assert.Equal(EcryptfsStatus.Ok, keys.TryUnwrap(header, out FileKey? key));
            using (key)
            {
                Assert.Equal(fixture.Cipher, key!.Cipher);
                CheckMetadata(fixture, header, metadata, octets, layout, keys, key);
                byte[] plaintext = Decrypt(key, octets.AsSpan((int)layout.DataStart));
                Assert.Equal(
                    entry.Value.GetProperty("sha256").GetString(), Hash(plaintext.AsSpan(0, (int)header.UpperSize)));
                Assert.All(plaintext[(int)header.UpperSize..], static octet => Assert.Equal(0, octet));
                Assert.Equal(octets[(int)layout.DataStart..], Encrypt(key, plaintext));
            }
        }

        Assert.NotEqual(0, files);
    }

    [FixtureTheory]
    [MemberData(nameof(Trees))]
    public void Every_name_and_link_target_decrypts_and_encrypts_back(string name)
    {
        using Fixture fixture = Fixture.Open(name);
        using EcryptfsKeyRing keys = fixture.DeriveKeys(out EcryptfsKey? namesKey);
        using NameCipher? cipher = namesKey is null ? null : new NameCipher(fixture.Cipher, namesKey);
        foreach (JsonProperty entry in fixture.Manifest.GetProperty("entries").EnumerateObject())
        {
            string lower = LowerPath(fixture, entry.Value);
            string relative = Path.GetRelativePath(fixture.LowerRoot, lower);
            string upper = string.Join('/', relative.Split('/').Select(part => Upper(cipher, part)));
            if (entry.Value.TryGetProperty("lower", out _))
            {
                Assert.Equal(entry.Name, upper);
            }

            if (entry.Value.TryGetProperty("target", out JsonElement target))
            {
                string lowerTarget = UnixPath.ReadLink(lower);
                Assert.Equal(entry.Value.GetProperty("lower_target").GetString(), lowerTarget);
                Assert.Equal(target.GetString(), Upper(cipher, lowerTarget));
            }
        }
    }

    [FixtureTheory]
    [MemberData(nameof(Trees))]
    public void The_encrypted_view_is_made_as_the_kernel_makes_it(string name)
    {
        using Fixture fixture = Fixture.Open(name);
        if (!fixture.Manifest.TryGetProperty("encrypted_view", out JsonElement view))
        {
            return;
        }

        foreach (JsonProperty entry in view.GetProperty("entries").EnumerateObject())
        {
            if (!entry.Value.TryGetProperty("sha256", out JsonElement hash))
            {
                continue;
            }

            string lower = Path.Combine(fixture.LowerRoot, entry.Name);
            byte[] octets = File.ReadAllBytes(lower);
            if (fixture.MetadataInAttribute)
            {
                byte[] header = new byte[EcryptfsFormat.NewHeaderSize];
                EcryptfsHeader.BuildView(Attribute(lower), header);
                octets = [.. header, .. octets];
            }

            Assert.Equal(entry.Value.GetProperty("size").GetInt64(), octets.Length);
            Assert.Equal(hash.GetString(), Hash(octets));
        }
    }

    [FixtureTheory]
    [MemberData(nameof(Trees))]
    public void The_private_directory_files_open_with_the_login_passphrase(string name)
    {
        using Fixture fixture = Fixture.Open(name);
        if (!fixture.Manifest.TryGetProperty("private", out JsonElement home))
        {
            return;
        }

        byte[] file = File.ReadAllBytes(
            Path.Combine(fixture.Root, home.GetProperty("wrapped_passphrase_file").GetString()!));
        Assert.Equal(WrappedPassphraseStatus.Ok, WrappedPassphrase.TryParse(file, out WrappedPassphrase? wrapped));
        Assert.Equal(home.GetProperty("wrapped_passphrase_version").GetInt32(), wrapped!.Version);
        Assert.Equal(file, wrapped.ToFile());
        using SecretBuffer login = Secret.Of(home.GetProperty("login_passphrase").GetString()!);
        using SecretBuffer wrong = Secret.Of("not the login passphrase");
        Assert.Equal(WrappedPassphraseStatus.WrongPassphrase, wrapped.Unwrap(wrong, out _));
        Assert.Equal(WrappedPassphraseStatus.Ok, wrapped.Unwrap(login, out SecretBuffer? mount));
        using (mount)
        {
            string expected = fixture.Manifest.GetProperty("keys")[0].GetProperty("passphrase").GetString()!;
            Assert.Equal(expected, Encoding.UTF8.GetString(Secret.Bytes(mount!)));
            WrappedPassphrase again = WrappedPassphrase.Wrap(mount!, login, wrapped.Salt!.Value);
            Assert.Equal(file, again.ToFile());
        }

        byte[] signatures = File.ReadAllBytes(Path.Combine(fixture.Root, home.GetProperty("sig_file").GetString()!));
        Assert.True(PrivateDirectory.TryParseSignatures(
            signatures, out EcryptfsSignature content, out EcryptfsSignature? names));
        Assert.Equal(home.GetProperty("sig_file_text").GetString(), PrivateDirectory.FormatSignatures(content, names));
        byte[] mountPoint = File.ReadAllBytes(Path.Combine(fixture.Root, home.GetProperty("mnt_file").GetString()!));
        Assert.True(PrivateDirectory.TryParseMountPoint(mountPoint, out string? path));
        Assert.Equal(home.GetProperty("mnt_file_text").GetString(), path + "\n");
    }

    private static void CheckMetadata(
        Fixture fixture,
        EcryptfsHeader header,
        byte[] metadata,
        byte[] lower,
        EcryptfsLayout layout,
        EcryptfsKeyRing keys,
        FileKey key)
    {
        byte[] page = new byte[EcryptfsFormat.ParsedSize];
        EcryptfsSignature[] signatures = [.. header.Packets.ToArray().Select(static packet => packet.Signature)];
        int length = EcryptfsHeader.BuildNew(page, header.Flags, keys.Wrap(key, signatures));
        Assert.Equal(header.PacketsEnd, length);

        // Size and the random marker differ between any two files; RSA's padding is random.
        metadata.AsSpan(0, EcryptfsFormat.SizeAndMarker).CopyTo(page);
        if (header.Packets[0].Kind == KeyPacketKind.Passphrase)
        {
            Assert.Equal(metadata[..length], page[..length]);
        }

        if (fixture.MetadataInAttribute)
        {
            Assert.Equal(length, metadata.Length);
        }
        else
        {
            Assert.False(lower.AsSpan(length, (int)layout.DataStart - length).ContainsAnyExcept((byte)0));
        }
    }

    private static byte[] Decrypt(FileKey key, ReadOnlySpan<byte> lower)
    {
        byte[] plaintext = new byte[lower.Length];
        using ExtentCipher cipher = new(key, 0);
        for (int at = 0; at < lower.Length; at += EcryptfsFormat.ExtentSize)
        {
            Assert.Equal(ExtentStatus.Ok, cipher.Open(
                at / EcryptfsFormat.ExtentSize,
                lower.Slice(at, EcryptfsFormat.ExtentSize),
                plaintext.AsSpan(at, EcryptfsFormat.ExtentSize),
                out _));
        }

        return plaintext;
    }

    private static byte[] Encrypt(FileKey key, ReadOnlySpan<byte> plaintext)
    {
        byte[] lower = new byte[plaintext.Length];
        using ExtentCipher cipher = new(key, 0);
        for (int at = 0; at < lower.Length; at += EcryptfsFormat.ExtentSize)
        {
            cipher.Seal(
                at / EcryptfsFormat.ExtentSize,
                plaintext.Slice(at, EcryptfsFormat.ExtentSize),
                isFinal: false,
                lower.AsSpan(at, EcryptfsFormat.ExtentSize));
        }

        return lower;
    }

    private static string Upper(NameCipher? cipher, string lower)
    {
        if (cipher is null)
        {
            return lower;
        }

        byte[] octets = Encoding.UTF8.GetBytes(lower);
        byte[] upper = new byte[octets.Length];
        Assert.Equal(NameStatus.Ok, cipher.Decode(octets, upper, out int length));
        return Encoding.UTF8.GetString(upper.AsSpan(0, length));
    }

    private static string LowerPath(Fixture fixture, JsonElement entry)
    {
        string[] candidates = entry.TryGetProperty("lower", out JsonElement one)
            ? [one.GetString()!]
            : [.. entry.GetProperty("lower_any_of").EnumerateArray().Select(static item => item.GetString()!)];
        return candidates.Select(path => Path.Combine(fixture.LowerRoot, path))
            .First(static path => Syscall.lstat(path, out _) == 0);
    }

    private static byte[] Attribute(string path)
    {
        byte[] value = new byte[EcryptfsFormat.ParsedSize];
        long length = Syscall.lgetxattr(path, "user.ecryptfs", value);
        Assert.True(length > 0, "no attribute on " + path);
        return value[..(int)length];
    }

    private static string Hash(ReadOnlySpan<byte> octets) => Convert.ToHexStringLower(SHA256.HashData(octets));
}

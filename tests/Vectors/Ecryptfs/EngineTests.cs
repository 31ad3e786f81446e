using System.Buffers.Binary;
using System.Text;
using StackFs.Codecs.Ecryptfs;
using StackFs.Content;
using StackFs.Content.Ecryptfs;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Tests.Common;

namespace StackFs.Tests.Vectors.Ecryptfs;

/// <summary>The content engine over a lower file in memory; what it leaves there is read by <see cref="Oracle"/>.</summary>
public sealed class EngineTests : IDisposable
{
    private const string Passphrase = "engine";

    private readonly ContentScratch _scratch = new(runPages: 8);
    private readonly RecordingReports _reports = new();
    private readonly byte[] _rawKey;
    private readonly EcryptfsSignature _signature;

    public EngineTests()
    {
        using SecretBuffer text = Secret.Of(Passphrase);
        using EcryptfsKey key = EcryptfsKey.FromPassphrase(text, EcryptfsSalt.Content);
        _rawKey = Secret.Bytes(key.Secret);
        _signature = key.Signature;
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("aes", 16, false, 1)]
    [InlineData("aes", 24, false, 2)]
    [InlineData("aes", 32, false, 3)]
    [InlineData("aes", 32, true, 4)]
    [InlineData("blowfish", 16, false, 5)]
    [InlineData("des3_ede", 24, true, 6)]
    [InlineData("twofish", 32, false, 7)]
    public void Any_sequence_of_changes_leaves_a_lower_file_that_the_oracle_reads(
        string cipher, int keyBytes, bool inAttribute, int seed)
    {
        using EcryptfsVolume volume = Volume(cipher, keyBytes, inAttribute);
        Random random = new(seed);
        MemoryFile lower = new() { LongestWrite = 5000 };
        OpenFile file = Open(lower, volume);
        List<byte> expected = [];
        for (int step = 0; step < 400; step++)
        {
            Change(file, expected, random);
            if (random.Next(4) == 0)
            {
                Assert.Equal(Errno.None, file.Seal(_scratch));
                Assert.False(file.NeedsSeal);
                Check(lower, file, expected, $"{cipher} seed {seed} step {step}");
            }

            if (random.Next(20) == 0)
            {
                Assert.Equal(Errno.None, file.Seal(_scratch));
                file.Dispose();
                file = Open(lower, volume);
            }
        }

        file.Dispose();
    }

    [Fact]
    public void A_new_file_is_a_header_and_an_emptied_one_keeps_it()
    {
        using EcryptfsVolume volume = Volume("aes", 16, inAttribute: false);
        MemoryFile lower = new();
        using OpenFile file = Open(lower, volume);
        Assert.Empty(lower.Bytes);
        Assert.Equal(Errno.None, file.Prepare(_scratch));
        Assert.Equal(8192, lower.Bytes.Length);
        byte[] header = [.. lower.Bytes];
        Write(file, 0, new byte[10000]);
        Assert.Equal(8192 + 12288, lower.Bytes.Length);
        Assert.Equal(Errno.None, file.Truncate(0, _scratch));
        Assert.Equal(header, lower.Bytes);
    }

    [Fact]
    public void A_file_of_no_octets_is_empty_and_gets_its_header_with_the_first_write()
    {
        using EcryptfsVolume volume = Volume("aes", 16, inAttribute: false);
        MemoryFile lower = new();
        using OpenFile file = Open(lower, volume);
        Assert.Equal(0, file.Size);
        Assert.Equal(Errno.None, file.Read(0, new byte[10], _scratch, out int count));
        Assert.Equal(0, count);
        Assert.Empty(lower.Bytes);
        Write(file, 5, "late"u8.ToArray());
        Check(lower, file, [0, 0, 0, 0, 0, .. "late"u8], "late header");
    }

    [Fact]
    public void A_full_disk_loses_nothing_that_was_there()
    {
        using EcryptfsVolume volume = Volume("aes", 32, inAttribute: false);
        for (int room = 8192; room <= 8192 + (5 * 4096); room += 1000)
        {
            MemoryFile lower = new();
            using OpenFile file = Open(lower, volume);
            byte[] first = new byte[6000];
            Random.Shared.NextBytes(first);
            Write(file, 0, first);
            lower.Room = room;
            byte[] more = new byte[16000];
            Errno error = file.Write(6000, more, _scratch, out int count);
            Assert.True(count == 0 ? error == Errno.ENOSPC : error == Errno.None, $"room {room}: {error}, {count}");
            Check(lower, file, [.. first, .. more.AsSpan(0, count)], $"room {room}");
            Assert.NotEqual(Errno.None, file.Truncate(1 << 20, _scratch));
            Check(lower, file, [.. first, .. more.AsSpan(0, count)], $"room {room} after truncate");
            Assert.Equal(new EcryptfsLayout(8192).LowerSize(file.Size), lower.Bytes.Length);
        }
    }

    [Fact]
    public void A_disk_too_full_for_a_header_leaves_an_empty_file()
    {
        using EcryptfsVolume volume = Volume("aes", 16, inAttribute: false);
        MemoryFile lower = new() { Room = 5000 };
        using OpenFile file = Open(lower, volume);
        Assert.Equal(Errno.ENOSPC, file.Prepare(_scratch));
        Assert.Empty(lower.Bytes);
        lower.Room = long.MaxValue;
        Write(file, 0, [1, 2, 3]);
        Check(lower, file, [1, 2, 3], "after room was made");
    }

    [Fact]
    public void Missing_extents_are_errors_and_the_others_read()
    {
        using EcryptfsVolume volume = Volume("aes", 16, inAttribute: false);
        MemoryFile lower = new();
        byte[] text = new byte[20000];
        new Random(3).NextBytes(text);
        using (OpenFile file = Open(lower, volume))
        {
            Write(file, 0, text);
        }

        byte[] whole = lower.Bytes;
        foreach (int length in new[] { 8192, 8192 + 8192, 8192 + 8192 + 1000 })
        {
            lower.Load(whole[..length]);
            using OpenFile file = Open(lower, volume);
            Assert.Contains(ContentFinding.CutShort, _reports.Findings);
            Assert.Equal(20000, file.Size);
            int kept = (length - 8192) / 4096 * 4096;
            byte[] room = new byte[20480];
            Assert.Equal(Errno.EIO, file.Read(0, room, _scratch, out int count));
            Assert.Equal(kept, count);
            Assert.Equal(text[..kept], room[..kept]);
            Assert.Equal(Errno.EIO, file.Read(kept + 4096, room.AsSpan(0, 10), _scratch, out _));

            // Nothing may turn what is missing into zeros.
            Assert.Equal(Errno.EIO, file.Write(19000, [1], _scratch, out _));
            Assert.Equal(Errno.EIO, file.Write(30000, [1], _scratch, out _));
            Assert.Equal(Errno.EIO, file.Truncate(40000, _scratch));
            Assert.Equal(whole[..length], lower.Bytes);
            Assert.Equal(Errno.None, file.Truncate(kept, _scratch));
            Check(lower, file, text[..kept], $"cut to {length}");
        }
    }

    [Fact]
    public void Zero_pages_that_a_nas_leaves_are_holes()
    {
        using EcryptfsVolume volume = Volume("aes", 32, inAttribute: false);
        MemoryFile lower = new();
        byte[] text = new byte[12288];
        new Random(3).NextBytes(text);
        using OpenFile file = Open(lower, volume);
        Write(file, 0, text);
        lower.Bytes.AsSpan(8192 + 4096, 4096).Clear();
        byte[] room = new byte[12288];
        Assert.Equal(Errno.None, file.Read(0, room, _scratch, out _));
        text.AsSpan(4096, 4096).Clear();
        Assert.Equal(text, room);
    }

    [Fact]
    public void The_nas_copy_of_size_and_marker_follows_the_size()
    {
        using EcryptfsVolume volume = Volume("aes", 32, inAttribute: false);
        MemoryFile lower = new();
        using (OpenFile file = Open(lower, volume))
        {
            Write(file, 0, [1, 2, 3]);
        }

        lower.Attribute = lower.Bytes[..16];
        using (OpenFile file = Open(lower, volume))
        {
            Write(file, 3, [4, 5]);
            Assert.Equal(lower.Bytes[..16], lower.Attribute);
            Assert.Equal(Errno.None, file.Truncate(1, _scratch));
            Assert.Equal(lower.Bytes[..16], lower.Attribute);
            Assert.Equal(1, BinaryPrimitives.ReadInt64BigEndian(lower.Attribute));
        }
    }

    [Fact]
    public void Files_that_are_not_ours_are_refused_or_passed_through()
    {
        byte[] plain = Encoding.ASCII.GetBytes("plain text of some length, and no marker in it");
        MemoryFile lower = new();
        lower.Load([.. plain]);
        using EcryptfsVolume strict = Volume("aes", 16, inAttribute: false);
        Assert.Equal(Errno.EIO, EcryptfsFile.Open(
            lower, lower.Attributes, strict, _reports, "plain", _scratch, out OpenFile? none));
        Assert.Null(none);
        Assert.Contains("not an eCryptfs file", Assert.Single(_reports.Refusals), StringComparison.Ordinal);

        using EcryptfsVolume lenient = Volume("aes", 16, inAttribute: false, passthrough: true);
        using OpenFile file = Open(lower, lenient);
        byte[] room = new byte[100];
        Assert.Equal(Errno.None, file.Read(6, room, _scratch, out int count));
        Assert.Equal(plain[6..], room[..count]);
        Write(file, plain.Length, "!"u8.ToArray());
        Assert.Equal([.. plain, (byte)'!'], lower.Bytes);
        Assert.Equal(plain.Length + 1, file.Size);
    }

    [Fact]
    public void A_file_of_a_key_that_is_missing_is_ENOKEY_with_passthrough_too()
    {
        MemoryFile lower = new();
        using (EcryptfsVolume mine = Volume("aes", 16, inAttribute: false))
        using (OpenFile file = Open(lower, mine))
        {
            Write(file, 0, [1]);
        }

        byte[] before = lower.Bytes;
        foreach (bool passthrough in new[] { false, true })
        {
            using EcryptfsVolume other = Volume("aes", 16, false, passthrough, passphrase: "another");
            Assert.Equal(Errno.ENOKEY, EcryptfsFile.Open(
                lower, lower.Attributes, other, _reports, "file", _scratch, out _));
        }

        Assert.Equal(before, lower.Bytes);
    }

    [Fact]
    public void The_encrypted_view_of_attribute_metadata_is_a_header_mode_file()
    {
        MemoryFile lower = new();
        using (EcryptfsVolume mine = Volume("aes", 16, inAttribute: true))
        using (OpenFile file = Open(lower, mine))
        {
            Write(file, 0, "seen as ciphertext"u8.ToArray());
            Assert.Equal(Errno.None, file.Seal(_scratch));
        }

        using EcryptfsVolume view = Volume("aes", 16, inAttribute: true, view: true);
        MemoryFile copy = new();
        using (OpenFile file = Open(lower, view))
        {
            byte[] room = new byte[file.Size];
            Assert.Equal(Errno.None, file.Read(0, room.AsSpan(0, 5000), _scratch, out int first));
            Assert.Equal(Errno.None, file.Read(first, room.AsSpan(first), _scratch, out int rest));
            Assert.Equal(room.Length, first + rest);
            Assert.Equal(Errno.EROFS, file.Write(0, [1], _scratch, out _));
            Assert.Equal(Errno.EROFS, file.Truncate(0, _scratch));
            copy.Load(room);
        }

        using EcryptfsVolume plain = Volume("aes", 16, inAttribute: false);
        using OpenFile read = Open(copy, plain);
        Check(copy, read, "seen as ciphertext"u8.ToArray(), "copy of the view");
    }

    [Fact]
    public void Reading_and_writing_allocate_nothing()
    {
        using EcryptfsVolume volume = Volume("aes", 32, inAttribute: false);
        MemoryFile lower = new();
        using OpenFile file = Open(lower, volume);
        byte[] room = new byte[20000];
        Write(file, 0, room);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                _ = file.Read(100 + i, room.AsSpan(0, 9000), _scratch, out _);
                _ = file.Write(100 + i, room.AsSpan(0, 9000), _scratch, out _);
            }
        }));
    }

    private static EcryptfsVolume Volume(
        string cipher, int keyBytes, bool inAttribute, bool passthrough = false, bool view = false,
        string passphrase = Passphrase)
    {
        using SecretBuffer text = Secret.Of(passphrase);
        EcryptfsKey key = EcryptfsKey.FromPassphrase(text, EcryptfsSalt.Content);
        EcryptfsKeyRing ring = new();
        ring.Add(key);
        Assert.True(CipherSpec.TryParseName(cipher, out CipherKind kind));
        return new EcryptfsVolume(ring, [key.Signature], new CipherSpec(kind, keyBytes))
        {
            MetadataInAttribute = inAttribute,
            Passthrough = passthrough,
            EncryptedView = view,
        };
    }

    private OpenFile Open(MemoryFile lower, EcryptfsVolume volume)
    {
        Assert.Equal(Errno.None, EcryptfsFile.Open(
            lower, lower.Attributes, volume, _reports, "file", _scratch, out OpenFile? file));
        return file!;
    }

    private void Write(OpenFile file, long offset, byte[] octets)
    {
        Assert.Equal(Errno.None, file.Write(offset, octets, _scratch, out int count));
        Assert.Equal(octets.Length, count);
    }

    private void Change(OpenFile file, List<byte> expected, Random random)
    {
        int size = expected.Count;
        switch (random.Next(10))
        {
            case 0:
                int target = random.Next(3) == 0 ? random.Next(60000) : random.Next(size + 1);
                Assert.Equal(Errno.None, file.Truncate(target, _scratch));
                Resize(expected, target);
                break;
            case 1:
                int from = random.Next(size + 1);
                int length = random.Next(1, 9000);
                Assert.Equal(Errno.None, file.Allocate(0x03, from, length, _scratch));
                for (int i = from; i < Math.Min(from + length, size); i++)
                {
                    expected[i] = 0;
                }

                break;
            default:
                int offset = random.Next(4) switch
                {
                    0 => size,
                    1 => Math.Max(0, (size / 4096 * 4096) - 4096),
                    2 => random.Next(Math.Min(size + 12000, 60000)),
                    _ => random.Next(size + 1),
                };
                byte[] octets = new byte[random.Next(3) == 0 ? 4096 * random.Next(1, 4) : random.Next(1, 12000)];
                random.NextBytes(octets);
                Write(file, offset, octets);
                Resize(expected, Math.Max(size, offset + octets.Length));
                for (int i = 0; i < octets.Length; i++)
                {
                    expected[offset + i] = octets[i];
                }

                break;
        }

        Assert.Equal(expected.Count, file.Size);
    }

    private void Check(MemoryFile lower, OpenFile file, IReadOnlyList<byte> expected, string what)
    {
        byte[] room = new byte[expected.Count + 5000];
        int at = 0;
        while (true)
        {
            Assert.Equal(Errno.None, file.Read(at, room.AsSpan(at, Math.Min(7000, room.Length - at)), _scratch, out int got));
            if (got == 0)
            {
                break;
            }

            at += got;
        }

        Assert.True(expected.SequenceEqual(room.Take(at)), what + ": read through the engine");
        byte[] signature = Convert.FromHexString(_signature.ToString());
        (_, byte[] read) = Oracle.ReadFile(lower.Bytes, lower.Attribute?.Length > 16 ? lower.Attribute : null, _rawKey, signature);
        Assert.True(expected.SequenceEqual(read), what + ": read by the oracle");
        long start = lower.Attribute?.Length > 16 ? 0 : 8192;
        Assert.Equal(new EcryptfsLayout(start).LowerSize(expected.Count), lower.Bytes.Length);
    }

    private static void Resize(List<byte> list, int size)
    {
        if (size < list.Count)
        {
            list.RemoveRange(size, list.Count - size);
        }

        list.AddRange(new byte[size - list.Count]);
    }

    private sealed class RecordingReports : ContentReports
    {
        internal List<ContentFinding> Findings { get; } = [];

        internal List<string> Refusals { get; } = [];

        public override void Report(ContentFinding finding, object name, long extent) => Findings.Add(finding);

        public override void Refused(object name, string reason) => Refusals.Add(reason);
    }
}

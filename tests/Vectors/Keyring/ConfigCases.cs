using System.Buffers.Binary;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using StackFs.Tests.Common;
using StackFs.Tests.Vectors.Native;

namespace StackFs.Tests.Vectors.Keyring;

/// <summary>
/// stackfs.conf files, good and bad, made from CONFIG.md, SLOTS.md and the oracle alone: nothing of the product.
/// </summary>
internal static class ConfigCases
{
    internal const string Kind = "config";

    private const int ScryptLogN = 10;
    private static readonly byte[] VolumeKey = Pattern(0x10, 32);
    private static readonly byte[] NameKey = Pattern(0x50, 32);
    private static readonly byte[] Passphrase = Encoding.ASCII.GetBytes("correct horse battery staple");
    private static readonly byte[] RecoveryKey = Pattern(0x80, 20);
    private static readonly byte[] PrivateNumber = Pattern(0xA0, 32);
    private static readonly byte[] Id = Reference.Hkdf(VolumeKey, "id", 16);

    internal static IEnumerable<Vector> All()
    {
        byte[] passphrase = PassphraseSlot(Passphrase, ScryptLogN, VolumeKey, Id);
        byte[] recovery = RecoverySlot();
        byte[] x25519 = X25519Slot();
        byte[] good = Config(1, [passphrase], []);

        yield return Opens("passphrase", good);
        yield return Opens("plain-names", Config(2, [passphrase], []));
        yield return Recovers("recovery", Config(1, [recovery], []));
        yield return OpensWithPem("x25519", Config(1, [x25519], [PublicInfo()]));
        yield return Opens("three-kinds-passphrase", Config(1, [recovery, x25519, passphrase], [PublicInfo()]));
        yield return OpensWithPem("three-kinds-pem", Config(1, [recovery, x25519, passphrase], [PublicInfo()]));
        yield return Opens("a-slot-of-an-unknown-type", Config(1, [[9, 0, 3, 0, 1, 2, 3], passphrase], []));
        yield return Opens("a-later-generation", Config(1, [passphrase], [], generation: 7));

        yield return Fails("empty", "Damaged", []);
        yield return Fails("cut-in-the-magic", "Damaged", good[..5]);
        yield return Fails("cut-short", "Damaged", good[..^1]);
        yield return Fails("longer-than-it-says", "Damaged", [.. good, 0]);
        yield return Fails("longer-than-any", "Damaged", [.. good, .. new byte[16384]]);
        yield return Fails("another-magic", "NotAConfig", Changed(good, 7, 'X'));
        yield return Fails("a-later-version", "MadeByNewerVersion", Changed(good, 8, 2));
        yield return Fails("version-zero", "Damaged", Changed(good, 8, 0));
        yield return Fails("reserved-not-zero", "Damaged", Changed(good, 108, 1));
        yield return Fails("generation-zero", "Damaged", Config(1, [passphrase], [], generation: 0));
        yield return Fails("nine-slots", "Damaged", Config(1, [.. Enumerable.Repeat(recovery, 9)], []));
        yield return Fails("a-slot-past-the-area", "Damaged", Config(1, [Changed(passphrase, 2, 200)], []));
        yield return Fails("a-slot-of-type-zero", "Damaged", Config(1, [Changed(passphrase, 0, 0)], []));
        yield return Fails("a-slot-with-a-reserved-byte", "Damaged", Config(1, [Changed(passphrase, 1, 1)], []));
        yield return Fails("a-public-key-too-long", "Damaged", Config(1, [passphrase], [new byte[1201]]));
        yield return Fails("scrypt-of-gigabytes", "CostTooHigh", Config(1, [Changed(passphrase, 4, 30)], []));
        yield return Fails("scrypt-without-end", "CostTooHigh", Config(1, [Changed(Changed(passphrase, 4, 17), 6, 64)], []));
        yield return Fails("scrypt-often", "CostTooHigh", Config(1, [.. Enumerable.Repeat(Changed(passphrase, 4, 19), 5)], []));

        yield return Opens("names-changed", Changed(good, 10, 2), "TamperedWith");
        yield return Opens("generation-changed", Changed(good, 96, 9), "TamperedWith");
        yield return Opens("mac-changed", Changed(good, good.Length - 1, good[^1] ^ 1), "TamperedWith");
        yield return Opens("names-of-a-later-version", Config(3, [passphrase], []), "MadeByNewerVersion");
        yield return Opens("another-passphrase", Config(1, [PassphraseSlot([1, 2, 3], ScryptLogN, VolumeKey, Id)], []), "WrongKey");
        yield return Opens("another-cost", Config(1, [Changed(passphrase, 4, ScryptLogN + 1)], []), "WrongKey");
        yield return Opens("another-volume", Config(1, [PassphraseSlot(Passphrase, ScryptLogN, Pattern(1, 32), Id)], []), "WrongKey");
        yield return Opens("no-slot-of-the-kind", Config(1, [recovery], []), "NoSuchSlot");
        yield return Opens("no-slot", Config(1, [], []), "NoSuchSlot");
        yield return OpensWithPem("a-point-changed", Config(1, [Changed(x25519, 30, x25519[30] ^ 1)], []), "WrongKey");
    }

    private static Vector Opens(string name, byte[] config, string expect = "Ok") =>
        Case(name, expect, config).With("passphrase", Passphrase).With("volume-key", VolumeKey);

    private static Vector Recovers(string name, byte[] config)
    {
        byte[] check = Reference.Sha256([.. Encoding.ASCII.GetBytes("StackFs recovery"), .. RecoveryKey])[..2];
        string digits = Convert.ToHexStringLower([.. RecoveryKey, .. check]);
        string text = string.Join('-', digits.Chunk(4).Select(group => new string(group)));
        return Case(name, "Ok", config).With("recovery-key", text).With("volume-key", VolumeKey);
    }

    private static Vector OpensWithPem(string name, byte[] config, string expect = "Ok") =>
        Case(name, expect, config)
            .With("private-key", [.. Convert.FromHexString("302e020100300506032b656e04220420"), .. PrivateNumber])
            .With("volume-key", VolumeKey);

    private static Vector Fails(string name, string expect, byte[] config) => Case(name, expect, config);

    private static Vector Case(string name, string expect, byte[] config) =>
        new Vector(name) { Body = config }.With("expect", expect);

    /// <summary>CONFIG.md.</summary>
    private static byte[] Config(byte names, byte[][] slots, byte[][] publicKeys, ulong generation = 1)
    {
        byte[] area = [(byte)slots.Length, 0, 0, 0, .. slots.SelectMany(slot => slot)];
        byte[] keys = [(byte)publicKeys.Length, 0, 0, 0, .. publicKeys.SelectMany(key => (byte[])[.. U16(key.Length), 0, 0, .. key])];
        byte[] body =
        [
            .. Encoding.ASCII.GetBytes("StackFsC"), .. U16(1), names, 1, .. U32(112 + area.Length + keys.Length + 32),
            .. Id, .. Reference.Wrap(VolumeKey, Pattern(0x30, 12), "NK", Id, NameKey),
            .. U32(area.Length), .. U64(generation), .. U32(keys.Length), .. U32(0), .. area, .. keys,
        ];
        return [.. body, .. Oracle.Hmac(Reference.Hkdf(VolumeKey, "config", 32), body)];
    }

    /// <summary>SLOTS.md, type 1.</summary>
    private static byte[] PassphraseSlot(byte[] passphrase, int logN, byte[] volumeKey, byte[] id)
    {
        byte[] salt = Pattern(0xC0, 32);
        byte[] kek = Oracle.Scrypt(passphrase, salt, 1 << logN, 8, 1, 32);
        return Slot(1, [(byte)logN, 8, 1, 0, .. salt], kek, volumeKey, id);
    }

    /// <summary>SLOTS.md, type 3.</summary>
    private static byte[] RecoverySlot()
    {
        byte[] salt = Pattern(0xE0, 32);
        byte[] kek = Oracle.Hkdf(RecoveryKey, salt, Encoding.ASCII.GetBytes("StackFs recovery KEK"), 32);
        return Slot(3, salt, kek, VolumeKey, Id);
    }

    /// <summary>SLOTS.md, type 2, algorithm 5.</summary>
    private static byte[] X25519Slot()
    {
        X25519PrivateKeyParameters ephemeral = new(Pattern(0x70, 32), 0);
        byte[] encapsulation = ephemeral.GeneratePublicKey().GetEncoded();
        byte[] shared = new byte[32];
        ephemeral.GenerateSecret(new X25519PrivateKeyParameters(PrivateNumber, 0).GeneratePublicKey(), shared, 0);
        byte[] infoHash = Reference.Sha256(PublicInfo());
        byte[] kek = Oracle.Hkdf(shared, [.. encapsulation, .. infoHash], Encoding.ASCII.GetBytes("StackFs slot KEK"), 32);
        return Slot(2, [.. infoHash[..16], 5, 0, .. U16(32), .. encapsulation], kek, VolumeKey, Id);
    }

    private static byte[] Slot(byte type, byte[] parameters, byte[] kek, byte[] volumeKey, byte[] id)
    {
        byte[] before = [type, 0, .. U16(parameters.Length + 60), .. parameters];
        byte[] nonce = Pattern(0x20, 12);
        return [.. before, .. nonce, .. Oracle.GcmSeal(kek, nonce, [.. Encoding.ASCII.GetBytes("StackFs slot"), .. id, .. before], volumeKey)];
    }

    /// <summary>The SubjectPublicKeyInfo of an X25519 key: RFC 8410 §4.</summary>
    private static byte[] PublicInfo() =>
    [
        .. Convert.FromHexString("302a300506032b656e032100"),
        .. new X25519PrivateKeyParameters(PrivateNumber, 0).GeneratePublicKey().GetEncoded(),
    ];

    private static byte[] Changed(byte[] bytes, int at, int value)
    {
        byte[] copy = [.. bytes];
        copy[at] = (byte)value;
        return copy;
    }

    private static byte[] Pattern(byte first, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((first + i) & 0xff))];

    private static byte[] U16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return bytes;
    }

    private static byte[] U32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)value);
        return bytes;
    }

    private static byte[] U64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}

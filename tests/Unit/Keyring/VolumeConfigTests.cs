using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mono.Unix.Native;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;
using StackFs.Tests.Common;

namespace StackFs.Tests.Unit.Keyring;

public sealed class VolumeConfigTests : IDisposable
{
    private static readonly ScryptCost Cheap = new(4, 8, 1);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("stackfs-config-");
    private readonly StackFs.Keyring.Interop.SafeFd _lowerRoot;
    private readonly ConfigFile _file;

    public VolumeConfigTests()
    {
        Assert.Equal(StackFs.Keyring.Interop.Errno.None, ConfigFile.OpenLowerRoot(_directory.FullName, out _lowerRoot));
        _file = new ConfigFile(_lowerRoot);
    }

    private string Path => System.IO.Path.Combine(_directory.FullName, VolumeConfig.FileName);

    public void Dispose()
    {
        _lowerRoot.Dispose();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(NamesMode.Encrypted)]
    [InlineData(NamesMode.Plain)]
    public void AVolumeIsMadeAndUnlocked(NamesMode names)
    {
        VolumeKeyId id;
        byte[] nameKey;
        using (Volume made = Create(names))
        {
            id = made.Lease.Id;
            Assert.True(made.Config.TryOpenNameKey(made.Lease, out SecretBuffer? key));
            nameKey = Bytes.Reveal(key);
        }

        Assert.Equal(Convert.ToUInt32("600", 8), Mode());
        Assert.Equal(252, new FileInfo(Path).Length);
        Assert.Equal(ConfigStatus.Ok, _file.Read(out UnverifiedConfig? unverified));
        Assert.Equal(id, unverified!.ClaimedId);
        Assert.True(Volume.Unlock(unverified, Passphrase("secret"), out Volume? volume).IsOk);
        using (volume)
        {
            Assert.Equal(id, volume!.Lease.Id);
            Assert.Equal(new VolumeSettings(names, FileFormat.Native), volume.Config.Settings);
            Assert.True(volume.Config.TryOpenNameKey(volume.Lease, out SecretBuffer? key));
            Assert.Equal(nameKey, Bytes.Reveal(key));
        }
    }

    /// <summary>Checks the bytes against CONFIG.md with the oracle's primitives.</summary>
    [Fact]
    public void TheFileIsWhatTheSpecSays()
    {
        using Volume volume = Create();
        byte[] file = File.ReadAllBytes(Path);
        Assert.Equal(ConfigStatus.Ok, UnverifiedConfig.TryParse(file, out UnverifiedConfig? unverified));
        Assert.Equal(UnlockStatus.Unlocked, unverified!.Slots.TryOpen(
            Passphrase("secret"), unverified.ClaimedId, out SecretBuffer? volumeKey));
        byte[] key = Bytes.Reveal(volumeKey!);

        Assert.Equal("StackFsC"u8.ToArray(), file[..8]);
        Assert.Equal([1, 0, 1, 1, 252, 0, 0, 0], file[8..16]);
        byte[] id = Oracle.Hkdf(key, [], "id"u8.ToArray(), 16);
        Assert.Equal(id, file[16..32]);
        Assert.True(volume.Config.TryOpenNameKey(volume.Lease, out SecretBuffer? nameKey));
        Assert.Equal(
            Oracle.GcmSeal(
                Oracle.Hkdf(key, [], "wrap"u8.ToArray(), 32), file[32..44], [.. "NK"u8, .. id], Bytes.Reveal(nameKey)),
            file[44..92]);
        Assert.Equal([104, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0], file[92..112]);
        Assert.Equal(Oracle.Hmac(Oracle.Hkdf(key, [], "config"u8.ToArray(), 32), file[..^32]), file[^32..]);
    }

    [Fact]
    public void AWrongPassphraseHasOneAnswer()
    {
        Create().Dispose();
        Assert.Equal(ConfigStatus.Ok, _file.Read(out UnverifiedConfig? unverified));
        VolumeStatus status = Volume.Unlock(unverified!, Passphrase("Secret"), out Volume? volume);
        Assert.Equal(new VolumeStatus(ConfigStatus.Ok, UnlockStatus.WrongKey), status);
        Assert.Null(volume);
        using RecoveryKey recovery = RecoveryKey.Create();
        status = Volume.Unlock(unverified!, recovery, out _);
        Assert.Equal(new VolumeStatus(ConfigStatus.Ok, UnlockStatus.NoSuchSlot), status);
    }

    [Fact]
    public void NoChangedBitIsBelieved()
    {
        using Volume made = Create();
        byte[] file = File.ReadAllBytes(Path);
        HashSet<ConfigStatus> seen = [];
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            file[bit / 8] ^= (byte)(1 << (bit % 8));
            ConfigStatus status = UnverifiedConfig.TryParse(file, out UnverifiedConfig? unverified);
            if (unverified is not null)
            {
                status = unverified.Verify(made.Lease, out VolumeConfig? config);
                Assert.Null(config);
            }

            Assert.NotEqual(ConfigStatus.Ok, status);
            seen.Add(status);
            file[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Superset(
            new HashSet<ConfigStatus>
            {
                ConfigStatus.NotAConfig, ConfigStatus.MadeByNewerVersion, ConfigStatus.Damaged, ConfigStatus.CostTooHigh,
                ConfigStatus.TamperedWith,
            },
            seen);
    }

    [Fact]
    public void AForgedDowngradeToPlainNamesIsTamperedWith()
    {
        using Volume made = Create();
        byte[] file = File.ReadAllBytes(Path);
        file[10] = (byte)NamesMode.Plain;
        Assert.Equal(ConfigStatus.Ok, UnverifiedConfig.TryParse(file, out UnverifiedConfig? unverified));
        VolumeStatus status = Volume.Unlock(unverified!, Passphrase("secret"), out Volume? volume);
        Assert.Equal(ConfigStatus.TamperedWith, status.Config);
        Assert.Null(volume);
    }

    [Fact]
    public void EveryTruncationIsDamage()
    {
        Create().Dispose();
        byte[] file = File.ReadAllBytes(Path);
        for (int length = 0; length < file.Length; length++)
        {
            Assert.Equal(ConfigStatus.Damaged, UnverifiedConfig.TryParse(file.AsSpan(0, length), out _));
        }

        Assert.Equal(ConfigStatus.Damaged, UnverifiedConfig.TryParse([.. file, 0], out _));
        Assert.Equal(ConfigStatus.Damaged, UnverifiedConfig.TryParse([.. file, .. new byte[20_000]], out _));
    }

    [Fact]
    public void FieldsOfLaterVersionsAreSaidToBe()
    {
        using Volume made = Create();
        byte[] file = File.ReadAllBytes(Path);
        file[8] = 2;
        Assert.Equal(ConfigStatus.MadeByNewerVersion, UnverifiedConfig.TryParse(file, out _));
        file[8] = 1;
        file[11] = 9;
        Assert.True(made.Lease.TryDerive("config"u8, 32, out SecretBuffer? macKey));
        StackFs.Keyring.Crypto.HmacSha256.Compute(macKey, file.AsSpan(..^32), file.AsSpan(^32..));
        Assert.Equal(ConfigStatus.Ok, UnverifiedConfig.TryParse(file, out UnverifiedConfig? unverified));
        Assert.Equal(ConfigStatus.MadeByNewerVersion, unverified!.Verify(made.Lease, out _));
    }

    [Fact]
    public void AScryptBombIsRefusedWithoutRunningIt()
    {
        Create().Dispose();
        byte[] file = File.ReadAllBytes(Path);
        file[112 + 8] = 30;
        Assert.Equal(ConfigStatus.CostTooHigh, UnverifiedConfig.TryParse(file, out UnverifiedConfig? unverified));
        Assert.Null(unverified);
    }

    [Fact]
    public void CreatingTwiceLeavesTheFirst()
    {
        using Volume first = Create();
        byte[] before = File.ReadAllBytes(Path);
        Assert.Equal(
            ConfigStatus.Exists,
            Volume.Create(_file, VolumeSettings.Default, [Passphrase("other")], out Volume? second));
        Assert.Null(second);
        File.WriteAllText(Path, "something else");
        Assert.Equal(
            ConfigStatus.Exists, Volume.Create(_file, VolumeSettings.Default, [Passphrase("other")], out _));
        Assert.Equal("something else", File.ReadAllText(Path));
        Assert.NotEmpty(before);
    }

    [Fact]
    public void WhatIsNotAConfigIsSaidToBe()
    {
        Assert.Equal(ConfigStatus.Missing, _file.Read(out _));
        Directory.CreateDirectory(Path);
        Assert.Equal(ConfigStatus.NotAConfig, _file.Read(out _));
        Directory.Delete(Path);
        File.CreateSymbolicLink(Path, "/etc/passwd");
        Assert.Equal(ConfigStatus.NotAConfig, _file.Read(out _));
        File.Delete(Path);
        Assert.Equal(0, Syscall.mkfifo(Path, FilePermissions.S_IRUSR));
        Assert.Equal(ConfigStatus.NotAConfig, _file.Read(out _));
        File.Delete(Path);
        File.WriteAllText(Path, "");
        Assert.Equal(ConfigStatus.Damaged, _file.Read(out _));
        File.WriteAllBytes(Path, new byte[1 << 20]);
        Assert.Equal(ConfigStatus.NotAConfig, _file.Read(out _));
    }

    [Fact]
    public void SlotsAreAddedAndRemoved()
    {
        using Volume volume = Create();
        using RecoveryKey recovery = RecoveryKey.Create();
        Assert.True(volume.Lease.TryMakeSlot(recovery, out KeySlot? slot));
        Assert.Equal(SlotAreaStatus.Ok, volume.Config.Slots.TryAdd(slot, out KeySlotSet? slots));
        Assert.Equal(ConfigStatus.Ok, _file.Update(volume.Lease, volume.Config with { Slots = slots! }));

        Assert.Equal(ConfigStatus.Ok, _file.Read(out UnverifiedConfig? unverified));
        Assert.True(Volume.Unlock(unverified!, recovery, out Volume? again).IsOk);
        using (again)
        {
            Assert.Equal(2UL, again!.Config.Generation);
            VolumeConfig fewer = again.Config with { Slots = again.Config.Slots.RemoveAt(0) };
            Assert.Equal(ConfigStatus.Ok, _file.Update(again.Lease, fewer));
        }

        Assert.Equal(ConfigStatus.Ok, _file.Read(out unverified));
        Assert.Equal(UnlockStatus.NoSuchSlot, unverified!.Unlock(Passphrase("secret"), out _));
        Assert.Equal([Path], Directory.GetFiles(_directory.FullName));
    }

    [Fact]
    public void TwoChangesFromOneStateDoNotOverwriteEachOther()
    {
        using Volume volume = Create();
        Assert.Equal(ConfigStatus.Ok, _file.Update(volume.Lease, volume.Config));
        Assert.Equal(ConfigStatus.ChangedMeanwhile, _file.Update(volume.Lease, volume.Config));
    }

    [Fact]
    public void UpdateKeepsTheModeAndTheOldFileUntilTheNewOneIsWhole()
    {
        using Volume volume = Create();
        Assert.Equal(0, Syscall.chmod(Path, (FilePermissions)Convert.ToUInt32("640", 8)));
        using FileStream old = File.OpenRead(Path);
        byte[] before = File.ReadAllBytes(Path);
        Assert.Equal(ConfigStatus.Ok, _file.Update(volume.Lease, volume.Config));
        byte[] still = new byte[before.Length];
        old.ReadExactly(still);
        Assert.Equal(before, still); // Replaced, never written in place.
        Assert.Equal(Convert.ToUInt32("640", 8), Mode());
    }

    [Fact]
    public void UpdateRefusesWhatSomebodyElsePutThere()
    {
        using Volume volume = Create();
        byte[] file = File.ReadAllBytes(Path);
        file[^1] ^= 1;
        File.WriteAllBytes(Path, file);
        Assert.Equal(ConfigStatus.TamperedWith, _file.Update(volume.Lease, volume.Config));
        Assert.Equal(ConfigStatus.Ok, _file.Rebuild(volume.Lease, volume.Config));
        Assert.Equal(ConfigStatus.Ok, _file.Read(out UnverifiedConfig? unverified));
        Assert.Equal(ConfigStatus.Ok, unverified!.Verify(volume.Lease, out _));
    }

    [Fact]
    public void PublicKeysSurviveARoundTrip()
    {
        using Volume volume = Create();
        VolumeConfig config = volume.Config with
        {
            PublicKeys = [[.. RandomNumberGenerator.GetBytes(91)], [.. RandomNumberGenerator.GetBytes(1200)]],
        };
        Assert.Equal(ConfigStatus.Ok, _file.Update(volume.Lease, config));
        Assert.Equal(ConfigStatus.Ok, _file.Read(out UnverifiedConfig? unverified));
        Assert.Equal(ConfigStatus.Ok, unverified!.Verify(volume.Lease, out VolumeConfig? read));
        Assert.Equal(config.PublicKeys.Select(k => k.ToArray()), read!.PublicKeys.Select(k => k.ToArray()));
    }

    [Fact]
    public void ARevokedLeaseCannotVerifyOrWrite()
    {
        Volume volume = Create();
        LocalVolumeKeyLease lease = (LocalVolumeKeyLease)volume.Lease;
        Assert.Equal(ConfigStatus.Ok, _file.Read(out UnverifiedConfig? unverified));
        lease.Revoke();
        Assert.Equal(ConfigStatus.KeyRevoked, unverified!.Verify(lease, out _));
        Assert.Equal(ConfigStatus.KeyRevoked, _file.Update(lease, volume.Config));
        Assert.Equal(ConfigStatus.KeyRevoked, _file.Rebuild(lease, volume.Config));
    }

    [Fact]
    public void MutatedFilesNeverThrow()
    {
        using Volume made = Create();
        byte[] good = File.ReadAllBytes(Path);
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] file = [.. good];
            for (int changes = random.Next(4); changes >= 0; changes--)
            {
                int at = random.Next(8, 130);
                if (random.Next(2) == 0)
                {
                    file[at] = (byte)random.Next(256);
                }
                else
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at / 4 * 4), (uint)random.Next());
                }
            }

            ConfigStatus status = UnverifiedConfig.TryParse(file, out UnverifiedConfig? unverified);
            Assert.Equal(status == ConfigStatus.Ok, unverified is not null);
            if (unverified is not null && !file.AsSpan().SequenceEqual(good))
            {
                Assert.NotEqual(ConfigStatus.Ok, unverified.Verify(made.Lease, out _));
            }
        }
    }

    private uint Mode()
    {
        Assert.Equal(0, Syscall.stat(Path, out Stat status));
        return (uint)(status.st_mode & FilePermissions.ALLPERMS);
    }

    private static PassphraseKey Passphrase(string text) => new(Bytes.Secret(Encoding.UTF8.GetBytes(text)), Cheap);

    private Volume Create(NamesMode names = NamesMode.Encrypted)
    {
        VolumeSettings settings = VolumeSettings.Default with { Names = names };
        Assert.Equal(ConfigStatus.Ok, Volume.Create(_file, settings, [Passphrase("secret")], out Volume? volume));
        return volume!;
    }
}

using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Sources;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Unit.Keyring;

public sealed class SlotEditorTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("stackfs-slots-");
    private readonly SafeFd _lowerRoot;
    private readonly ConfigFile _file;
    private readonly Volume _volume;

    public SlotEditorTests()
    {
        Assert.Equal(Errno.None, ConfigFile.OpenLowerRoot(_directory.FullName, out _lowerRoot));
        _file = new ConfigFile(_lowerRoot);
        Assert.Equal(ConfigStatus.Ok, Volume.Create(_file, VolumeSettings.Default, [Passphrase("first")], out Volume? volume));
        _volume = volume!;
    }

    public void Dispose()
    {
        _volume.Dispose();
        _lowerRoot.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void SlotsOfEveryKindOpenTheVolume()
    {
        using RecoveryKey recovery = RecoveryKey.Create();
        using PrivateKey curve = PemFile.Generate(SlotAlgorithm.X25519);
        using PrivateKey nist = PemFile.Generate(SlotAlgorithm.EcdhP384);
        VolumeConfig config = Add(_volume.Config, recovery);
        config = Add(config, curve.PublicKey); // The public key alone is enough.
        config = Add(config, nist);
        Assert.Equal(2, config.PublicKeys.Length);
        Assert.Equal(4, config.Slots.Slots.Length);
        foreach (IKeySource key in (IKeySource[])[Passphrase("first"), recovery, curve, nist])
        {
            Assert.Equal(ConfigStatus.Ok, _file.Read(out UnverifiedConfig? unverified));
            Assert.True(Volume.Unlock(unverified!, key, out Volume? opened).IsOk);
            Assert.Equal(_volume.Lease.Id, opened!.Lease.Id);
            opened.Dispose();
        }
    }

    [Fact]
    public void APublicKeyHasOneSlotAndGoesWithIt()
    {
        using PrivateKey key = PemFile.Generate(SlotAlgorithm.X25519);
        using PrivateKey other = PemFile.Generate(SlotAlgorithm.X25519);
        VolumeConfig config = Add(Add(_volume.Config, key), other);
        Assert.Equal(
            SlotEditStatus.AlreadyThere, SlotEditor.Add(_file, _volume.Lease, config, key.PublicKey, out _).Status);
        Assert.True(SlotEditor.Remove(_file, _volume.Lease, config, 1, force: false, out VolumeConfig? fewer).IsOk);
        Assert.Equal([other.PublicKey.Info.ToArray()], fewer!.PublicKeys.Select(info => info.ToArray()));
        Assert.Equal(ConfigStatus.Ok, _file.Read(out UnverifiedConfig? unverified));
        Assert.Equal(UnlockStatus.WrongKey, unverified!.Unlock(key, out _));
    }

    [Fact]
    public void TheLastSlotGoesByForceOnly()
    {
        Assert.Equal(SlotEditStatus.LastSlot, Remove(_volume.Config, 0, force: false));
        Assert.Equal(SlotEditStatus.NoSuchSlot, Remove(_volume.Config, 1, force: true));
        Assert.Equal(SlotEditStatus.NoSuchSlot, Remove(_volume.Config, -1, force: true));
        Assert.Equal(SlotEditStatus.Ok, Remove(_volume.Config, 0, force: true));
    }

    [Fact]
    public void ANinthSlotDoesNotFit()
    {
        VolumeConfig config = _volume.Config;
        for (int i = 0; i < 7; i++)
        {
            config = Add(config, Passphrase("more"));
        }

        SlotEditResult result = SlotEditor.Add(_file, _volume.Lease, config, Passphrase("more"), out _);
        Assert.Equal(SlotEditStatus.TooManySlots, result.Status);
    }

    [Fact]
    public void AChangeFromAnOldStateIsRefused()
    {
        Add(_volume.Config, Passphrase("second"));
        SlotEditResult result = SlotEditor.Add(_file, _volume.Lease, _volume.Config, Passphrase("third"), out _);
        Assert.Equal(new SlotEditResult(SlotEditStatus.ConfigFailed, ConfigStatus.ChangedMeanwhile), result);
    }

    private static PassphraseKey Passphrase(string text) =>
        new(Bytes.Secret(System.Text.Encoding.UTF8.GetBytes(text)), new ScryptCost(4, 8, 1));

    private VolumeConfig Add(VolumeConfig config, ISlotMaker maker)
    {
        Assert.True(SlotEditor.Add(_file, _volume.Lease, config, maker, out VolumeConfig? changed).IsOk);
        return changed!;
    }

    private SlotEditStatus Remove(VolumeConfig config, int index, bool force) =>
        SlotEditor.Remove(_file, _volume.Lease, config, index, force, out _).Status;
}

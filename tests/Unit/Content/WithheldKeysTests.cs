using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Unit.Content;

/// <summary>An open file whose keys are taken away and given back (Mounting/LEASE.md).</summary>
public sealed class WithheldKeysTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();
    private readonly LocalVolumeKeyLease _lease = LocalVolumeKeyLease.Create();
    private readonly ContentScratch _scratch = new(8);
    private readonly OpenFile _file;

    public WithheldKeysTests() => _file = Open(_path);

    public void Dispose()
    {
        _file.Dispose();
        _scratch.Dispose();
        _lease.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void Without_keys_reading_and_changing_answer_ENOKEY_and_closing_works()
    {
        Assert.Equal(Errno.None, Write(0, "content"u8));
        Assert.Equal(Errno.None, _file.Seal(_scratch));
        byte[] sealedBelow = File.ReadAllBytes(_path);
        _file.DropKeys();
        Assert.Equal(Errno.ENOKEY, _file.Read(0, new byte[10], _scratch, out int count));
        Assert.Equal(0, count);
        Assert.Equal(Errno.ENOKEY, Write(3, "x"u8));
        Assert.Equal(Errno.ENOKEY, _file.Truncate(0, _scratch));
        Assert.Equal(Errno.ENOKEY, _file.Truncate(100_000, _scratch));
        Assert.Equal(Errno.ENOKEY, _file.Allocate(0, 0, 100_000, _scratch));
        Assert.Equal(Errno.ENOKEY, _file.Allocate(3, 0, 3, _scratch));
        Assert.Equal(Errno.None, _file.Seal(_scratch));
        Assert.Equal(Errno.None, _file.Sync(dataOnly: false, _scratch));
        Assert.Equal(7, _file.Size);
        Assert.Equal(sealedBelow, File.ReadAllBytes(_path));
    }

    [Fact]
    public void With_its_keys_again_the_file_goes_on()
    {
        byte[] first = new byte[10_000];
        new Random(1).NextBytes(first);
        Assert.Equal(Errno.None, Write(0, first));
        Assert.Equal(Errno.None, _file.Seal(_scratch));
        for (int round = 0; round < 3; round++)
        {
            _file.DropKeys();
            Assert.Equal(Errno.None, _file.TakeKeys(_scratch));
            Assert.Equal(first, Read(first.Length));
            Assert.Equal(Errno.None, Write(_file.Size, "more"u8));
        }

        Assert.Equal(Errno.None, _file.Seal(_scratch));
        Assert.Equal([.. first, .. "moremoremore"u8], Read(first.Length + 12));
    }

    [Fact]
    public void What_was_not_sealed_is_sealed_when_the_keys_are_back()
    {
        Assert.Equal(Errno.None, Write(100_000, "end"u8));
        _file.DropKeys();
        Assert.True(_file.NeedsSeal);
        Assert.Equal(Errno.ENOKEY, _file.Seal(_scratch));
        Assert.Equal(Errno.None, _file.TakeKeys(_scratch));
        Assert.Equal(Errno.None, _file.Seal(_scratch));
        using OpenFile again = Open(_path);
        Assert.Equal(100_003, again.Size);
        byte[] head = new byte[5000];
        Assert.Equal(Errno.None, again.Read(0, head, _scratch, out int count));
        Assert.Equal((5000, false), (count, head.AsSpan().ContainsAnyExcept((byte)0)));
    }

    [Fact]
    public void A_file_without_content_gets_its_header_with_the_first_write()
    {
        _file.DropKeys();
        Assert.Equal(Errno.None, _file.TakeKeys(_scratch));
        Assert.Equal(Errno.None, Write(0, "content"u8));
        Assert.Equal("content"u8.ToArray(), Read(7));
    }

    [Fact]
    public void Another_files_header_in_its_place_is_ESTALE_and_stays_so()
    {
        string path = Path.GetTempFileName();
        using (OpenFile other = Open(path))
        {
            Assert.Equal(Errno.None, other.Write(0, "other"u8, _scratch, out _));
            Assert.Equal(Errno.None, other.Seal(_scratch));
        }

        Assert.Equal(Errno.None, Write(0, "content"u8));
        Assert.Equal(Errno.None, _file.Seal(_scratch));
        _file.DropKeys();
        File.WriteAllBytes(_path, File.ReadAllBytes(path));
        File.Delete(path);
        Assert.Equal(Errno.ESTALE, _file.TakeKeys(_scratch));
        Assert.Equal(Errno.ESTALE, _file.Read(0, new byte[10], _scratch, out _));
        Assert.Equal(Errno.ESTALE, Write(0, "x"u8));
    }

    [Fact]
    public void A_header_that_was_changed_meanwhile_is_EIO()
    {
        Assert.Equal(Errno.None, Write(0, "content"u8));
        Assert.Equal(Errno.None, _file.Seal(_scratch));
        _file.DropKeys();
        byte[] below = File.ReadAllBytes(_path);
        below[60] ^= 1; // in the wrapped FEK
        File.WriteAllBytes(_path, below);
        Assert.Equal(Errno.EIO, _file.TakeKeys(_scratch));
        Assert.Equal(Errno.EIO, _file.Read(0, new byte[10], _scratch, out _));
    }

    [Fact]
    public void As_long_as_the_volume_key_is_away_so_are_the_files()
    {
        Assert.Equal(Errno.None, Write(0, "content"u8));
        Assert.Equal(Errno.None, _file.Seal(_scratch));
        _file.DropKeys();
        _lease.Revoke();
        Assert.Equal(Errno.ENOKEY, _file.TakeKeys(_scratch));
        Assert.Equal(Errno.ENOKEY, _file.Read(0, new byte[10], _scratch, out _));
    }

    private OpenFile Open(string path)
    {
        Assert.Equal(Errno.None, Libc.OpenPath(System.Text.Encoding.UTF8.GetBytes(path), OpenFlags.ReadWrite, out SafeFd? fd));
        NativeVolume volume = new(_lease, new byte[NativeFormat.WrappedKeySize], KeySlotSet.Empty);
        Assert.Equal(
            Errno.None,
            NativeFile.Open(
                new DescriptorFile(fd!), volume, new OpenFileOptions(), ContentReports.None, "file", _scratch, out OpenFile? file));
        return file!;
    }

    private Errno Write(long upperOffset, ReadOnlySpan<byte> data)
    {
        Errno error = _file.Write(upperOffset, data, _scratch, out int count);
        Assert.Equal(error == Errno.None ? data.Length : 0, count);
        return error;
    }

    private byte[] Read(int length)
    {
        byte[] data = new byte[length];
        Assert.Equal(Errno.None, _file.Read(0, data, _scratch, out int count));
        Assert.Equal(length, count);
        return data;
    }
}

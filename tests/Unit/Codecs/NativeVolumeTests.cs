using System.Security.Cryptography;
using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Unit.Codecs;

public sealed class NativeVolumeTests : IDisposable
{
    private readonly LocalVolumeKeyLease _lease = LocalVolumeKeyLease.Create();
    private readonly byte[] _wrappedNamesKey = RandomNumberGenerator.GetBytes(60);
    private readonly byte[] _page = new byte[4096];
    private readonly NativeVolume _volume;

    public NativeVolumeTests() => _volume = new NativeVolume(_lease, _wrappedNamesKey, KeySlotSet.Empty);

    public void Dispose() => _lease.Dispose();

    [Fact]
    public void A_new_header_opens_to_the_same_keys()
    {
        Assert.Equal(HeaderStatus.Ok, _volume.Create(_page, out FileKeys? made));
        Assert.Equal(HeaderStatus.Ok, _volume.Open(_page, out HeaderFlags flags, out FileKeys? opened));
        using (made)
        using (opened)
        {
            Assert.Equal(HeaderFlags.None, flags);
            Assert.Equal(made!.Id, opened!.Id);
            Assert.True(made.HeaderKey.FixedTimeEquals(opened.HeaderKey));
            Assert.True(made.CurrentExtentKey.FixedTimeEquals(opened.CurrentExtentKey));
            Assert.Null(opened.NextExtentKey);
            Assert.Equal(_wrappedNamesKey, _page[168..228]);
        }
    }

    [Fact]
    public void No_two_files_share_an_id_or_a_key()
    {
        byte[] other = new byte[4096];
        _volume.Create(_page, out FileKeys? one);
        _volume.Create(other, out FileKeys? two);
        using (one)
        using (two)
        {
            Assert.NotEqual(one!.Id, two!.Id);
            Assert.False(one.CurrentExtentKey.FixedTimeEquals(two.CurrentExtentKey));
            Assert.False(one.CurrentExtentKey.FixedTimeEquals(one.HeaderKey));
        }
    }

    [Fact]
    public void Another_volumes_key_does_not_open_it()
    {
        using LocalVolumeKeyLease other = LocalVolumeKeyLease.Create();
        _volume.Create(_page, out FileKeys? keys);
        keys!.Dispose();
        NativeVolume stranger = new(other, _wrappedNamesKey, KeySlotSet.Empty);
        Assert.Equal(HeaderStatus.OtherVolume, stranger.Open(_page, out _, out FileKeys? none));
        Assert.Null(none);
    }

    [Fact]
    public void A_key_taken_away_makes_and_opens_nothing()
    {
        _volume.Create(_page, out FileKeys? keys);
        keys!.Dispose();
        _lease.Revoke();
        Assert.Equal(HeaderStatus.NoKey, _volume.Open(_page, out _, out FileKeys? opened));
        Assert.Null(opened);
        Assert.Equal(HeaderStatus.NoKey, _volume.Create(_page, out FileKeys? made));
        Assert.Null(made);
    }

    [Fact]
    public void Sparse_is_set_once_and_stays_authentic()
    {
        _volume.Create(_page, out FileKeys? keys);
        using (keys)
        {
            Assert.Equal(HeaderStatus.Ok, _volume.SetSparse(_page, keys!));
            byte[] first = [.. _page];
            Assert.Equal(HeaderStatus.Ok, _volume.SetSparse(_page, keys!));
            Assert.Equal(first, _page);
            Assert.Equal(HeaderStatus.Ok, _volume.Open(_page, out HeaderFlags flags, out FileKeys? opened));
            opened!.Dispose();
            Assert.Equal(HeaderFlags.Sparse, flags);
        }
    }

    [Fact]
    public void A_header_that_is_another_files_is_not_changed()
    {
        _volume.Create(_page, out FileKeys? keys);
        _volume.Create(_page, out FileKeys? successor);
        using (keys)
        using (successor)
        {
            byte[] before = [.. _page];
            Assert.Equal(HeaderStatus.Replaced, _volume.SetSparse(_page, keys!));
            Assert.Equal(HeaderStatus.Replaced, _volume.Check(default, keys!, out _));
            Assert.Equal(HeaderStatus.Replaced, _volume.Check(new byte[4096], keys!, out _));
            Assert.Equal(before, _page);
            _page[4095] ^= 1;
            Assert.Equal(HeaderStatus.AuthenticationFailed, _volume.SetSparse(_page, successor!));
            Assert.Equal(before[..4095], _page[..4095]);
        }
    }

    [Fact]
    public void A_header_reads_back_as_written()
    {
        _volume.Create(_page, out FileKeys? keys);
        keys!.Dispose();
        Assert.Equal(HeaderStatus.Ok, NativeHeader.TryParse(_page, out NativeHeader header));
        byte[] copy = RandomNumberGenerator.GetBytes(4096);
        header.WriteTo(copy);
        Assert.Equal(_page, copy);
        Assert.Equal(NativeSuite.Aes256Gcm, header.Suite);
        Assert.False(header.HasNextFek);
        Assert.Equal(_page[16..32], Convert.FromHexString(header.FileId.ToString()));
    }

    [Fact]
    public void A_known_slot_area_is_taken_as_it_is_and_another_is_checked()
    {
        _volume.Create(_page, out FileKeys? keys);
        keys!.Dispose();
        _page[4063] = 1; // after the last slot
        ReadOnlySpan<byte> area = _page.AsSpan(228, 3836);
        Assert.Equal(HeaderStatus.Ok, NativeHeader.TryParse(_page, out _, area));
        Assert.Equal(HeaderStatus.Malformed, NativeHeader.TryParse(_page, out NativeHeader header));
        Assert.True(header.Mac.IsEmpty);
    }
}

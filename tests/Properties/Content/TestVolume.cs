using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Properties.Content;

/// <summary>A volume with a key of its own, and one thread's buffers, for tests of the engine.</summary>
internal sealed class TestVolume : IDisposable
{
    private readonly LocalVolumeKeyLease _lease = LocalVolumeKeyLease.Create();
    private readonly NativeVolume _volume;

    /// <summary>Makes the volume.</summary>
    /// <param name="runPages">The longest run the engine reads or writes at once.</param>
    public TestVolume(int runPages = 8)
    {
        _volume = new NativeVolume(_lease, new byte[NativeFormat.WrappedKeySize], KeySlotSet.Empty);
        Scratch = new ContentScratch(runPages);
    }

    /// <summary>The thread's buffers.</summary>
    public ContentScratch Scratch { get; }

    /// <summary>Opens a file of the volume.</summary>
    public Errno Open(LowerFile lower, OpenFileOptions options, out OpenFile? file) =>
        NativeFile.Open(lower, _volume, options, ContentReports.None, "model", Scratch, out file);

    /// <inheritdoc/>
    public void Dispose()
    {
        Scratch.Dispose();
        _lease.Dispose();
    }
}

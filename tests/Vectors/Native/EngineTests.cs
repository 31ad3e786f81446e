using StackFs.Codecs;
using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;
using StackFs.Keyring.Volumes;

namespace StackFs.Tests.Vectors.Native;

/// <summary>The frozen lower files opened and read as a mount does it.</summary>
public sealed class EngineTests : IDisposable
{
    private readonly SecretBuffer _volumeKey = SecretBuffer.Allocate(32);
    private readonly LocalVolumeKeyLease _lease;
    private readonly NativeVolume _volume;
    private readonly ContentScratch _scratch = new(runPages: 4);
    private readonly Findings _findings = new();

    public EngineTests()
    {
        _volumeKey.Fill(VectorKeys.VolumeKey, static (span, key) => key.CopyTo(span));
        _lease = new LocalVolumeKeyLease(_volumeKey);
        _volume = new NativeVolume(_lease, new byte[60], KeySlotSet.Empty);
    }

    public static TheoryData<string> Files => ReferenceTests.Files;

    public void Dispose()
    {
        _scratch.Dispose();
        _lease.Dispose();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_frozen_file_reads_as_expected(string name)
    {
        Vector vector = ReferenceTests.Find(FileCases.Kind, name);
        HeaderStatus header = Enum.Parse<HeaderStatus>(vector["header"]);
        Errno error = Open(vector, new OpenFileOptions(), out OpenFile? file);
        if (header == HeaderStatus.Erased)
        {
            AssertErasedIsKept(file!);
            return;
        }

        Assert.Equal(CodecErrno.From(header), error);
        Assert.Equal(error == Errno.None, file is not null);
        if (file is null)
        {
            return;
        }

        using (file)
        {
            Assert.Equal(vector.Number("size"), file.Size);
            bool allRead = AssertExtents(vector, file);
            Assert.Equal(vector["intact"] == "yes" && allRead, _findings.Count == 0);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Strict_refuses_a_file_that_was_cut_short(string name)
    {
        Vector vector = ReferenceTests.Find(FileCases.Kind, name);
        _ = Open(vector, new OpenFileOptions(), out OpenFile? file);
        file?.Dispose();
        if (_findings.Contains(ContentFinding.CutShort))
        {
            Assert.Equal("no", vector["intact"]);
            Assert.Equal(Errno.EIO, Open(vector, new OpenFileOptions { Strict = true }, out file));
            Assert.Null(file);
        }
    }

    private Errno Open(Vector vector, OpenFileOptions options, out OpenFile? file) =>
        NativeFile.Open(new FrozenFile(vector.Body), _volume, options, _findings, vector.Name, _scratch, out file);

    // Shown as empty, and nothing may be written over what stands behind the header.
    private void AssertErasedIsKept(OpenFile file)
    {
        using (file)
        {
            Assert.Equal(0, file.Size);
            Assert.True(_findings.Contains(ContentFinding.ErasedHeader));
            Assert.Equal(Errno.EIO, file.Write(0, [1], _scratch, out _));
            Assert.Equal(Errno.EIO, file.Truncate(1, _scratch));
        }
    }

    private bool AssertExtents(Vector vector, OpenFile file)
    {
        string[] extents = vector["extents"].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isSparse = vector.Body.Length > 11 && (vector.Body[11] & 1) != 0;
        List<byte> content = [];
        bool allRead = true;
        for (int index = 0; index < extents.Length; index++)
        {
            byte[] part = new byte[Math.Min(4064, file.Size - (index * 4064L))];
            Errno expected = CodecErrno.From(Enum.Parse<ExtentStatus>(extents[index]), isSparse);
            Assert.Equal(expected, file.Read(index * 4064L, part, _scratch, out int count));
            Assert.Equal(expected == Errno.None ? part.Length : 0, count);
            allRead &= expected == Errno.None;
            content.AddRange(part);
        }

        if (vector.Find("sha256") is string digest)
        {
            Assert.Equal(digest, Convert.ToHexStringLower(Reference.Sha256([.. content])));
        }

        return allRead;
    }

    private sealed class Findings : ContentReports
    {
        private readonly HashSet<ContentFinding> _seen = [];

        internal int Count => _seen.Count;

        internal bool Contains(ContentFinding finding) => _seen.Contains(finding);

        public override void Report(ContentFinding finding, object name, long extent) => _seen.Add(finding);
    }

    /// <summary>A lower file that nothing may change.</summary>
    private sealed class FrozenFile(byte[] bytes) : LowerFile
    {
        public override Errno GetLength(out long length)
        {
            length = bytes.Length;
            return Errno.None;
        }

        public override Errno Read(long lowerOffset, Span<byte> buffer, out int count)
        {
            count = (int)Math.Clamp(bytes.Length - lowerOffset, 0, buffer.Length);
            bytes.AsSpan((int)Math.Min(lowerOffset, bytes.Length), count).CopyTo(buffer);
            return Errno.None;
        }

        // As a filesystem without holes answers: all is data.
        public override Errno SeekData(long lowerOffset, out long found)
        {
            found = lowerOffset;
            return lowerOffset < bytes.Length ? Errno.None : Errno.ENXIO;
        }

        public override Errno SeekHole(long lowerOffset, out long found)
        {
            found = bytes.Length;
            return lowerOffset < bytes.Length ? Errno.None : Errno.ENXIO;
        }

        public override Errno Write(long lowerOffset, ReadOnlySpan<byte> data, out int count) => throw Changed();

        public override Errno SetLength(long length) => throw Changed();

        public override Errno SetLengthKeepingTimes(long length) => throw Changed();

        public override Errno Sync(bool dataOnly) => throw Changed();

        public override Errno Allocate(int mode, long lowerOffset, long length) => throw Changed();

        public override Errno LockHeader(bool forWriting) => throw Changed();

        public override void UnlockHeader() => throw Changed();

        private static InvalidOperationException Changed() => new("Reading changes nothing below.");
    }
}

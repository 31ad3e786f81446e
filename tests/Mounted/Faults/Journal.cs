using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Faults;

/// <summary>
/// What one file may hold after a crash: the bytes of the last fsync that returned, and over them, in part or whole,
/// what was written since. The writer notes a write before it makes it and a sync after it returned.
/// </summary>
internal sealed class Journal(string path)
{
    private byte[] _synced = [];
    private readonly List<(int Offset, byte[] Data)> _since = [];
    private int _length;

    public string Path => path;

    /// <summary>Where the next append goes.</summary>
    public int Length => _length;

    public void Writing(int offset, byte[] data)
    {
        _since.Add((offset, data));
        _length = Math.Max(_length, offset + data.Length);
    }

    public void Synced()
    {
        byte[] now = new byte[_length];
        _synced.CopyTo(now, 0);
        foreach ((int offset, byte[] data) in _since)
        {
            data.CopyTo(now, offset);
        }

        _synced = now;
        _since.Clear();
    }

    /// <summary>What is wrong with the file, or null.</summary>
    public string? Check()
    {
        Result opened = Sys.Open(path, Sys.O_RDONLY);
        if (!opened.Ok)
        {
            return _synced.Length == 0 && opened.Name == "ENOENT" ? null : $"{path}: open answered {opened}";
        }

        byte[] found = new byte[_length + 4096];
        int length = 0;
        Result read;
        while ((read = Sys.Pread(opened.Count, found.AsSpan(length), length)) is { Ok: true, Value: > 0 })
        {
            length += read.Count;
        }

        Sys.Close(opened.Count);
        if (!read.Ok)
        {
            return $"{path}: read at {length} of {_synced.Length} synced answered {read}";
        }

        if (length < _synced.Length || length > _length)
        {
            return $"{path}: {length} bytes; {_synced.Length} were synced, {_length} written";
        }

        for (int i = 0; i < length; i++)
        {
            if (!MayHold(i, found[i]))
            {
                int last = Enumerable.Range(i, length - i).TakeWhile(k => found[k] == found[i]).Last();
                string since = string.Join(' ', _since.Select(w => $"{w.Offset}+{w.Data.Length}"));
                return $"{path}: bytes {i} to {last} of {length} are {found[i]}, never written there; {_synced.Length} were synced, then written: {since}";
            }
        }

        return null;
    }

    // A byte past the synced end may still be a zero, where only what follows it was written back.
    private bool MayHold(int at, byte value) =>
        (at < _synced.Length ? value == _synced[at] : value == 0) ||
        _since.Exists(w => at >= w.Offset && at < w.Offset + w.Data.Length && w.Data[at - w.Offset] == value);
}

namespace StackFs.Content;

/// <summary>
/// Walks a request extent by extent: <c>foreach (ExtentSlice s in ExtentLayout.Slice(offset, length))</c>. On the stack
/// only, so the walk allocates nothing.
/// </summary>
internal ref struct ExtentSlices
{
    private readonly int _length;
    private long _index;
    private int _skip;
    private int _done;

    internal ExtentSlices(long upperOffset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(upperOffset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _length = length;
        _index = ExtentLayout.IndexOf(upperOffset);
        _skip = (int)(upperOffset - ExtentLayout.UpperStart(_index));
    }

    /// <summary>The slice that <see cref="MoveNext"/> stopped at.</summary>
    public ExtentSlice Current { get; private set; }

    /// <summary>This, for <c>foreach</c>.</summary>
    public readonly ExtentSlices GetEnumerator() => this;

    /// <summary>Goes to the next extent; false when the request is covered.</summary>
    public bool MoveNext()
    {
        if (_done == _length)
        {
            return false;
        }

        int take = Math.Min(ExtentLayout.ExtentSize - _skip, _length - _done);
        Current = new ExtentSlice(_index, _skip, take, _done);
        _index++;
        _skip = 0;
        _done += take;
        return true;
    }
}

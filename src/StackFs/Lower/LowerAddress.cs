using StackFs.Keyring.Interop;

namespace StackFs.Lower;

/// <summary>
/// How a lower file is reached right now: a name in a directory, or, with an empty name, a descriptor of the file itself.
/// Every wrapper of <see cref="Interop.Libc"/> that takes a directory and a name takes both forms.
/// </summary>
/// <remarks>Keeps the descriptor open until it is disposed, which is done exactly once.</remarks>
internal readonly ref struct LowerAddress : IDisposable
{
    private readonly CachedDescriptor? _pin;
    private readonly SafeFd? _held;
    private readonly bool _owns;

    private LowerAddress(
        SafeFd directory, ReadOnlySpan<byte> name, CachedDescriptor? pin, SafeFd? held, bool owns = false)
    {
        Directory = directory;
        Name = name;
        _pin = pin;
        _held = held;
        _owns = owns;
    }

    /// <summary>The directory of the file, or the file itself when <see cref="Name"/> is empty.</summary>
    internal SafeFd Directory { get; }

    /// <summary>The file's lower name, or empty.</summary>
    internal ReadOnlySpan<byte> Name { get; }

    /// <summary>True when <see cref="Directory"/> is the file itself.</summary>
    internal bool IsSelf => Name.IsEmpty;

    /// <inheritdoc/>
    public void Dispose()
    {
        _pin?.Unpin();
        if (_owns)
        {
            _held!.Dispose();
        }
        else
        {
            _held?.DangerousRelease();
        }
    }

    /// <summary>A name in a directory whose descriptor the caller has pinned; the pin goes over to the address.</summary>
    internal static LowerAddress InPinned(CachedDescriptor directory, ReadOnlySpan<byte> name) =>
        new(directory.Fd, name, directory, null);

    /// <summary>The file that an open descriptor refers to; another owner may close it from now on.</summary>
    internal static LowerAddress OfDescriptor(SafeFd file)
    {
        bool held = false;
        file.DangerousAddRef(ref held);
        return new LowerAddress(file, default, null, file);
    }

    /// <summary>The file that a descriptor refers to, which is closed with the address.</summary>
    internal static LowerAddress Owning(SafeFd file) => new(file, default, null, file, owns: true);

    /// <summary>A name in this directory; shares its hold on the descriptor, so that one of the two is disposed.</summary>
    internal LowerAddress With(ReadOnlySpan<byte> name) => new(Directory, name, _pin, _held);
}

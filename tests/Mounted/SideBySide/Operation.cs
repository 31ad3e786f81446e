using System.Globalization;

namespace StackFs.Tests.Mounted.SideBySide;

/// <summary>What a step of a sequence does; the numbers of <see cref="Operation"/> mean what stands beside each.</summary>
internal enum Verb
{
    /// <summary>path, mode</summary>
    Create,

    /// <summary>path, mode</summary>
    Mkdir,

    /// <summary>path, target path</summary>
    Symlink,

    /// <summary>path</summary>
    Mkfifo,

    /// <summary>path</summary>
    Unlink,

    /// <summary>path</summary>
    Rmdir,

    /// <summary>path, new path, flags</summary>
    Rename,

    /// <summary>path, new path</summary>
    Link,

    /// <summary>slot, path, flags (an index)</summary>
    Open,

    /// <summary>slot</summary>
    Close,

    /// <summary>slot, offset, length, seed</summary>
    Write,

    /// <summary>slot, offset, length</summary>
    Read,

    /// <summary>slot, size</summary>
    Ftruncate,

    /// <summary>path, size</summary>
    Truncate,

    /// <summary>slot, mode (an index), offset, length</summary>
    Fallocate,

    /// <summary>slot, slot, offset (of both), length</summary>
    Copy,

    /// <summary>slot, offset, length, seed: through a shared map</summary>
    MapWrite,

    /// <summary>slot</summary>
    Fsync,

    /// <summary>path, mode</summary>
    Chmod,

    /// <summary>path, owner</summary>
    Chown,

    /// <summary>path, seconds</summary>
    Utimens,

    /// <summary>path</summary>
    Stat,

    /// <summary>slot</summary>
    Fstat,

    /// <summary>path, attribute, length</summary>
    SetXattr,

    /// <summary>path, attribute</summary>
    RemoveXattr,

    /// <summary>path</summary>
    List,

    /// <summary>Closes every slot, unmounts and mounts again.</summary>
    Remount,
}

/// <summary>One step; its text form is what a failure prints and what a kept case is written in.</summary>
internal readonly record struct Operation(Verb Verb, int A = 0, int B = 0, int C = 0, int D = 0)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Verb} {A} {B} {C} {D}");

    public static Operation Parse(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int At(int i) => i < parts.Length ? int.Parse(parts[i], CultureInfo.InvariantCulture) : 0;
        return new Operation(Enum.Parse<Verb>(parts[0]), At(1), At(2), At(3), At(4));
    }

    /// <summary>A sequence with one operation a line, as printed by a failure.</summary>
    public static Operation[] ParseAll(string text) =>
        [.. text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
}

using StackFs.Content;
using StackFs.Inodes;
using StackFs.Keyring.Interop;

namespace StackFs.Operations;

/// <summary>The open content of one inode, shared by its handles. Its fields change under the inode's monitor.</summary>
internal sealed class OpenContent
{
    private OpenFile _file;
    private List<OpenFile>? _retired;
    private int _writers;

    /// <summary>Takes ownership of <paramref name="file"/>, which owns <paramref name="descriptor"/>.</summary>
    internal OpenContent(OpenFile file, SafeFd descriptor, bool isWritable)
    {
        _file = file;
        Descriptor = descriptor;
        IsWritable = isWritable;
    }

    /// <summary>Reads and writes the content.</summary>
    internal OpenFile File => Volatile.Read(ref _file);

    /// <summary>The lower file; to be used under the inode's monitor or through an address made under it.</summary>
    internal SafeFd Descriptor { get; private set; }

    /// <summary>True when the lower file is open for writing.</summary>
    internal bool IsWritable { get; private set; }

    /// <summary>Handles and operations in flight that use it; the last one closes it.</summary>
    internal int Users { get; set; } = 1;

    /// <summary>Whether a handle may write, so that the kernel may keep dirty pages of the file.</summary>
    internal bool HasWriters => Volatile.Read(ref _writers) > 0;

    /// <summary>A handle that may write was made.</summary>
    internal void AddWriter() => Interlocked.Increment(ref _writers);

    /// <summary>It was released.</summary>
    internal void RemoveWriter() => Interlocked.Decrement(ref _writers);

    /// <summary>
    /// Goes over to the same lower file opened for writing. The former one, which was only read, is closed with this
    /// object, since reads may be in flight on it.
    /// </summary>
    internal void Upgrade(OpenFile file, SafeFd descriptor)
    {
        (_retired ??= []).Add(_file);
        Volatile.Write(ref _file, file);
        Descriptor = descriptor;
        IsWritable = true;
    }

    /// <summary>
    /// As <see cref="OpenFile.DropKeys"/>; the files from before an <see cref="Upgrade"/>, which nobody reads any more, go.
    /// Under the inode's monitor, with no request running that reads or writes.
    /// </summary>
    internal void DropKeys()
    {
        _file.DropKeys();
        _retired?.ForEach(static file => file.Dispose());
        _retired = null;
    }

    /// <summary>As <see cref="OpenFile.TakeKeys"/>; under the inode's monitor.</summary>
    internal Errno TakeKeys(ContentScratch scratch) => _file.TakeKeys(scratch);

    /// <summary>Closes the lower file; the last user has gone.</summary>
    internal void Close()
    {
        _file.Dispose();
        foreach (OpenFile file in _retired ?? [])
        {
            file.Dispose();
        }
    }

    /// <summary>What is open of <paramref name="inode"/>, or null.</summary>
    internal static OpenContent? Of(Inode inode) => (OpenContent?)inode.Content;
}

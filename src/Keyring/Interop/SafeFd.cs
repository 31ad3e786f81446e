using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>
/// Owns one file descriptor and closes it exactly once.
/// </summary>
/// <remarks>
/// Every descriptor in the product is opened with <c>O_CLOEXEC</c>. <c>close(2)</c> is never retried: on Linux the
/// descriptor is gone whatever it answers, EINTR included.
/// </remarks>
public sealed partial class SafeFd : SafeHandle
{
    /// <summary>An invalid handle; the runtime fills it in when a native call returns one.</summary>
    public SafeFd()
        : base(-1, ownsHandle: true)
    {
    }

    /// <summary>Takes ownership of <paramref name="fd"/>.</summary>
    public SafeFd(int fd)
        : base(-1, ownsHandle: true) => SetHandle(fd);

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>
    /// The descriptor's number, for a call that takes it in a structure or that runs while the caller keeps this
    /// object alive. It stays owned by this object.
    /// </summary>
    public int Number => (int)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;

    [LibraryImport("libc")]
    private static partial int close(int fd);
}

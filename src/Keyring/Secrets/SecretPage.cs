using System.Security.Cryptography;
using StackFs.Keyring.Interop;

namespace StackFs.Keyring.Secrets;

/// <summary>
/// A page of secret memory with a descriptor: how a secret goes to another process or into the service manager's store
/// (PROTOCOL.md, "Transport"). One thread's at a time.
/// </summary>
internal sealed unsafe class SecretPage : IDisposable
{
    /// <summary>Bytes of a page, on every machine: what the protocol says.</summary>
    internal const int Length = 4096;

    private readonly nuint _mapped;
    private readonly bool _wipes;
    private nint _address;

    private SecretPage(SafeFd memory, bool wipes)
    {
        Memory = memory;
        _wipes = wipes;
        _mapped = SecretMemory.RoundToPages(Length);
        _address = SecretMemory.Map(_mapped, memory);
    }

    /// <summary>The descriptor; stays this object's.</summary>
    internal SafeFd Memory { get; }

    /// <summary>The page's content; not to be kept.</summary>
    internal Span<byte> UnsafeBytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_address == 0, this);
            return new Span<byte>((void*)_address, Length);
        }
    }

    /// <summary>A new page, zeroed; wiped for everybody who has it when this object is disposed.</summary>
    /// <exception cref="SecretMemoryException">It cannot be had or locked.</exception>
    internal static SecretPage Create() => Create(SecretMemory.Kind);

    /// <summary>As <see cref="Create()"/>, of a given kind.</summary>
    internal static SecretPage Create(SecretMemoryKind kind)
    {
        bool secret = kind == SecretMemoryKind.MemFdSecret;
        Errno error = secret ? Posix.MemFdSecret(out SafeFd fd) : Posix.MemFdCreate(out fd);
        error = error == Errno.None ? Posix.SetLength(fd, Length) : error;
        error = error == Errno.None && !secret ? Posix.SealLength(fd) : error;
        if (error == Errno.None)
        {
            return new SecretPage(fd, wipes: true);
        }

        fd.Dispose();
        throw new SecretMemoryException($"cannot make memory for a key to travel in ({error})", error);
    }

    /// <summary>
    /// Maps a page that came from elsewhere; null when it is not memory of the right and unchangeable length.
    /// </summary>
    /// <param name="memory">Taken over, whatever the outcome.</param>
    /// <param name="wipes">Whether the page is this process's to wipe in the end.</param>
    internal static SecretPage? TryOpen(SafeFd memory, bool wipes)
    {
        if (Posix.IsFixedMemory(memory)
            && Posix.Status(memory, out Posix.FileStatus status) == Errno.None
            && status.Size == Length)
        {
            try
            {
                return new SecretPage(memory, wipes);
            }
            catch (SecretMemoryException)
            {
                // Sealed against writing, or the lock limit is reached: refused like anything else that is no use.
            }
        }

        memory.Dispose();
        return null;
    }

    /// <summary>Unmaps the page and closes the descriptor, after wiping where that is this object's.</summary>
    public void Dispose()
    {
        if (_address != 0)
        {
            if (_wipes)
            {
                CryptographicOperations.ZeroMemory(UnsafeBytes);
            }

            _ = SecretMemory.Unmap(_address, _mapped); // Nothing else can be done with the range.
            _address = 0;
        }

        Memory.Dispose();
    }
}

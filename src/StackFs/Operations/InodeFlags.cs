using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Lower;

namespace StackFs.Operations;

/// <summary>
/// IOCTL, for the inode flags of chattr(1) alone: they are the lower file's, which enforces them. Every other request is one
/// that the file does not have (ENOTTY), as ioctl(2) documents; ENOSYS would reach the program.
/// </summary>
/// <remarks>
/// To an append-only file (<c>+a</c>) nothing can be appended through the mount either: its last extent would have to be
/// written again, which the lower filesystem refuses (EPERM).
/// </remarks>
internal static class InodeFlags
{
    /// <summary>IOCTL.</summary>
    internal static void Ioctl(OperationWorker worker, in FuseRequest request, ref ReplyWriter reply)
    {
        RequestReader reader = request.Reader;
        FuseIoctlIn ioctl = reader.Read<FuseIoctlIn>();
        int size = InodeFlagCommands.SizeOf(ioctl.Command);
        if (reader.Failed || size == 0)
        {
            reply.Fail(Errno.ENOTTY);
            return;
        }

        int head = Unsafe.SizeOf<FuseIoctlOut>();
        Span<byte> data = reply.Payload.Slice(head, size);
        bool sets = InodeFlagCommands.Sets(ioctl.Command);
        if (sets)
        {
            reader.ReadBytes(size).CopyTo(data);
        }

        Errno error = reader.Failed ? Errno.EINVAL : Apply(worker, ioctl.FileHandle, ioctl.Command, data);
        if (error != Errno.None)
        {
            reply.Fail(error);
            return;
        }

        FuseIoctlOut answer = default;
        MemoryMarshal.Write(reply.Payload, in answer);
        reply.Complete(sets ? head : head + size);
    }

    private static Errno Apply(OperationWorker worker, FileHandleId id, uint command, Span<byte> data)
    {
        Handle? handle = worker.Filesystem.Handles.Find(id.Value);
        Errno error = Locate(handle, out LowerAddress address);
        if (error != Errno.None)
        {
            return error;
        }

        using (address)
        {
            if (InodeFlagCommands.Sets(command) && handle is FileHandle file)
            {
                // An immutable file cannot be sealed any more.
                error = file.File.Seal(worker.Scratch);
            }

            return error == Errno.None ? Libc.InodeFlags(address.Directory, command, data) : error;
        }
    }

    private static Errno Locate(Handle? handle, out LowerAddress address)
    {
        address = default;
        switch (handle)
        {
            case DirectoryHandle directory:
                address = LowerAddress.OfDescriptor(directory.Fd);
                return Errno.None;
            case FileHandle file:
                return OpenFiles.TryLocate(file.Inode, out address) ? Errno.None : Errno.EBADF;
            default:
                return Errno.EBADF;
        }
    }
}

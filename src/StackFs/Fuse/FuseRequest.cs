using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StackFs.Fuse;

/// <summary>
/// One request as the kernel sent it: a view of the worker's buffer, valid until the handler returns.
/// </summary>
internal readonly ref struct FuseRequest
{
    private FuseRequest(ref readonly FuseInHeader header, ReadOnlySpan<byte> body, ReadOnlySpan<byte> extensions)
    {
        Header = ref header;
        Body = body;
        Extensions = extensions;
    }

    /// <summary>Opcode, inode and caller.</summary>
    public readonly ref readonly FuseInHeader Header;

    /// <summary>What follows the header, without <see cref="Extensions"/>. The data of a WRITE is page aligned.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>Extensions that end the request (<c>total_extlen</c> of its header); mostly empty.</summary>
    public ReadOnlySpan<byte> Extensions { get; }

    /// <summary>A fresh cursor at the start of <see cref="Body"/>.</summary>
    public RequestReader Reader => new(Body);

    /// <summary>Views <paramref name="bytes"/>, one whole read of the device, as a request.</summary>
    /// <returns>False when the header does not fit the bytes: nothing that could be answered.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out FuseRequest request)
    {
        request = default;
        if (bytes.Length < Unsafe.SizeOf<FuseInHeader>())
        {
            return false;
        }

        ref readonly FuseInHeader header = ref MemoryMarshal.AsRef<FuseInHeader>(bytes);
        ReadOnlySpan<byte> body = bytes[Unsafe.SizeOf<FuseInHeader>()..];
        int extensionLength = header.TotalExtensionLength * sizeof(ulong);
        if (header.Length != (uint)bytes.Length || extensionLength > body.Length)
        {
            return false;
        }

        int bodyLength = body.Length - extensionLength;
        request = new FuseRequest(in header, body[..bodyLength], body[bodyLength..]);
        return true;
    }

    /// <summary>
    /// The supplementary group of the caller that owns the parent directory, when the kernel sent one
    /// (<see cref="InitFlags.CreateSuppGroup"/>).
    /// </summary>
    public bool TryGetSupplementaryGroup(out uint gid)
    {
        gid = 0;
        var reader = new RequestReader(Extensions);
        while (reader.Remaining > 0)
        {
            FuseExtHeader extension = reader.Read<FuseExtHeader>();
            int length = (int)Math.Min(extension.Size, int.MaxValue) - Unsafe.SizeOf<FuseExtHeader>();
            var content = new RequestReader(length < 0 ? default : reader.ReadBytes(length));
            if (reader.Failed || length < 0)
            {
                return false;
            }

            if (extension.Type == FuseExtType.Groups)
            {
                uint count = content.Read<uint>();
                gid = content.Read<uint>();
                return count > 0 && !content.Failed;
            }
        }

        return false;
    }
}

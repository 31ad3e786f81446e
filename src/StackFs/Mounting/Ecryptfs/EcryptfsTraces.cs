using StackFs.Codecs.Ecryptfs;
using StackFs.Interop;
using StackFs.Keyring.Ecryptfs;
using StackFs.Keyring.Interop;

namespace StackFs.Mounting.Ecryptfs;

/// <summary>
/// What lower files of a directory say about the mount that made them: whose names, whose contents, which ciphers and salts.
/// A look at a few entries, for choosing between keys and for messages; nothing is believed because of it.
/// </summary>
internal sealed class EcryptfsTraces
{
    private const int MaxEntries = 256;
    private const int MaxDepth = 4;
    private const byte TypeUnknown = 0;
    private const byte TypeDirectory = 4;
    private const byte TypeRegular = 8;

    private readonly HashSet<EcryptfsSignature> _names = [];
    private readonly Dictionary<EcryptfsSignature, KeyPacket> _contents = [];
    private int _examined;

    private EcryptfsTraces()
    {
    }

    /// <summary>The keys that names were found under.</summary>
    internal IReadOnlyCollection<EcryptfsSignature> NameSignatures => _names;

    /// <summary>One packet for each key that contents were found under: its cipher and salt.</summary>
    internal IReadOnlyDictionary<EcryptfsSignature, KeyPacket> Contents => _contents;

    /// <summary>Whether a file was found whose metadata is in the attribute.</summary>
    internal bool HasAttributeMetadata { get; private set; }

    /// <summary>Whether there is anything of eCryptfs's.</summary>
    internal bool IsEmpty => _names.Count == 0 && _contents.Count == 0;

    /// <summary>Looks at up to 256 entries of a directory and its subdirectories.</summary>
    /// <param name="directory">Readable; stays the caller's, its read position changes.</param>
    internal static EcryptfsTraces Find(SafeFd directory)
    {
        EcryptfsTraces traces = new();
        traces.Walk(directory, 0);
        return traces;
    }

    /// <summary>Looks at up to 256 entries of a directory itself.</summary>
    /// <param name="directory">Readable; stays the caller's, its read position changes.</param>
    internal static EcryptfsTraces FindHere(SafeFd directory)
    {
        EcryptfsTraces traces = new();
        traces.Walk(directory, MaxDepth);
        return traces;
    }

    private void Walk(SafeFd directory, int depth)
    {
        byte[] buffer = new byte[32 * 1024];
        byte[] scratch = new byte[512];
        List<byte[]> below = [];
        while (_examined < MaxEntries
            && Libc.ReadDirectory(directory, buffer, out int length) == Errno.None && length > 0)
        {
            DirectoryRecords records = new(buffer.AsSpan(0, length));
            while (records.MoveNext() && _examined < MaxEntries)
            {
                if (records.Name.SequenceEqual("."u8) || records.Name.SequenceEqual(".."u8))
                {
                    continue;
                }

                _examined++;
                if (NamePacket.TryParse(records.Name, scratch, out NamePacket packet))
                {
                    _ = _names.Add(packet.Signature);
                }

                if (records.Type is TypeRegular or TypeUnknown)
                {
                    LookAt(directory, records.Name);
                }

                if (records.Type is TypeDirectory or TypeUnknown)
                {
                    below.Add(records.Name.ToArray());
                }
            }
        }

        _ = Libc.RewindDirectory(directory); // The descriptor is the caller's; one that cannot go back was at its end.
        foreach (byte[] name in depth < MaxDepth ? below : [])
        {
            if (_examined < MaxEntries && Libc.OpenBeneath(
                directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, 0, out SafeFd? child)
                == Errno.None)
            {
                using (child)
                {
                    Walk(child!, depth + 1);
                }
            }
        }
    }

    private void LookAt(SafeFd directory, ReadOnlySpan<byte> name)
    {
        // Not a regular file after all, gone, or not ours to read: no trace.
        if (Libc.OpenBeneath(
            directory, name, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking, 0, out SafeFd? file)
            != Errno.None)
        {
            return;
        }

        using (file)
        {
            byte[] area = new byte[EcryptfsFormat.ParsedSize];
            if (Libc.PReadFully(file!, area, 0, out int length) != Errno.None)
            {
                return;
            }

            EcryptfsStatus status = EcryptfsHeader.TryParse(area.AsSpan(0, length), out EcryptfsHeader? header);
            if (status == EcryptfsStatus.NotEcryptfs
                && Libc.GetXattr(file!, [], EcryptfsFormat.AttributeName, area, out length) == Errno.None
                && EcryptfsHeader.TryParse(area.AsSpan(0, length), out header) == EcryptfsStatus.Ok)
            {
                HasAttributeMetadata = true;
            }

            foreach (KeyPacket packet in header is null ? [] : header.Packets)
            {
                _ = _contents.TryAdd(packet.Signature, packet);
            }
        }
    }
}

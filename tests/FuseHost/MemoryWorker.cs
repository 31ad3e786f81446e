using System.Text;
using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.FuseHost;

/// <summary>Handles requests on a <see cref="MemoryFilesystem"/>.</summary>
internal sealed class MemoryWorker(MemoryFilesystem filesystem) : IFuseWorker
{
    private const int LargestFile = 64 << 20;

    private ulong ValidSeconds => filesystem.Options.ValidSeconds;

    private long? _allocatedBefore;

    public void Handle(in FuseRequest request, ref ReplyWriter reply)
    {
        CountAllocations(request.Header.Opcode);
        RequestReader reader = request.Reader;
        if (request.Header.Opcode == FuseOpcode.Lookup && request.Header.NodeId == NodeId.Root)
        {
            ReadOnlySpan<byte> name = request.Reader.ReadName();
            if (name.SequenceEqual("throw"u8))
            {
                throw new InvalidOperationException("Asked to throw.");
            }

            if (name.SequenceEqual("drop"u8))
            {
                return;
            }

            if (name.StartsWith("slow"u8))
            {
                Thread.Sleep(300);
            }
        }

        lock (filesystem.Gate)
        {
            if (request.Header.Opcode is FuseOpcode.BatchForget)
            {
                BatchForget(ref reader, ref reply);
                return;
            }

            if (!filesystem.Nodes.TryGetValue(request.Header.NodeId, out Node? node))
            {
                reply.Fail(Errno.ESTALE);
                return;
            }

            Handle(in request, node, ref reader, ref reply);
        }
    }

    public void Dispose()
    {
        // Nothing of its own.
    }

    /// <summary>From one READ, WRITE or GETATTR to the next request, the thread's whole loop is to allocate nothing.</summary>
    private void CountAllocations(FuseOpcode opcode)
    {
        long now = GC.GetAllocatedBytesForCurrentThread();
        if (_allocatedBefore is { } before)
        {
            filesystem.AddAllocated(now - before);
        }

        _allocatedBefore = opcode is FuseOpcode.Read or FuseOpcode.Write or FuseOpcode.GetAttr ? now : null;
    }

    private void Handle(in FuseRequest request, Node node, ref RequestReader reader, ref ReplyWriter reply)
    {
        switch (request.Header.Opcode)
        {
            case FuseOpcode.Lookup:
                Lookup(node, ref reader, ref reply);
                break;
            case FuseOpcode.Forget:
                Forget(node, (long)reader.Read<FuseForgetIn>().NLookup);
                reply.None();
                break;
            case FuseOpcode.GetAttr:
                reply.Struct(new FuseAttrOut { AttrValid = ValidSeconds, Attr = node.Attributes });
                break;
            case FuseOpcode.SetAttr:
                SetAttr(node, ref reader, ref reply);
                break;
            case FuseOpcode.MkDir:
                FuseMkDirIn mkdir = reader.Read<FuseMkDirIn>();
                Make(in request, node, MemoryFilesystem.DirectoryType | (mkdir.Mode & 0xFFF), ref reader, ref reply);
                break;
            case FuseOpcode.Create:
                FuseCreateIn create = reader.Read<FuseCreateIn>();
                Make(in request, node, create.Mode, ref reader, ref reply);
                break;
            case FuseOpcode.Open or FuseOpcode.OpenDir:
                reply.Struct(new FuseOpenOut { OpenFlags = OpenFlags(node) });
                break;
            case FuseOpcode.Release or FuseOpcode.ReleaseDir or FuseOpcode.Flush or FuseOpcode.Fsync or FuseOpcode.FsyncDir:
                reply.Ok();
                break;
            case FuseOpcode.Read:
                Read(node, ref reader, ref reply);
                break;
            case FuseOpcode.Write:
                Write(node, ref reader, ref reply);
                break;
            case FuseOpcode.ReadDir or FuseOpcode.ReadDirPlus:
                ReadDir(node, ref reader, request.Header.Opcode == FuseOpcode.ReadDirPlus, ref reply);
                break;
            case FuseOpcode.Unlink or FuseOpcode.RmDir:
                Remove(node, ref reader, ref reply);
                break;
            case FuseOpcode.StatFs:
                reply.Struct(new FuseStatFsOut { Bsize = 4096, Frsize = 4096, Namelen = 255 });
                break;
            default:
                reply.Fail(Errno.ENOSYS);
                break;
        }
    }

    private OpenReplyFlags OpenFlags(Node node) => node.Children is not null
        ? OpenReplyFlags.CacheDir | OpenReplyFlags.KeepCache
        : filesystem.Options.DirectIo ? OpenReplyFlags.DirectIo | OpenReplyFlags.ParallelDirectWrites : OpenReplyFlags.KeepCache;

    private FuseEntryOut Entry(Node node)
    {
        node.LookupCount++;
        return new FuseEntryOut
        {
            NodeId = node.Id,
            EntryValid = ValidSeconds,
            AttrValid = ValidSeconds,
            Attr = node.Attributes,
        };
    }

    private void Lookup(Node node, ref RequestReader reader, ref ReplyWriter reply)
    {
        ReadOnlySpan<byte> name = reader.ReadName();
        if (reader.Failed)
        {
            reply.Fail(Errno.EINVAL);
        }
        else if (node.Children is null)
        {
            reply.Fail(Errno.ENOTDIR);
        }
        else if (node.Children.TryGetValue(Encoding.UTF8.GetString(name), out Node? child))
        {
            reply.Struct(Entry(child));
        }
        else
        {
            reply.Fail(Errno.ENOENT);
        }
    }

    private void Forget(Node node, long count)
    {
        node.LookupCount -= count;
        ArgumentOutOfRangeException.ThrowIfNegative(node.LookupCount);
        if (node.LookupCount == 0 && node.Id != NodeId.Root && node.Mode == 0)
        {
            filesystem.Nodes.Remove(node.Id);
        }
    }

    private void BatchForget(ref RequestReader reader, ref ReplyWriter reply)
    {
        uint count = reader.Read<FuseBatchForgetIn>().Count;
        for (uint i = 0; i < count && !reader.Failed; i++)
        {
            ref readonly FuseForgetOne one = ref reader.Read<FuseForgetOne>();
            if (filesystem.Nodes.TryGetValue(one.NodeId, out Node? node))
            {
                Forget(node, (long)one.NLookup);
            }
        }

        reply.None();
    }

    private void SetAttr(Node node, ref RequestReader reader, ref ReplyWriter reply)
    {
        ref readonly FuseSetAttrIn change = ref reader.Read<FuseSetAttrIn>();
        bool resize = change.Valid.HasFlag(SetAttrValid.Size);
        if (reader.Failed || (resize && (change.Size > LargestFile || node.Children is not null)))
        {
            reply.Fail(reader.Failed ? Errno.EINVAL : node.Children is null ? Errno.EFBIG : Errno.EISDIR);
            return;
        }

        if (resize)
        {
            node.Resize((int)change.Size);
        }

        if (change.Valid.HasFlag(SetAttrValid.Mode))
        {
            node.Mode = change.Mode;
        }

        if (change.Valid.HasFlag(SetAttrValid.Mtime))
        {
            (node.Mtime, node.MtimeNsec) = (change.Mtime, change.MtimeNsec);
        }

        reply.Struct(new FuseAttrOut { AttrValid = ValidSeconds, Attr = node.Attributes });
    }

    private void Make(in FuseRequest request, Node node, uint mode, ref RequestReader reader, ref ReplyWriter reply)
    {
        string name = Encoding.UTF8.GetString(reader.ReadName());
        if (reader.Failed || node.Children is null || node.Children.ContainsKey(name))
        {
            reply.Fail(reader.Failed ? Errno.EINVAL : Errno.EEXIST);
            return;
        }

        FuseEntryOut entry = Entry(filesystem.Add(node, name, mode, in request.Header));
        if (request.Header.Opcode == FuseOpcode.Create)
        {
            reply.Struct(in entry, new FuseOpenOut { OpenFlags = OpenFlags(filesystem.Nodes[entry.NodeId]) });
        }
        else
        {
            reply.Struct(in entry);
        }
    }

    private static void Read(Node node, ref RequestReader reader, ref ReplyWriter reply)
    {
        ref readonly FuseReadIn read = ref reader.Read<FuseReadIn>();
        if (reader.Failed || read.Size > FuseLimits.LargestTransfer)
        {
            reply.Fail(Errno.EINVAL);
            return;
        }

        int offset = (int)Math.Min(read.Offset, (ulong)node.Size);
        int count = Math.Min((int)read.Size, node.Size - offset);
        node.Data.AsSpan(offset, count).CopyTo(reply.Payload);
        reply.Complete(count);
    }

    private static void Write(Node node, ref RequestReader reader, ref ReplyWriter reply)
    {
        ref readonly FuseWriteIn write = ref reader.Read<FuseWriteIn>();
        ReadOnlySpan<byte> data = reader.ReadBytes(write.Size);
        if (reader.Failed || node.Children is not null || write.Offset > LargestFile - FuseLimits.LargestTransfer)
        {
            reply.Fail(reader.Failed ? Errno.EINVAL : node.Children is null ? Errno.EFBIG : Errno.EISDIR);
            return;
        }

        int offset = (int)write.Offset;
        node.Resize(Math.Max(node.Size, offset + data.Length));
        data.CopyTo(node.Data.AsSpan(offset));
        reply.Struct(new FuseWriteOut { Size = (uint)data.Length });
    }

    private void ReadDir(Node node, ref RequestReader reader, bool plus, ref ReplyWriter reply)
    {
        ref readonly FuseReadIn read = ref reader.Read<FuseReadIn>();
        if (reader.Failed || node.Children is null)
        {
            reply.Fail(reader.Failed ? Errno.EINVAL : Errno.ENOTDIR);
            return;
        }

        var writer = new DirEntryWriter(reply.Payload[..(int)Math.Min(read.Size, (uint)reply.Payload.Length)]);
        ulong position = 0;
        foreach ((string name, Node child) in node.Children)
        {
            if (position++ < read.Offset)
            {
                continue;
            }

            byte[] bytes = Encoding.UTF8.GetBytes(name);
            uint type = child.Mode >> 12;
            bool fits = !plus
                ? writer.TryAdd(bytes, child.Id.Value, position, type)
                : writer.FitsPlus(bytes.Length) && writer.TryAddPlus(bytes, Entry(child), position, type);
            if (!fits)
            {
                break;
            }
        }

        reply.Complete(writer.Length);
    }

    private static void Remove(Node node, ref RequestReader reader, ref ReplyWriter reply)
    {
        string name = Encoding.UTF8.GetString(reader.ReadName());
        if (reader.Failed || node.Children is null)
        {
            reply.Fail(Errno.EINVAL);
        }
        else if (!node.Children.TryGetValue(name, out Node? child))
        {
            reply.Fail(Errno.ENOENT);
        }
        else if (child.Children is { Count: > 0 })
        {
            reply.Fail(Errno.ENOTEMPTY);
        }
        else
        {
            node.Children.Remove(name);
            reply.Ok();
        }
    }
}

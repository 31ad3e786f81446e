using StackFs.Fuse;

namespace StackFs.Tests.FuseHost;

/// <summary>
/// A small filesystem in memory, to try the transport with. Some names of the root misbehave: looking up
/// <c>throw</c> throws, <c>drop</c> is never answered, and what begins with <c>slow</c> takes 300 ms.
/// </summary>
internal sealed class MemoryFilesystem(HostOptions options) : IFuseFilesystem
{
    public const uint DirectoryType = 0x4000;
    public const uint RegularType = 0x8000;

    private ulong _lastId = NodeId.Root.Value;
    private long _allocated;

    /// <summary>Guards everything.</summary>
    public Lock Gate { get; } = new();

    public Dictionary<NodeId, Node> Nodes { get; } = new()
    {
        [NodeId.Root] = new Node
        {
            Id = NodeId.Root,
            Mode = DirectoryType | 0x1FF,
            Children = new(StringComparer.Ordinal),
        },
    };

    public HostOptions Options { get; } = options;

    /// <summary>What the kernel offered.</summary>
    public KernelOffer Offer { get; private set; }

    public bool IsDestroyed { get; private set; }

    /// <summary>Bytes allocated by threads between requests that themselves allocate nothing.</summary>
    public long Allocated => Volatile.Read(ref _allocated);

    public void AddAllocated(long bytes) => Interlocked.Add(ref _allocated, bytes);

    public FuseInitReply Negotiate(in KernelOffer offer)
    {
        Offer = offer;
        InitFlags flags = FuseInitReply.Usual | (Options.Writeback ? InitFlags.WritebackCache : InitFlags.AutoInvalData);
        return new FuseInitReply { Flags = flags };
    }

    public IFuseWorker CreateWorker() => new MemoryWorker(this);

    public void Destroyed() => IsDestroyed = true;

    public Node Add(Node parent, string name, uint mode, in FuseInHeader caller)
    {
        var node = new Node
        {
            Id = new NodeId(++_lastId),
            Mode = mode,
            Uid = caller.Uid,
            Gid = caller.Gid,
            Children = (mode & 0xF000) == DirectoryType ? new(StringComparer.Ordinal) : null,
        };
        Nodes.Add(node.Id, node);
        parent.Children!.Add(name, node);
        return node;
    }
}

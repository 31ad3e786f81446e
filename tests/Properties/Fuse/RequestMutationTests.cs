using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StackFs.Fuse;
using StackFs.Tests.FuseHost;

namespace StackFs.Tests.Properties.Fuse;

/// <summary>
/// Well-formed requests with bits flipped, bytes replaced, and ends cut or grown, given to a small filesystem through
/// the loop that serves mounts: each gets exactly one reply of sound form, or none where none is due.
/// </summary>
public sealed class RequestMutationTests
{
    private const int MutationsPerSeed = 50_000;

    /// <summary>One seed a day more, and every seed that once failed.</summary>
    public static TheoryData<int> Seeds => [1, 2, (int)(DateTime.UtcNow.Ticks / TimeSpan.TicksPerDay)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Mutated_requests_are_answered_soundly(int seed)
    {
        var random = new Random(seed);
        byte[][] samples = Samples();
        using var channel = new SingleRequestChannel();
        var faults = new List<FuseFault>();
        using var worker = new MemoryWorker(new MemoryFilesystem(new HostOptions { MountPoint = "/nowhere" }));
        var pump = new RequestPump(
            channel, worker, new FuseSessionOptions { AbortOnBug = false, Fault = faults.Add });
        for (int i = 0; i < MutationsPerSeed; i++)
        {
            byte[] request = Mutate(random, samples[random.Next(samples.Length)]);
            channel.Set(request);
            Assert.True(pump.RunOnce());
            CheckReply(request, channel, $"seed {seed}, mutation {i}, request {Convert.ToHexString(request)}");
        }

        // Giving back more lookups than were handed out is the one lie that no check of form can see.
        Assert.All(faults, fault => Assert.True(fault.Opcode is FuseOpcode.Forget or FuseOpcode.BatchForget, $"{fault}"));
        Assert.Equal(0, pump.Counters.Unanswered);
    }

    private static void CheckReply(byte[] request, SingleRequestChannel channel, string what)
    {
        if (!FuseRequest.TryParse(request, out FuseRequest parsed) || !parsed.Header.Opcode.HasReply())
        {
            Assert.True(channel.Replies == 0, what);
            return;
        }

        Assert.True(channel.Replies == 1, what);
        FuseOutHeader header = channel.ReplyHeader;
        Assert.True(header.Unique == parsed.Header.Unique, what);
        Assert.True(header.Length == (uint)channel.ReplyLength, what);
        Assert.True(header.Error is <= 0 and > -512, what);
        Assert.True(header.Error == 0 || header.Length == 16, what);
        if (parsed.Body.Length < ShortestBody(parsed.Header.Opcode))
        {
            Assert.True(header.Error != 0, what);
        }
    }

    /// <summary>Below it an error is the only answer, for the operations that the filesystem has.</summary>
    private static int ShortestBody(FuseOpcode opcode) => opcode switch
    {
        FuseOpcode.Lookup => 2,
        FuseOpcode.Write => Unsafe.SizeOf<FuseWriteIn>(),
        FuseOpcode.MkDir => Unsafe.SizeOf<FuseMkDirIn>() + 2,
        FuseOpcode.Create => Unsafe.SizeOf<FuseCreateIn>() + 2,
        FuseOpcode.Unlink => 2,
        FuseOpcode.SetAttr => Unsafe.SizeOf<FuseSetAttrIn>(),
        FuseOpcode.Read => Unsafe.SizeOf<FuseReadIn>(),
        _ => 0,
    };

    private static byte[][] Samples() =>
    [
        Sample(FuseOpcode.Lookup, "name\0"u8),
        Sample(FuseOpcode.MkDir, Bytes(new FuseMkDirIn { Mode = 0x1ED }), "dir\0"u8),
        Sample(FuseOpcode.Create, Bytes(new FuseCreateIn { Mode = 0x81A4 }), "file\0"u8),
        Sample(FuseOpcode.Unlink, "file\0"u8),
        Sample(FuseOpcode.Write, Bytes(new FuseWriteIn { Offset = 100, Size = 8 }), "contents"u8),
        Sample(FuseOpcode.Read, Bytes(new FuseReadIn { Size = 4096 })),
        Sample(FuseOpcode.ReadDir, Bytes(new FuseReadIn { Size = 4096 })),
        Sample(FuseOpcode.ReadDirPlus, Bytes(new FuseReadIn { Size = 4096 })),
        Sample(FuseOpcode.SetAttr, Bytes(new FuseSetAttrIn { Valid = SetAttrValid.Size, Size = 10 })),
        Sample(FuseOpcode.GetAttr, Bytes(default(FuseGetAttrIn))),
        Sample(FuseOpcode.Forget, Bytes(new FuseForgetIn { NLookup = 0 })),
        Sample(FuseOpcode.BatchForget, Bytes(new FuseBatchForgetIn { Count = 1 }), Bytes(default(FuseForgetOne))),
        Sample(FuseOpcode.Rename2, Bytes(default(FuseRename2In)), "from\0to\0"u8),
        Sample(FuseOpcode.Init, Bytes(default(FuseInitIn))),
    ];

    private static byte[] Sample(FuseOpcode opcode, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        byte[] body = [.. first, .. second];
        var header = new FuseInHeader { Opcode = opcode, Unique = 42, NodeId = NodeId.Root };
        header.Length = (uint)(Unsafe.SizeOf<FuseInHeader>() + body.Length);
        return [.. Bytes(header), .. body];
    }

    private static byte[] Bytes<T>(T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();

    private static byte[] Mutate(Random random, byte[] sample)
    {
        byte[] request = random.Next(4) switch
        {
            0 => sample[..random.Next(sample.Length + 1)],
            1 => [.. sample, .. new byte[random.Next(64)]],
            _ => [.. sample],
        };
        for (int changes = random.Next(4); changes > 0 && request.Length > 0; changes--)
        {
            int at = random.Next(request.Length);
            request[at] = random.Next(3) switch
            {
                0 => (byte)(request[at] ^ (1 << random.Next(8))),
                1 => (byte)random.Next(256),
                _ => 0xFF,
            };
        }

        // Most requests keep a length that fits: the rest of the message is what is to be tried.
        if (request.Length >= sizeof(uint) && random.Next(8) != 0)
        {
            MemoryMarshal.Write(request, (uint)request.Length);
        }

        return request;
    }
}

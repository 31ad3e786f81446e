using System.Text;
using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Cli.Measuring;

/// <summary>
/// How many requests a second the way between the kernel and a serving process carries for one caller: a mount of nothing
/// but its root, whose attributes are asked for again and again.
/// </summary>
internal sealed class CarrierSpeed : IFuseFilesystem
{
    private const uint EmptyDirectory = ModeBits.Directory | 0x16d; // 0555

    private CarrierSpeed()
    {
    }

    /// <summary>Mounts, measures, unmounts.</summary>
    /// <exception cref="FuseMountException">This user, or this machine, cannot mount.</exception>
    public static Speed Measure()
    {
        string mountPoint = Directory.CreateTempSubdirectory("stackfs-speed-").FullName;
        try
        {
            using FuseMount mount = FuseMount.Create(new FuseMountOptions { Source = "stackfs-speed", MountPoint = mountPoint });
            using ManualResetEventSlim ready = new();
            using FuseSession session = new(mount, new CarrierSpeed(), new FuseSessionOptions { Ready = ready.Set });
            Thread server = new(session.Run) { IsBackground = true };
            server.Start();
            ready.Wait();
            double rate = Ask(mountPoint);
            session.Stop(TimeSpan.Zero);
            server.Join();
            return new Speed("requests over /dev/fuse", Speed.Operations, rate, null);
        }
        finally
        {
            Directory.Delete(mountPoint);
        }
    }

    /// <inheritdoc/>
    public FuseInitReply Negotiate(in KernelOffer offer) => new();

    /// <inheritdoc/>
    public IFuseWorker CreateWorker() => new Worker();

    /// <inheritdoc/>
    public void Destroyed()
    {
    }

    private static double Ask(string mountPoint)
    {
        Errno error = Libc.OpenPath(Encoding.UTF8.GetBytes(mountPoint), OpenFlags.Path, out SafeFd? root);
        if (error != Errno.None)
        {
            throw new FuseMountException(error, $"{mountPoint} cannot be opened");
        }

        using (root)
        {
            return Speed.Rate(() => _ = Libc.Statx(root!, default, out _));
        }
    }

    private sealed class Worker : IFuseWorker
    {
        public void Handle(in FuseRequest request, ref ReplyWriter reply)
        {
            if (request.Header.Opcode != FuseOpcode.GetAttr)
            {
                reply.Fail(Errno.ENOSYS);
                return;
            }

            // Valid for no time, so that the next one is a request again.
            FuseAttrOut attributes = new() { Attr = new FuseAttr { Ino = 1, Mode = EmptyDirectory, Nlink = 2 } };
            reply.Struct(in attributes);
        }

        public void Dispose()
        {
        }
    }
}

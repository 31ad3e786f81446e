using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <content>Serving over io_uring (PROTOCOL.md), where the kernel offers it and the options allow it.</content>
internal sealed partial class FuseSession
{
    private bool PrepareRings()
    {
        if (_options.Carrier != FuseCarrier.Device)
        {
            _rings = UringQueues.Create(_mount.Device, _options.Workers);
        }

        return _rings is not null;
    }

    private static FuseMountException NoRings() => new(
        Errno.EOPNOTSUPP,
        "carrier=uring is not to be had: it needs Linux 6.14, Y in /sys/module/fuse/parameters/enable_uring, an exclusive lower directory and two threads for each processor; use carrier=auto");

    /// <summary>
    /// Starts a thread for each entry, and one for what still comes over the device: FORGET and INTERRUPT. Where the kernel
    /// takes no entry, as many for the device as would have been started.
    /// </summary>
    private bool StartOnRings(UringQueues queues, int workers)
    {
        UringChannel[] rings = queues.Take();
        if (!Start(1, rings))
        {
            return false;
        }

        int refused;
        lock (_gate)
        {
            refused = _refusedWorkers;
            _queues = refused == 0 ? queues.Count : 0;
        }

        FuseMountException failure;
        if (refused == 0)
        {
            return true;
        }

        if (_options.Carrier == FuseCarrier.IoUring)
        {
            failure = NoRings();
        }
        else if (refused == rings.Length)
        {
            return workers == 1 || Start(workers - 1, []);
        }
        else
        {
            failure = new FuseMountException(Errno.EPROTO, "the kernel refused some of its io_uring queues; use carrier=device");
        }

        lock (_gate)
        {
            _failure ??= failure;
        }

        End();
        return false;
    }
}

using System.Text;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Client;

/// <summary>Asking for a lease, and taking the key out of the memory that it comes in.</summary>
internal static class LeaseRequest
{
    /// <summary>Asks; Refused with NoKey or Leaving means that the connection waits, if that was asked for.</summary>
    internal static KeyringReply Send(
        DaemonChannel channel, VolumeKeyId id, string mountPoint, bool wait, out LocalVolumeKeyLease? lease)
    {
        lease = null;
        MessageWriter request = new MessageWriter(MessageType.Lease).Id(id).Byte(wait ? Wire.Wait : (byte)0).Byte(0)
            .UInt16(0).Text(Encoding.UTF8.GetBytes(mountPoint), Wire.MaximumPath);
        Errno error = channel.Send(request);
        int length = 0;
        SafeFd? memory = null;
        error = error == Errno.None ? channel.Receive(DaemonChannel.Patience, out length, out memory) : error;
        if (error != Errno.None)
        {
            memory?.Dispose();
            return KeyringReply.Failed(error);
        }

        MessageReader body = new(channel.Packet(length));
        if (body.Type == MessageType.Refused)
        {
            memory?.Dispose();
            uint reason = body.ReadUInt32();
            return body.IsComplete && reason != 0
                ? new KeyringReply(Errno.None, (RefusalReason)reason)
                : KeyringReply.Failed(Errno.EPROTO);
        }

        bool granted = body.IsComplete && body.Type == MessageType.Ok;
        lease = Take(granted, memory, id);
        return lease is null ? KeyringReply.Failed(Errno.EPROTO) : new KeyringReply();
    }

    /// <summary>The key in memory that was received; null when it is not the one named. Closes the memory.</summary>
    internal static LocalVolumeKeyLease? Take(bool granted, SafeFd? memory, VolumeKeyId id)
    {
        if (memory is null || !granted)
        {
            memory?.Dispose();
            return null;
        }

        using SecretPage? page = SecretPage.TryOpen(memory, wipes: false);
        LocalVolumeKeyLease? lease = page is null ? null : LocalVolumeKeyLease.FromLoan(page);
        if (lease is not null && lease.Id != id)
        {
            lease.Dispose();
            lease = null;
        }

        return lease;
    }
}

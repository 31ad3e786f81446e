using StackFs.Keyring.Interop;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;

namespace StackFs.Keyring.Daemon;

/// <summary>A Drop or Clear whose answer waits until its keys are gone.</summary>
internal sealed class PendingRemoval(Connection requester)
{
    internal Connection Requester { get; } = requester;

    /// <summary>Keys that are still there.</summary>
    internal int KeysLeft { get; set; }

    /// <summary>Leases that were not given back in time.</summary>
    internal int NotReturned { get; set; }
}

/// <summary>One client of the daemon: at most one request, or one lease.</summary>
internal sealed class Connection(SafeFd socket, Posix.Credentials peer, long now) : IDisposable
{
    internal SafeFd Socket { get; } = socket;

    internal Posix.Credentials Peer { get; } = peer;

    /// <summary>When it last sent something, in milliseconds of CLOCK_BOOTTIME.</summary>
    internal long HeardAt { get; set; } = now;

    /// <summary>The key that it has a lease on.</summary>
    internal HeldKey? Lease { get; set; }

    /// <summary>The memory that its lease was sent in; wiped when the lease ends, in its mapping too.</summary>
    internal SecretPage? Loan { get; set; }

    /// <summary>Whether it waits for <see cref="WaitsFor"/> to be added.</summary>
    internal bool IsWaiting { get; set; }

    internal VolumeKeyId WaitsFor { get; set; }

    internal byte[] MountPoint { get; set; } = [];

    /// <summary>Its request that is not answered yet.</summary>
    internal PendingRemoval? Removal { get; set; }

    internal bool IsClosed { get; private set; }

    /// <summary>Whether it may be silent for long.</summary>
    internal bool MayBeSilent => Lease is not null || IsWaiting || Removal is not null;

    /// <summary>Sends a message; a client that does not take it is closed, for nothing is queued.</summary>
    internal bool Send(MessageWriter message, SafeFd? attached = null)
    {
        if (!IsClosed && Posix.Send(Socket, message.Packet, attached) == Errno.None)
        {
            return true;
        }

        IsClosed = true;
        return false;
    }

    /// <summary>Marks it to be removed by the loop, once what is being handled is done.</summary>
    internal void Close() => IsClosed = true;

    internal void EndLoan()
    {
        Loan?.Dispose();
        Loan = null;
    }

    public void Dispose()
    {
        IsClosed = true;
        EndLoan();
        Socket.Dispose();
    }
}

namespace StackFs.Keyring.Protocol;

/// <summary>Types of messages (PROTOCOL.md). Never renumbered.</summary>
internal enum MessageType : byte
{
    Add = 1,
    Next = 2,
    Drop = 3,
    Clear = 4,
    Timeout = 5,
    Lease = 6,
    Released = 0x10,
    Used = 0x11,
    Ok = 0x80,
    Refused = 0x81,
    Started = 0x82,
    Recall = 0x90,
    Granted = 0x91,
}

/// <summary>Why the daemon refuses a request (PROTOCOL.md, "Requests and replies"). Never renumbered.</summary>
public enum RefusalReason
{
    /// <summary>It did not refuse.</summary>
    None = 0,

    /// <summary>The daemon does not hold that key.</summary>
    NoKey = 1,

    /// <summary>The key is in use, and the request said not to recall it.</summary>
    Busy = 2,

    /// <summary>The daemon holds as many keys as it can.</summary>
    Full = 3,

    /// <summary>The memory that came along does not hold the key named.</summary>
    BadKey = 4,

    /// <summary>The key is being taken away.</summary>
    Leaving = 5,
}

/// <summary>Whether a key can be had. The numbers are sent and never change.</summary>
public enum KeyState
{
    /// <summary>The daemon holds it.</summary>
    Held = 1,

    /// <summary>It is being taken away: leases are recalled, none is given.</summary>
    Leaving = 2,
}

/// <summary>Numbers of PROTOCOL.md.</summary>
internal static class Wire
{
    internal const byte Version = 1;
    internal const int HeaderLength = 4;
    internal const int MaximumMessage = 2048;
    internal const int MaximumPath = 512;
    internal const int MaximumListedPath = 128;
    internal const int MaximumListedLeases = 8;
    internal const int MaximumConnections = 128;
    internal const int MaximumKeys = 64;
    internal const int SecretLength = 4096;
    internal const int KeyLength = 32;

    /// <summary>Flag of Drop: not when a lease is held.</summary>
    internal const byte IfUnused = 1;

    /// <summary>Flag of Lease: wait for the key when it is not held.</summary>
    internal const byte Wait = 1;

    internal static readonly TimeSpan RecallTime = TimeSpan.FromSeconds(60);
    internal static readonly TimeSpan SilenceTime = TimeSpan.FromSeconds(30);
    internal static readonly TimeSpan UsedInterval = TimeSpan.FromSeconds(10);
    internal static readonly TimeSpan ReconnectTime = TimeSpan.FromSeconds(10);
}

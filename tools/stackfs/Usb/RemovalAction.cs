namespace StackFs.Cli.Usb;

/// <summary>What happens to a stick's volumes when it is pulled, <c>Action=</c> of stackfs-automount.conf(5).</summary>
internal enum RemovalAction
{
    /// <summary>Their keys are dropped; the mounts stay, and answer ENOKEY until the stick is back.</summary>
    Lock,

    /// <summary>They are unmounted, and their keys dropped.</summary>
    Unmount,

    /// <summary>Nothing.</summary>
    Leave,
}

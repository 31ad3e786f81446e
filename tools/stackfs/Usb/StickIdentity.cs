namespace StackFs.Cli.Usb;

/// <summary>
/// What tells one stick from another. All of it is set by whoever made the stick: good for choosing what to open with it,
/// never for trusting it.
/// </summary>
/// <param name="FilesystemUuid">The UUID of its filesystem, as blkid(8) writes it.</param>
/// <param name="Filesystem">The filesystem's type.</param>
/// <param name="Serial">The USB device's serial number; null where it has none, or is not a USB device.</param>
/// <param name="Vendor">Its vendor, four hexadecimal digits; or null.</param>
/// <param name="Model">Its product, four hexadecimal digits; or null.</param>
internal sealed record StickIdentity(string FilesystemUuid, string Filesystem, string? Serial, string? Vendor, string? Model)
{
    /// <summary>
    /// What differs of a stick that has the same filesystem UUID, as a text for people; null where it is the same stick.
    /// What this one does not say may be anything.
    /// </summary>
    public string? DifferenceOf(StickIdentity other) =>
        Differs("filesystem", Filesystem, other.Filesystem)
        ?? Differs("serial", Serial, other.Serial)
        ?? Differs("vendor", Vendor, other.Vendor)
        ?? Differs("model", Model, other.Model);

    private static string? Differs(string what, string? wanted, string? found) =>
        wanted is null || wanted == found ? null : $"{what} {found ?? "unknown"}, not {wanted}";
}

using System.Text.Json;
using StackFs.Cli.Interop;
using StackFs.Cli.Output;
using StackFs.Cli.Serving;
using StackFs.Keyring.Client;
using StackFs.Keyring.Protocol;
using StackFs.Keyring.Volumes;

namespace StackFs.Cli.Keys;

/// <summary>Takes the key of a volume that was just unmounted out of the keyring (<c>umount --clear</c>).</summary>
internal static class KeyringClearing
{
    // The daemon may see the end of the mount's lease a moment after us.
    private const int Attempts = 25;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Drops the key, unless another mount uses it, which is said.</summary>
    /// <param name="mount">What was mounted.</param>
    /// <param name="status">What its process said while it was; null when it did not answer.</param>
    /// <exception cref="CommandException">The keyring cannot be asked, or which key it is cannot be told.</exception>
    public static void Drop(OurMount mount, JsonDocument? status)
    {
        if (mount.UserId != Posix.EffectiveUser)
        {
            throw new CommandException(
                ExitCode.NotPermitted, $"{mount.Mountpoint}: unmounted; its key is in another user's keyring, which only that user clears");
        }

        using KeyringClient? client = KeyringService.ConnectIfRunning();
        if (client is null)
        {
            return; // No daemon holds no key.
        }

        VolumeKeyId id = KeyOf(mount, status);
        KeyringReply reply = client.Drop(id, ifUnused: true, out _);
        for (int i = 1; i < Attempts && reply.Reason == RefusalReason.Busy; i++)
        {
            Thread.Sleep(Pause);
            reply = client.Drop(id, ifUnused: true, out _);
        }

        switch (reply.Reason)
        {
            case RefusalReason.Busy:
                Messages.Note($"{id.Signature}: the key stays in the keyring, another mount uses it");
                break;
            case RefusalReason.NoKey or RefusalReason.Leaving:
                break;
            default:
                KeyringService.Check(reply, id.Signature.ToString());
                break;
        }
    }

    /// <summary>Which key it was: what the mount said, else what the lower directory claims, which is enough to let go of.</summary>
    private static VolumeKeyId KeyOf(OurMount mount, JsonDocument? status)
    {
        VolumeKeyId id = VolumeOpener.ReadConfig(mount.Lower).ClaimedId;
        string? said = status is not null && status.RootElement.TryGetProperty("signature", out JsonElement signature)
            ? signature.GetString()
            : null;
        return said is null || said == id.Signature.ToString()
            ? id
            : throw new CommandException(
                ExitCode.VolumeNotTrusted,
                $"{mount.Lower}: unmounted; it holds another volume by now, so its key stays",
                $"take it away by name: stackfs keys drop {said}");
    }
}

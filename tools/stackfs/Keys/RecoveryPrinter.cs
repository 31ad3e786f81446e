using StackFs.Cli.Output;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Slots;

namespace StackFs.Cli.Keys;

/// <summary>The one time that a recovery key is shown. Its bytes go to standard output without becoming a string.</summary>
internal static class RecoveryPrinter
{
    /// <summary>Shows a key whose slot has been written.</summary>
    /// <exception cref="CommandException">Standard output does not take it.</exception>
    public static void Print(RecoveryKey key, string lower)
    {
        Messages.Note("write this recovery key down and keep it apart; it is shown this once:");
        using SecretBuffer text = key.ToText();
        try
        {
            using Stream output = Console.OpenStandardOutput();
            text.Use(output, static (secret, stream) => stream.Write(secret));
            output.WriteByte((byte)'\n');
        }
        catch (IOException error)
        {
            throw new CommandException(
                ExitCode.Failure,
                $"{lower}: the recovery key could not be shown: {error.Message}",
                $"nobody has it: remove its slot (stackfs slots list {lower}) and add another");
        }
    }
}

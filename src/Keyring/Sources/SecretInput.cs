namespace StackFs.Keyring.Sources;

/// <summary>Where a passphrase comes from.</summary>
public abstract record SecretInput
{
    private SecretInput()
    {
    }

    /// <summary>Asked for on the terminal.</summary>
    public sealed record Prompt : SecretInput;

    /// <summary>The content of a file: the passphrase alone, or <c>passphrase_passwd=…</c> or <c>passwd=…</c>.</summary>
    /// <param name="Path">The file.</param>
    public sealed record FromFile(string Path) : SecretInput;

    /// <summary>What an open descriptor gives up to its first line end.</summary>
    /// <param name="Number">The descriptor.</param>
    public sealed record FromDescriptor(int Number) : SecretInput;

    /// <summary>A credential that systemd gave this process: a file in <c>$CREDENTIALS_DIRECTORY</c> (systemd.exec(5)).</summary>
    /// <param name="Name">Its name, without a slash.</param>
    public sealed record Credential(string Name) : SecretInput;

    /// <summary>Asked for by the system's password agents: systemd-ask-password(1).</summary>
    public sealed record Agent : SecretInput;

    /// <summary>
    /// Written out in the key specification, where the process list and the shell's history show it: to be warned about.
    /// </summary>
    public sealed record Given : SecretInput
    {
        private readonly string _text;

        internal Given(string text) => _text = text;

        /// <summary>The passphrase in UTF-8, in secret memory from here on; null when it is empty or too long.</summary>
        public Secrets.SecretBuffer? ToSecret() => SecretReader.FromText(_text);

        /// <summary>Never the passphrase.</summary>
        public override string ToString() => "Given { }";
    }
}

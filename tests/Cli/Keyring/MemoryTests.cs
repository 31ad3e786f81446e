using System.Diagnostics;
using StackFs.Keyring.Client;
using StackFs.Keyring.Secrets;
using StackFs.Keyring.Volumes;
using StackFs.Tests.Common;

namespace StackFs.Tests.Cli.Keyring;

/// <summary>Where the secrets are in the processes that hold them, as root sees it.</summary>
public sealed class MemoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("stackfs-memory-").FullName;

    private string Keyring => Path.Combine(_directory, "keyring");

    public void Dispose()
    {
        KeyringDaemons.EndIn(Keyring);
        Directory.Delete(_directory, recursive: true);
    }

    [RootFact]
    public void The_daemon_keeps_keys_in_locked_memory_and_never_sees_what_opened_them()
    {
        Shell("""
            umask 077; cd "$0"; mkdir lower
            openssl rand -base64 -out pass 33
            openssl genpkey -algorithm X25519 | openssl pkcs8 -topk8 -passout file:pass -out key.pem
            openssl pkey -in key.pem -passin file:pass -outform DER -out key.der
            "$1" init lower --key pem:keyfile=key.pem:passwd_file=pass
            "$1" keys add lower --key pem:keyfile=key.pem:passwd_file=pass
            """);
        int daemon = KeyringDaemons.FindIn(Keyring) ?? throw new InvalidOperationException("no daemon runs");
        byte[] volumeKey = VolumeKey();
        byte[] passphrase = [.. File.ReadAllBytes(Path.Combine(_directory, "pass")).TakeWhile(b => b != '\n')];
        byte[] pem = File.ReadAllBytes(Path.Combine(_directory, "key.pem"))[60..120];
        byte[] privateNumber = File.ReadAllBytes(Path.Combine(_directory, "key.der"))[16..48];
        Assert.True(ProcessMemory.ProtectedLength(daemon) >= 4096);
        foreach (byte[] secret in (byte[][])[volumeKey, passphrase, pem, privateNumber])
        {
            Assert.Empty(ProcessMemory.FindUnprotected(daemon, secret));
        }

        Assert.Contains(File.ReadLines($"/proc/{daemon}/limits"), line => line.StartsWith("Max core file size        0 ", StringComparison.Ordinal));
        if (Machine.Missing("gcore") is null)
        {
            Assert.False(ProcessMemory.IsInCoreDump(daemon, volumeKey));
        }
    }

    [RootFact]
    public void The_search_finds_what_is_not_protected()
    {
        byte[] secret = Guid.NewGuid().ToByteArray();
        byte[] copy = [.. secret];
        Assert.NotEmpty(ProcessMemory.FindUnprotected(Environment.ProcessId, secret));
        GC.KeepAlive(copy);
    }

    /// <summary>The volume key, which a test may have in the open: this process is not the one that is searched.</summary>
    private byte[] VolumeKey()
    {
        Assert.Equal(StackFs.Keyring.Interop.Errno.None, KeyringClient.Connect(Path.Combine(Keyring, "keyring.sock"), out KeyringClient? client));
        using (client)
        {
            Assert.True(client!.List(out IReadOnlyList<KeyringEntry> entries).IsOk);
            Assert.True(client.Borrow(Assert.Single(entries).Id, out LocalVolumeKeyLease? lease).IsOk);
            using (lease)
            using (SecretPage page = lease!.MakeLoan()!)
            {
                return page.UnsafeBytes[..LocalVolumeKeyLease.KeyLength].ToArray();
            }
        }
    }

    private void Shell(string script)
    {
        ProcessStartInfo start = new("/bin/sh", ["-ec", script, _directory, Machine.Executable]) { RedirectStandardError = true };
        start.Environment["STACKFS_KEYRING_DIR"] = Keyring;
        start.Environment["STACKFS_CONFIG_DIR"] = Path.Combine(_directory, "config");
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }
}

/// <summary>A test that looks into other processes.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Machine.Missing("root") ?? Machine.Missing("openssl");
}

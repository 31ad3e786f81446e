using System.Diagnostics;
using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Transport;

/// <summary>Mounts of a plain user, through fusermount3.</summary>
public sealed class PlainUserTests : IDisposable
{
    private const uint User = 65534;

    private readonly FuseHostProcess _host = new(User);

    public void Dispose() => _host.Dispose();

    [PlainUserTheory, OnDevice, OnIoUring]
    public void A_plain_user_mounts_uses_and_unmounts(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(user: User);
        Assert.Equal(0, Shell("echo text > a && test \"$(cat a)\" = text && mkdir d && rm a"));

        // The mount is private: not even root gets in.
        Assert.Equal("EACCES", Sys.Mkdir(Path.Combine(_host.MountPoint, "d2")).Name);
        Assert.Equal(0, Shell("cd / && fusermount3 -u \"$OLDPWD\""));
        _host.AssertEndsWell();
    }

    [PlainUserTheory, OnDevice, OnIoUring]
    public void SIGTERM_unmounts_through_the_helper(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(user: User);

        _host.Signal(Sys.SIGTERM);
        _host.AssertEndsWell();
    }

    [PlainUserTheory, OnDevice, OnIoUring]
    public void SIGTERM_ends_a_plain_users_mount_that_stays_in_use(string carrier)
    {
        _host.Carrier = carrier;
        _host.Start(["--grace-ms=200", "--writeback"], User);
        using Process holder = Start("dd if=/dev/zero bs=1M count=2 2>/dev/null >&3; sleep 60", "3<>open");
        while (!File.Exists($"/proc/{holder.Id}/fd/3"))
        {
            Thread.Sleep(10);
        }

        Thread.Sleep(300);
        _host.Signal(Sys.SIGTERM);
        _host.AssertEndsWell();
        Assert.Contains("writes 2\n", _host.Output, StringComparison.Ordinal);
        holder.Kill(entireProcessTree: true);
        holder.WaitForExit();
    }

    [PlainUserFact]
    public void The_helpers_refusal_is_told_in_one_line()
    {
        Sys.Chown(_host.MountPoint, 0, 0);
        _host.StartWithoutWaiting(user: User);

        Assert.Equal(1, _host.WaitForExit());
        Assert.StartsWith($"cannot mount on {_host.MountPoint}: ", _host.Output, StringComparison.Ordinal);
        Assert.Equal(1, _host.Output.Count(c => c == '\n'));
    }

    private int Shell(string script)
    {
        using Process process = Start(script, string.Empty);
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Runs a script in the mount, as the user.</summary>
    private Process Start(string script, string redirection) => Process.Start(
        "setpriv",
        [
            $"--reuid={User}", $"--regid={User}", "--clear-groups",
            "sh", "-c", $"cd \"$1\" && exec sh -c '{script}' {redirection}", "sh", _host.MountPoint,
        ]);
}

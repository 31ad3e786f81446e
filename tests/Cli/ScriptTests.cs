namespace StackFs.Tests.Cli;

/// <summary>Scripts of this directory that say themselves what they try, each in a mount namespace and a directory of its own.</summary>
public class ScriptTests
{
    [NeedsTheory("ext4")]
    [InlineData("pem")]
    [InlineData("passphrase")]
    public void A_stick_with_ext4_opens_volumes_closes_them_and_does_no_harm_when_it_is_bad(string kind) =>
        Run("usb-stick", "ext4", kind);

    [NeedsFact("vfat")]
    public void A_stick_with_FAT_does_so_too() => Run("usb-stick", "vfat", "pem");

    [NeedsFact("ext4")]
    public void The_scripts_for_a_pen_drive_open_and_close() => Run("pen-drive");

    [NeedsFact("pam")]
    public void A_login_opens_a_volume_and_the_end_of_the_last_session_closes_it() => Run("login");

    private static void Run(string script, params string[] arguments)
    {
        string work = Directory.CreateTempSubdirectory("stackfs-script-").FullName;
        try
        {
            ShellResult result = Shell.Run(
                "unshare --mount \"$@\" 2>&1", [Path.Combine(Machine.Root, "tests/Cli", script), Machine.Executable, work, .. arguments]);
            Assert.True(result.ExitCode == 0, result.Output);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}

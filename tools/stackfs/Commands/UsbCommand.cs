using System.CommandLine;
using StackFs.Cli.Interop;
using StackFs.Cli.Output;
using StackFs.Cli.Usb;

namespace StackFs.Cli.Commands;

/// <summary><c>stackfs usb enroll|list|forget</c>, and what the unit and the udev rule call.</summary>
internal static class UsbCommand
{
    /// <summary>The command's shape.</summary>
    public static Command Create() => new("usb", "sticks that open volumes when they are inserted, and close them when they leave")
    {
        UsbEnroll.Create(), CreateList(), CreateForget(), CreateInserted(), CreateRemoved(),
    };

    /// <summary>What sticks do concerns all of the machine.</summary>
    /// <exception cref="CommandException">The caller is not root.</exception>
    internal static void RequireRoot()
    {
        if (Posix.EffectiveUser != 0)
        {
            throw new CommandException(ExitCode.NotPermitted, "only root can say what a stick opens", "try: sudo stackfs usb …");
        }
    }

    private static Command CreateList()
    {
        Option<bool> json = new("--json") { Description = "print a JSON array" };
        Command command = new("list", "list the sticks that open volumes") { json };
        command.SetAction(result => (int)List(result.GetValue(json)));
        return command;
    }

    private static Command CreateForget()
    {
        Argument<string> name = new("NAME") { Description = "the stick's name, as list shows it" };
        Command command = new("forget", "let a stick open nothing any more; its key stays on it") { name };
        command.SetAction(result => (int)Forget(result.GetRequiredValue(name)));
        return command;
    }

    private static Command CreateInserted()
    {
        Argument<string> device = new("DEVICE") { Description = "the block device with the stick's filesystem" };
        Option<bool> systemLog = SystemLog();
        Command command = new("inserted", "open what an inserted stick opens") { device, systemLog };
        command.Hidden = true;
        command.SetAction(result => (int)Logged(result.GetValue(systemLog), log => Insertion.Run(result.GetRequiredValue(device), log)));
        return command;
    }

    private static Command CreateRemoved()
    {
        Argument<string> device = new("DEVICE") { Description = "the block device that is gone" };
        Option<bool> systemLog = SystemLog();
        Command command = new("removed", "close what a stick opened that was pulled") { device, systemLog };
        command.Hidden = true;
        command.SetAction(result => (int)Logged(result.GetValue(systemLog), log => Removal.Run(result.GetRequiredValue(device), log)));
        return command;
    }

    private static Option<bool> SystemLog() => new("--syslog") { Description = "tell the system's log, not standard error" };

    /// <summary>Every end of it is one line in the log, without hints: nobody is there to read them.</summary>
    private static ExitCode Logged(bool toSystemLog, Func<UsbLog, ExitCode> work)
    {
        RequireRoot();
        using UsbLog log = new(toSystemLog);
        try
        {
            return work(log);
        }
        catch (CommandException error)
        {
            log.Write(error.Message);
            return error.Code;
        }
    }

    private static ExitCode List(bool json)
    {
        RequireRoot();
        IReadOnlyList<AutomountFile> files = AutomountDirectory.Read();
        HashSet<string> inserted = [.. InsertedSticks.All().SelectMany(s => s.Files).Select(f => f.Name)];
        if (json)
        {
            Json.ToStandardOutput(writer =>
            {
                writer.WriteStartArray();
                foreach (AutomountFile file in files)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", file.Name);
                    writer.WriteBoolean("inserted", inserted.Contains(file.Name));
                    writer.WriteString("filesystemUuid", file.Stick.FilesystemUuid);
                    writer.WriteString("filesystem", file.Stick.Filesystem);
                    writer.WriteString("serial", file.Stick.Serial);
                    writer.WriteString("vendor", file.Stick.Vendor);
                    writer.WriteString("model", file.Stick.Model);
                    writer.WriteString("keyFile", file.KeyFile);
                    writer.WriteString("keyKind", file.KeyIsPem ? "pem" : "passphrase");
                    writer.WriteString("onRemoval", AutomountFile.ActionName(file.OnRemoval));
                    writer.WriteStartArray("volumes");
                    foreach (StickVolume volume in file.Volumes)
                    {
                        writer.WriteStartObject();
                        writer.WriteString("lower", volume.Lower);
                        writer.WriteString("mountpoint", volume.Mountpoint);
                        writer.WriteString("signature", volume.Signature.ToString());
                        writer.WriteString("options", volume.Options);
                        writer.WriteEndObject();
                    }

                    writer.WriteEndArray();
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
        }
        else if (files.Count == 0)
        {
            Messages.Note("no stick opens anything; to change that: stackfs usb enroll");
        }
        else
        {
            Tables.Write(
                ["NAME", "STICK", "INSERTED", "LOWER", "MOUNTPOINT", "ON REMOVAL"],
                files.SelectMany(f => f.Volumes.Select(v => (IReadOnlyList<string>)
                [
                    f.Name, f.Stick.FilesystemUuid, inserted.Contains(f.Name) ? "yes" : "no", v.Lower, v.Mountpoint,
                    AutomountFile.ActionName(f.OnRemoval),
                ])));
        }

        return ExitCode.Success;
    }

    private static ExitCode Forget(string name)
    {
        RequireRoot();
        string path = AutomountDirectory.PathOf(name);
        if (!AutomountDirectory.IsName(name) || !File.Exists(path))
        {
            throw new CommandException(ExitCode.NotFound, $"{name}: no stick of that name", "their names: stackfs usb list");
        }

        File.Delete(path);
        Messages.Note($"{name}: opens nothing any more");
        Messages.Note("its key still fits the volumes' slots; to take those away: stackfs slots list LOWER, stackfs slots remove LOWER SLOT");
        return ExitCode.Success;
    }
}

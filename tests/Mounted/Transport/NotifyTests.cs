using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Transport;

/// <summary>The kernel caches for an hour here; only a notification makes it look again.</summary>
public sealed class NotifyTests : IDisposable
{
    private readonly FuseHostProcess _host = new();

    public void Dispose() => _host.Dispose();

    [TransportTheory, OnDevice, OnIoUring]
    public void Invalidating_an_inode_shows_its_new_content(string carrier)
    {
        _host.Carrier = carrier;
        string path = StartWithFile();
        _host.Send("write a after!", "write None");
        Assert.Equal("before", File.ReadAllText(path));

        _host.Send("invalidate a", "invalidate None");
        Assert.Equal("after!", File.ReadAllText(path));
        _host.Send("invalidate unknown", "invalidate ENOENT");
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Deleting_drops_the_name_at_once(string carrier)
    {
        _host.Carrier = carrier;
        string path = StartWithFile();

        _host.Send("remove a", "remove None");
        Assert.Equal("ENOENT", Sys.Open(path, Sys.O_RDONLY).Name);
    }

    [TransportTheory, OnDevice, OnIoUring]
    public void Invalidating_an_entry_has_it_looked_up_again(string carrier)
    {
        _host.Carrier = carrier;
        string path = StartWithFile();
        Assert.True(File.Exists(path));

        _host.Send("forget a", "forget None");
        _host.Send("forget a", "forget ENOENT");
        Assert.Equal("before", File.ReadAllText(path));
    }

    private string StartWithFile()
    {
        _host.Start(["--valid=3600"]);
        string path = Path.Combine(_host.MountPoint, "a");
        File.WriteAllText(path, "before");
        Assert.Equal("before", File.ReadAllText(path));
        return path;
    }
}

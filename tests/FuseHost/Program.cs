using System.Runtime.InteropServices;
using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Tests.FuseHost;

if (args is ["map", string file, string count])
{
    return Mapper.Run(file, count);
}

// Prints "ready" when the mount answers; at the end the counts of what went wrong, then "ended".
HostOptions options = HostOptions.Parse(args);
var filesystem = new MemoryFilesystem(options);
try
{
    FuseMount mount = FuseMount.Create(new FuseMountOptions
    {
        Source = "memory, and more",
        MountPoint = options.MountPoint,
        AllowOther = options.AllowOther,
        Flags = MountFlags.NoSuid | MountFlags.NoDev | (options.ReadOnly ? MountFlags.ReadOnly : MountFlags.None),
    });
    using var session = new FuseSession(mount, filesystem, new FuseSessionOptions
    {
        Workers = options.Workers,
        Carrier = options.Carrier,
        Ready = () => Console.WriteLine("ready"),
        Fault = fault => Console.WriteLine($"fault {fault.Opcode} {fault.Exception?.Message}"),
    });
    using PosixSignalRegistration registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
    {
        context.Cancel = true;
        session.Stop(options.Grace);
    });
    var commands = new Thread(() => HostCommands.Run(filesystem, session.Notifier)) { IsBackground = true };
    commands.Start();
    session.Run();
    IReadOnlyList<WorkerCounters> counters = session.Counters;
    Console.WriteLine($"workers {counters.Count}");
    Console.WriteLine($"carrier {session.Carrier}");
    Console.WriteLine($"allocated {filesystem.Allocated}");
    Console.WriteLine($"faults {counters.Sum(c => c.Faults)}");
    Console.WriteLine($"unanswered {counters.Sum(c => c.Unanswered)}");
    Console.WriteLine($"malformed {counters.Sum(c => c.Malformed)}");
    Console.WriteLine($"rejected {counters.Sum(c => c.Rejected)}");
    Console.WriteLine($"writes {counters.Sum(c => c.Requests(FuseOpcode.Write))}");
    Console.WriteLine(filesystem.IsDestroyed ? "ended" : "not destroyed");
    return 0;
}
catch (FuseMountException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

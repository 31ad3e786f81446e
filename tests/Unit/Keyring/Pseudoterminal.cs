using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>A terminal whose other end the test holds. ioctl numbers: asm-generic/ioctls.h.</summary>
internal sealed partial class Pseudoterminal : IDisposable
{
    private const ulong TIOCSPTLCK = 0x40045431;
    private const ulong TIOCGPTPEER = 0x5441;
    private const nint O_RDWR_NOCTTY_CLOEXEC = 0x80102;

    internal Pseudoterminal()
    {
        Assert.Equal(Errno.None, Posix.OpenTerminal("/dev/ptmx", out SafeFd master));
        Master = master;
        int unlocked = 0;
        unsafe
        {
            Assert.Equal(0, ioctl(master.Number, TIOCSPTLCK, (nint)(&unlocked)));
        }

        int slave = ioctl(master.Number, TIOCGPTPEER, O_RDWR_NOCTTY_CLOEXEC);
        Assert.True(slave >= 0);
        Slave = new SafeFd(slave);
    }

    /// <summary>The person's end.</summary>
    internal SafeFd Master { get; }

    /// <summary>The program's end.</summary>
    internal SafeFd Slave { get; }

    internal bool HasEcho
    {
        get
        {
            Assert.Equal(Errno.None, Posix.GetTerminalAttributes(Slave, out Posix.TerminalAttributes attributes));
            return attributes.HasEcho;
        }
    }

    public void Dispose()
    {
        Master.Dispose();
        Slave.Dispose();
    }

    /// <summary>Reads what the program wrote until it contains <paramref name="text"/>.</summary>
    internal string ReadUntil(string text)
    {
        byte[] buffer = new byte[256];
        string seen = "";
        while (!seen.Contains(text, StringComparison.Ordinal))
        {
            Assert.Equal(Errno.None, Posix.Read(Master, buffer, out int count));
            seen += System.Text.Encoding.UTF8.GetString(buffer, 0, count);
        }

        return seen;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, ulong request, nint argument);
}

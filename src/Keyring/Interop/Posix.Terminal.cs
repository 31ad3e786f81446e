using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StackFs.Keyring.Interop;

/// <summary>Terminals: tcgetattr(3), tcsetattr(3).</summary>
internal static unsafe partial class Posix
{
    private const int O_RDWR = 2;
    private const int TCSANOW = 0;
    private const int TCSAFLUSH = 2;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int fd, TerminalAttributes* attributes);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int fd, int when, TerminalAttributes* attributes);

    /// <summary>Opens a terminal for reading and writing without making it the controlling one.</summary>
    internal static Errno OpenTerminal(string path, out SafeFd fd) =>
        Open(AT_FDCWD, path, O_RDWR | O_NOCTTY, 0, out fd);

    /// <summary>tcgetattr(3): ENOTTY for what is no terminal.</summary>
    internal static Errno GetTerminalAttributes(SafeFd fd, out TerminalAttributes attributes)
    {
        fixed (TerminalAttributes* p = &attributes)
        {
            Errno error = Check(tcgetattr(fd.Number, p));
            GC.KeepAlive(fd);
            return error;
        }
    }

    /// <summary>tcsetattr(3), at once, or after discarding what was typed ahead; retried on EINTR.</summary>
    internal static Errno SetTerminalAttributes(SafeFd fd, TerminalAttributes attributes, bool discardInput)
    {
        Errno error;
        do
        {
            error = Check(tcsetattr(fd.Number, discardInput ? TCSAFLUSH : TCSANOW, &attributes));
        }
        while (error == Errno.EINTR);
        GC.KeepAlive(fd);
        return error;
    }

    /// <summary><c>struct termios</c> of the C library, bits/termios-struct.h: 60 bytes on x86-64 and arm64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TerminalAttributes
    {
        private const uint ICANON = 0x2;
        private const uint ECHO = 0x8;
        private const uint ECHONL = 0x40;

        private readonly uint _input;
        private readonly uint _output;
        private readonly uint _control;
        private uint _local;
        private readonly byte _line;
        private readonly ControlCharacters _characters;
        private readonly uint _inputSpeed;
        private readonly uint _outputSpeed;

        /// <summary>Whether what is typed is shown.</summary>
        internal readonly bool HasEcho => (_local & ECHO) != 0;

        /// <summary>The same, showing nothing that is typed, and with line editing.</summary>
        internal readonly TerminalAttributes WithoutEcho() => this with { _local = (_local | ICANON) & ~(ECHO | ECHONL) };

        [InlineArray(32)]
        private struct ControlCharacters
        {
            private byte _first;
        }
    }
}

using System.Collections;
using System.Runtime.InteropServices;
using StackFs.Keyring.Interop;

namespace StackFs.Interop;

/// <content>
/// Starting a program that inherits chosen descriptors, which <see cref="System.Diagnostics.Process"/> cannot do.
/// </content>
internal static unsafe partial class Libc
{
    // posix_spawn_file_actions_t has 80 bytes in glibc and musl; room to spare.
    private const int FileActionsSize = 256;

    [LibraryImport("libc")]
    private static partial int posix_spawnp(
        int* pid, byte* file, void* fileActions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(void* fileActions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(void* fileActions, int fd, int newFd);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(void* fileActions);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);

    /// <summary>posix_spawnp(3): starts <paramref name="file"/>, looked for along PATH, with our environment.</summary>
    /// <param name="file">Name of the program.</param>
    /// <param name="arguments">Its arguments, the program's own name first.</param>
    /// <param name="variables">Each <c>NAME=value</c>, in place of one of that name in the environment.</param>
    /// <param name="descriptors">Which of our descriptors the program gets, and under which numbers.</param>
    /// <param name="pid">The child; the caller waits for it with <see cref="WaitForChild"/>.</param>
    /// <returns>ENOENT when there is no such program.</returns>
    internal static Errno Spawn(
        string file,
        ReadOnlySpan<string> arguments,
        ReadOnlySpan<string> variables,
        ReadOnlySpan<(SafeFd Ours, int Theirs)> descriptors,
        out int pid)
    {
        List<string> environment = [.. variables];
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            string name = $"{entry.Key}=";
            if (!environment.Exists(variable => variable.StartsWith(name, StringComparison.Ordinal)))
            {
                environment.Add(name + entry.Value);
            }
        }

        byte** argumentBlock = Block(arguments);
        byte** environmentBlock = Block(CollectionsMarshal.AsSpan(environment));
        byte* actions = stackalloc byte[FileActionsSize];
        new Span<byte>(actions, FileActionsSize).Clear();
        try
        {
            var error = (Errno)posix_spawn_file_actions_init(actions);
            foreach ((SafeFd ours, int theirs) in descriptors)
            {
                error = error == Errno.None
                    ? (Errno)posix_spawn_file_actions_adddup2(actions, ours.Number, theirs)
                    : error;
            }

            int child = 0;
            if (error == Errno.None)
            {
                fixed (byte* name = Terminated(file))
                {
                    error = (Errno)posix_spawnp(&child, name, actions, null, argumentBlock, environmentBlock);
                }
            }

            pid = child;
            return error;
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions); // Documented never to fail on an initialised object.
            FreeBlock(argumentBlock);
            FreeBlock(environmentBlock);
            foreach ((SafeFd ours, int _) in descriptors)
            {
                GC.KeepAlive(ours);
            }
        }
    }

    /// <summary>waitpid(2) for a child of <see cref="Spawn"/>, retried on EINTR.</summary>
    /// <param name="pid">The child.</param>
    /// <param name="exitCode">What it exited with; 128 plus the signal's number where one ended it.</param>
    internal static Errno WaitForChild(int pid, out int exitCode)
    {
        int status = 0;
        int result;
        do
        {
            result = waitpid(pid, &status, 0);
        }
        while (Interrupted(result));

        int signal = status & 0x7F;
        exitCode = signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
        return Result(result);
    }

    /// <summary>A NULL-terminated array of C strings, to be freed by <see cref="FreeBlock"/>.</summary>
    private static byte** Block(ReadOnlySpan<string> strings)
    {
        byte** block = (byte**)NativeMemory.AllocZeroed((nuint)strings.Length + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < strings.Length; i++)
        {
            byte[] text = Terminated(strings[i]);
            block[i] = (byte*)NativeMemory.Alloc((nuint)text.Length);
            text.CopyTo(new Span<byte>(block[i], text.Length));
        }

        return block;
    }

    private static void FreeBlock(byte** block)
    {
        for (byte** text = block; *text != null; text++)
        {
            NativeMemory.Free(*text);
        }

        NativeMemory.Free(block);
    }
}

using StackFs.Keyring.Interop;

namespace StackFs.Keyring.Secrets;

/// <summary>How the pages that hold secrets are kept out of swap, dumps and images.</summary>
public enum SecretMemoryKind
{
    /// <summary>memfd_secret(2): not even the kernel has the pages mapped. It blocks hibernation machine-wide.</summary>
    MemFdSecret = 1,

    /// <summary>Anonymous pages under mlock(2) and MADV_DONTDUMP.</summary>
    Locked = 2,
}

/// <summary>
/// Maps whole pages for secrets, each range between two inaccessible guard pages, absent from core dumps and from
/// forked children.
/// </summary>
internal static class SecretMemory
{
    private static readonly nuint PageSize = (nuint)Environment.SystemPageSize;

    /// <summary>The kind of memory in use, chosen once for the process.</summary>
    internal static SecretMemoryKind Kind { get; } = Choose();

    /// <summary>Rounds up to whole pages.</summary>
    internal static nuint RoundToPages(nuint length) => (length + PageSize - 1) / PageSize * PageSize;

    /// <summary>
    /// Maps <paramref name="length"/> bytes, a multiple of the page size, zeroed. Freed by <see cref="Unmap"/> with the
    /// same length.
    /// </summary>
    /// <exception cref="SecretMemoryException">The lock limit is reached, or memory or mappings are exhausted.</exception>
    internal static nint Map(nuint length) => Map(length, Kind);

    /// <summary>As <see cref="Map(nuint)"/>, of a given kind.</summary>
    internal static nint Map(nuint length, SecretMemoryKind kind) => Map(length, kind, null);

    /// <summary>As <see cref="Map(nuint)"/>, of memory that has a descriptor and a length already.</summary>
    internal static nint Map(nuint length, SafeFd memory) => Map(length, SecretMemoryKind.Locked, memory);

    private static nint Map(nuint length, SecretMemoryKind kind, SafeFd? memory)
    {
        nuint whole = length + (2 * PageSize);
        Errno error = Posix.ReserveAddresses(whole, out nint reserved);
        if (error != Errno.None)
        {
            throw Failed(length, error);
        }

        nint address = reserved + (nint)PageSize;
        error = Populate(address, length, kind, memory);
        if (error is Errno.EAGAIN or Errno.ENOMEM or Errno.EPERM && RaiseLockLimit())
        {
            error = Populate(address, length, kind, memory);
        }

        if (error != Errno.None)
        {
            _ = Posix.Unmap(reserved, whole); // The first error is the one to report.
            throw Failed(length, error);
        }

        return address;
    }

    /// <summary>Gives a range of <see cref="Map(nuint)"/> back. The caller has zeroed it.</summary>
    internal static bool Unmap(nint address, nuint length) =>
        Posix.Unmap(address - (nint)PageSize, length + (2 * PageSize)) == Errno.None;

    /// <summary>
    /// Whether another <paramref name="length"/> bytes can be locked, tried out, after raising the limit as far as it
    /// goes.
    /// </summary>
    internal static bool CanLock(nuint length)
    {
        try
        {
            return Unmap(Map(length, SecretMemoryKind.Locked), length);
        }
        catch (SecretMemoryException)
        {
            return false;
        }
    }

    private static Errno Populate(nint address, nuint length, SecretMemoryKind kind, SafeFd? memory)
    {
        Errno error = memory is null && kind == SecretMemoryKind.MemFdSecret
            ? PopulateSecret(address, length)
            : PopulateLocked(address, length, memory);
        return error != Errno.None ? error : Posix.ExcludeFromForks(address, length);
    }

    private static Errno PopulateSecret(nint address, nuint length)
    {
        Errno error = Posix.MemFdSecret(out SafeFd fd);
        using (fd)
        {
            if (error != Errno.None)
            {
                return error;
            }

            error = Posix.SetLength(fd, (long)length);
            return error != Errno.None ? error : Posix.MapFileAt(address, length, fd);
        }
    }

    private static Errno PopulateLocked(nint address, nuint length, SafeFd? memory)
    {
        Errno error = memory is null
            ? Posix.MapAnonymousAt(address, length)
            : Posix.MapFileAt(address, length, memory);
        if (error != Errno.None || (memory is not null && Posix.IsSecretMemory(memory)))
        {
            return error; // mlock(2) of memfd_secret memory is ENOMEM: it is locked already.
        }

        error = Posix.ExcludeFromDumps(address, length);
        return error != Errno.None ? error : Posix.Lock(address, length);
    }

    private static SecretMemoryKind Choose()
    {
        if (HibernationInUse(ReadPowerFile("/sys/power/state"), ReadPowerFile("/sys/power/disk")))
        {
            return SecretMemoryKind.Locked;
        }

        Errno error = Posix.MemFdSecret(out SafeFd fd);
        fd.Dispose();
        return error == Errno.None ? SecretMemoryKind.MemFdSecret : SecretMemoryKind.Locked;
    }

    /// <summary>
    /// Whether this machine can hibernate, from the texts of <c>/sys/power/state</c> and <c>/sys/power/disk</c> (null:
    /// no such file), as Documentation/admin-guide/pm/sleep-states.rst describes them.
    /// </summary>
    internal static bool HibernationInUse(string? state, string? disk)
    {
        bool offered = state is not null && state.Split((char[])[' ', '\n']).Contains("disk");
        return offered && disk?.Contains("[disabled]", StringComparison.Ordinal) != true;
    }

    private static string? ReadPowerFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // No /sys in this container: it cannot hibernate the machine either.
        }
    }

    private static bool RaiseLockLimit()
    {
        if (Posix.GetLimit(Posix.RLIMIT_MEMLOCK, out Posix.ResourceLimit limit) != Errno.None || limit.Soft >= limit.Hard)
        {
            return false;
        }

        return Posix.SetLimit(Posix.RLIMIT_MEMLOCK, limit with { Soft = limit.Hard }) == Errno.None;
    }

    private static SecretMemoryException Failed(nuint length, Errno error)
    {
        string limit = Posix.GetLimit(Posix.RLIMIT_MEMLOCK, out Posix.ResourceLimit l) == Errno.None && l.Hard != ulong.MaxValue
            ? $"{l.Hard / 1024} KiB"
            : "unlimited";
        return new SecretMemoryException(
            $"cannot lock {length / 1024} KiB of memory for keys ({error}; RLIMIT_MEMLOCK is {limit}): "
            + "raise it with 'ulimit -l' or LimitMEMLOCK=",
            error);
    }
}

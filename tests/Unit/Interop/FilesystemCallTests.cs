using System.Runtime.InteropServices;
using System.Text;
using Mono.Unix.Native;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using Errno = StackFs.Keyring.Interop.Errno;
using Libc = StackFs.Interop.Libc;
using OpenFlags = StackFs.Interop.OpenFlags;
using Timespec = StackFs.Interop.Timespec;

namespace StackFs.Tests.Unit.Interop;

public sealed class FilesystemCallTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("stackfs-interop-").FullName;
    private readonly SafeFd _directory;

    public FilesystemCallTests()
    {
        Assert.Equal(Errno.None, Libc.OpenPath(
            Encoding.UTF8.GetBytes(_path), OpenFlags.Path | OpenFlags.Directory, out SafeFd? fd));
        _directory = fd!;
    }

    public void Dispose()
    {
        _directory.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    [Fact]
    public unsafe void Structures_have_the_kernels_sizes()
    {
        Assert.Equal(256, sizeof(StatxBuffer));
        Assert.Equal(16, sizeof(StatxTimestamp));
        Assert.Equal(120, sizeof(StatfsBuffer));
        Assert.Equal(16, sizeof(Timespec));
        Assert.Equal(24, sizeof(Libc.OpenHow));
        Assert.Equal(32, sizeof(Libc.LockRange));
        Assert.Equal(24, sizeof(CapabilitySets));
        Assert.Equal(16, sizeof(IoSegment));
        Assert.Equal(0x40, (int)Marshal.OffsetOf<StatxBuffer>(nameof(StatxBuffer.AccessTime)));
        Assert.Equal(0x70, (int)Marshal.OffsetOf<StatxBuffer>(nameof(StatxBuffer.ModifyTime)));
        Assert.Equal(0x80, (int)Marshal.OffsetOf<StatxBuffer>(nameof(StatxBuffer.RawDeviceMajor)));
        Assert.Equal(72, (int)Marshal.OffsetOf<StatfsBuffer>(nameof(StatfsBuffer.FragmentSize)));
    }

    [Fact]
    public void Statx_agrees_with_an_independent_stat()
    {
        File.WriteAllText(Path.Combine(_path, "f"), "hello");
        Assert.Equal(0, Syscall.chmod(Path.Combine(_path, "f"), (FilePermissions)Convert.ToUInt32("640", 8)));
        Assert.Equal(0, Syscall.lstat(Path.Combine(_path, "f"), out Stat expected));

        Assert.Equal(Errno.None, Libc.Statx(_directory, "f"u8, out StatxBuffer status));

        Assert.Equal(expected.st_ino, status.Inode);
        Assert.Equal(5UL, status.Size);
        Assert.Equal(ModeBits.Regular | Convert.ToUInt32("640", 8), status.Mode);
        Assert.Equal(expected.st_mtime, status.ModifyTime.Seconds);
        Assert.Equal(expected.st_mtime_nsec, status.ModifyTime.Nanoseconds);
    }

    [Fact]
    public void Nothing_is_opened_through_a_symbolic_link_or_outside()
    {
        Assert.Equal(0, Syscall.symlink("/etc/passwd", Path.Combine(_path, "link")));
        Assert.Equal(0, Syscall.mkdir(Path.Combine(_path, "d"), FilePermissions.ALLPERMS));
        Assert.Equal(0, Syscall.symlink("/etc", Path.Combine(_path, "d", "out")));

        Assert.Equal(Errno.ELOOP, Libc.OpenBeneath(_directory, "link"u8, OpenFlags.ReadOnly, 0, out SafeFd? fd));
        Assert.Null(fd);
        Assert.Equal(Errno.ELOOP, Libc.OpenBeneath(_directory, "d/out/passwd"u8, OpenFlags.ReadOnly, 0, out _));
        Assert.Equal(Errno.EXDEV, Libc.OpenBeneath(_directory, "../x"u8, OpenFlags.ReadOnly, 0, out _));
        Assert.Equal(Errno.EXDEV, Libc.OpenBeneath(_directory, "/etc/passwd"u8, OpenFlags.ReadOnly, 0, out _));
    }

    [Fact]
    public void A_name_longer_than_the_buffer_is_refused_before_the_kernel()
    {
        byte[] name = new byte[Libc.MaxPath + 1];
        Array.Fill(name, (byte)'n');
        Assert.Equal(Errno.ENAMETOOLONG, Libc.Statx(_directory, name, out _));
        Assert.Equal(Errno.ENAMETOOLONG, Libc.MakeDirectory(_directory, name, 0));
        Assert.Equal(Errno.ENAMETOOLONG, Libc.Rename(_directory, "a"u8, _directory, name, 0));
        Assert.Equal(Errno.ENAMETOOLONG, Libc.Unlink(_directory, name.AsSpan(0, 256)));
    }

    [Fact]
    public void Mode_owner_and_times_change_by_name_and_by_descriptor()
    {
        using SafeFd file = Create("f");
        Assert.Equal(Errno.None, Libc.OpenBeneath(_directory, "f"u8, OpenFlags.Path, 0, out SafeFd? path));
        using SafeFd pathFd = path!;

        Assert.Equal(Errno.None, Libc.ChangeMode(_directory, "f"u8, 0x180));
        Assert.Equal(ModeBits.Regular | 0x180, Stat("f").Mode);
        Assert.Equal(Errno.None, Libc.ChangeMode(pathFd, default, 0x1ED));
        Assert.Equal(ModeBits.Regular | 0x1ED, Stat("f").Mode);

        Assert.Equal(Errno.None, Libc.ChangeTimes(pathFd, default, new Timespec(5, 6), new Timespec(7, 999_999_999)));
        Assert.Equal(Errno.None, Libc.ChangeTimes(_directory, "f"u8, Timespec.Omit, new Timespec(8, 1)));
        StatxBuffer status = Stat("f");
        Assert.Equal((5, 6u), (status.AccessTime.Seconds, status.AccessTime.Nanoseconds));
        Assert.Equal((8, 1u), (status.ModifyTime.Seconds, status.ModifyTime.Nanoseconds));

        Assert.Equal(Errno.None, Libc.ChangeOwner(_directory, "f"u8, uint.MaxValue, uint.MaxValue));
        Assert.Equal(Libc.EffectiveUser, Stat("f").UserId);
    }

    [Fact]
    public void The_mode_of_a_symbolic_link_cannot_be_changed_and_its_target_is_left_alone()
    {
        using SafeFd file = Create("f");
        Assert.Equal(Errno.None, Libc.ChangeMode(_directory, "f"u8, 0x180));
        Assert.Equal(Errno.None, Libc.Symlink("f\0"u8, _directory, "s"u8));

        Assert.Equal(Errno.EOPNOTSUPP, Libc.ChangeMode(_directory, "s"u8, 0x1FF));

        Assert.Equal(ModeBits.Regular | 0x180, Stat("f").Mode);
    }

    [Fact]
    public void Symbolic_links_read_back_what_was_written()
    {
        Assert.Equal(Errno.EINVAL, Libc.Symlink("unterminated"u8, _directory, "s"u8));
        Assert.Equal(Errno.None, Libc.Symlink("a/b\xff\0"u8, _directory, "s"u8));
        Span<byte> target = stackalloc byte[64];
        Assert.Equal(Errno.None, Libc.ReadLink(_directory, "s"u8, target, out int length));
        Assert.True(target[..length].SequenceEqual("a/b\xff"u8));

        Assert.Equal(Errno.None, Libc.OpenBeneath(
            _directory, "s"u8, OpenFlags.Path | OpenFlags.NoFollow, 0, out SafeFd? link));
        using SafeFd linkFd = link!;
        Assert.Equal(Errno.None, Libc.ReadLink(linkFd, default, target, out length));
        Assert.Equal(5, length);
    }

    [Fact]
    public void Names_are_linked_exchanged_and_removed()
    {
        using SafeFd a = Create("a");
        Assert.Equal(Errno.None, Libc.MakeDirectory(_directory, "d"u8, 0x1C0));
        Assert.Equal(Errno.None, Libc.Link(_directory, "a"u8, _directory, "b"u8));
        Assert.Equal(2u, Stat("a").LinkCount);
        Assert.Equal(Errno.EEXIST, Libc.Rename(_directory, "a"u8, _directory, "d"u8, RenameFlags.NoReplace));
        Assert.Equal(Errno.None, Libc.Rename(_directory, "a"u8, _directory, "d"u8, RenameFlags.Exchange));
        Assert.True(ModeBits.IsDirectory(Stat("a").Mode));
        Assert.Equal(Errno.EISDIR, Libc.Unlink(_directory, "a"u8));
        Assert.Equal(Errno.None, Libc.RemoveDirectory(_directory, "a"u8));
        Assert.Equal(Errno.None, Libc.Unlink(_directory, "d"u8));
        Assert.Equal(Errno.ENOENT, Libc.Unlink(_directory, "d"u8));
        Assert.Equal(1u, Stat("b").LinkCount);
    }

    [Fact]
    public void An_unnamed_file_gets_a_name_from_its_descriptor()
    {
        Errno error = Libc.OpenBeneath(
            _directory, "."u8, OpenFlags.TemporaryFile | OpenFlags.ReadWrite, 0x180, out SafeFd? file);
        Assert.Equal(Errno.None, error);
        using SafeFd unnamed = file!;
        Assert.Equal(Errno.None, Libc.PWriteFully(unnamed, "x"u8, 0, out _));
        Assert.Equal(Errno.None, Libc.LinkDescriptor(unnamed, _directory, "named"u8));
        Assert.Equal(1UL, Stat("named").Size);
    }

    [Fact]
    public void An_unlinked_file_is_reopened_through_its_descriptor()
    {
        using (SafeFd file = Create("f"))
        {
            Assert.Equal(Errno.None, Libc.PWriteFully(file, "kept"u8, 0, out _));
        }

        Assert.Equal(Errno.None, Libc.OpenBeneath(_directory, "f"u8, OpenFlags.Path, 0, out SafeFd? path));
        using SafeFd pathFd = path!;
        Assert.Equal(Errno.None, Libc.Unlink(_directory, "f"u8));

        Assert.Equal(Errno.None, Libc.Reopen(pathFd, OpenFlags.ReadWrite, out SafeFd? again));
        using SafeFd againFd = again!;
        Span<byte> content = stackalloc byte[10];
        Assert.Equal(Errno.None, Libc.PReadFully(againFd, content, 0, out int count));
        Assert.True(content[..count].SequenceEqual("kept"u8));
    }

    [Fact]
    public unsafe void Vectored_calls_read_what_they_wrote()
    {
        using SafeFd file = Create("f");
        byte* bytes = stackalloc byte[] { 1, 2, 3, 4, 5, 6 };
        IoSegment[] segments = [new() { Base = bytes + 3, Length = 3 }, new() { Base = bytes, Length = 3 }];
        Assert.Equal(Errno.None, Libc.PWriteV(file, segments, 10, out int written));
        Assert.Equal(6, written);

        byte* read = stackalloc byte[6];
        IoSegment[] targets = [new() { Base = read, Length = 6 }];
        Assert.Equal(Errno.None, Libc.PReadV(file, targets, 10, out int count));
        Assert.Equal(6, count);
        Assert.Equal([4, 5, 6, 1, 2, 3], new Span<byte>(read, 6).ToArray());
    }

    [Fact]
    public void Sizes_and_ranges_change()
    {
        using SafeFd file = Create("f");
        Assert.Equal(Errno.None, Libc.Truncate(file, 3 * 4096));
        Assert.Equal(Errno.None, Libc.PWriteFully(file, "data"u8, 4096, out _));
        Assert.Equal(Errno.None, Libc.Seek(file, 0, DataFlags.SeekData, out long data));
        Assert.True(data is 0 or 4096);
        Assert.Equal(Errno.ENXIO, Libc.Seek(file, 3 * 4096, DataFlags.SeekData, out _));
        Assert.Equal(Errno.None, Libc.Allocate(file, DataFlags.PunchHole | DataFlags.KeepSize, 4096, 4096));
        Span<byte> content = stackalloc byte[4];
        Assert.Equal(Errno.None, Libc.PReadFully(file, content, 4096, out _));
        Assert.True(content.SequenceEqual(new byte[4]));
        Assert.Equal(Errno.None, Libc.CopyRange(file, 0, file, 8192, 10, out long copied));
        Assert.Equal(10, copied);
        Assert.Equal(Errno.None, Libc.Sync(file, dataOnly: false));
        Assert.Equal(Errno.None, Libc.SyncFilesystem(file));
    }

    [Fact]
    public void A_directory_lists_its_names_once()
    {
        HashSet<string> expected = ["."];
        expected.Add("..");
        for (int i = 0; i < 300; i++)
        {
            Create($"name-{i}").Dispose();
            expected.Add($"name-{i}");
        }

        Assert.Equal(Errno.None, Libc.OpenBeneath(
            _directory, "."u8, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out SafeFd? opened));
        using SafeFd directory = opened!;
        for (int pass = 0; pass < 2; pass++)
        {
            List<string> seen = [];
            byte[] buffer = new byte[1000];
            while (true)
            {
                Assert.Equal(Errno.None, Libc.ReadDirectory(directory, buffer, out int length));
                if (length == 0)
                {
                    break;
                }

                DirectoryRecords records = new(buffer.AsSpan(0, length));
                while (records.MoveNext())
                {
                    seen.Add(Encoding.UTF8.GetString(records.Name));
                }
            }

            Assert.Equal(expected.Count, seen.Count);
            Assert.Equal(expected, [.. seen]);
            Assert.Equal(Errno.None, Libc.RewindDirectory(directory));
        }
    }

    [Fact]
    public void A_record_that_does_not_fit_ends_the_walk()
    {
        byte[] record = new byte[24];
        record[16] = 32;
        DirectoryRecords records = new(record);
        Assert.False(records.MoveNext());
    }

    [Fact]
    public void Extended_attributes_work_on_names_and_path_descriptors()
    {
        using SafeFd file = Create("f");
        Errno error = Libc.SetXattr(_directory, "f"u8, "user.one"u8, "value"u8, 0);
        Assert.Equal(Errno.None, error);
        Assert.Equal(Errno.EEXIST, Libc.SetXattr(_directory, "f"u8, "user.one"u8, "value"u8, 1));
        Assert.Equal(Errno.ENODATA, Libc.SetXattr(_directory, "f"u8, "user.two"u8, "value"u8, 2));

        Assert.Equal(Errno.None, Libc.OpenBeneath(_directory, "f"u8, OpenFlags.Path, 0, out SafeFd? path));
        using SafeFd pathFd = path!;
        byte[] value = new byte[10];
        Assert.Equal(Errno.None, Libc.GetXattr(pathFd, default, "user.one"u8, value, out int length));
        Assert.Equal("value", Encoding.UTF8.GetString(value, 0, length));
        Assert.Equal(Errno.ERANGE, Libc.GetXattr(pathFd, default, "user.one"u8, value.AsSpan(0, 2), out _));
        Assert.Equal(Errno.None, Libc.GetXattr(pathFd, default, "user.one"u8, default, out length));
        Assert.Equal(5, length);

        Assert.Equal(Errno.None, Libc.ListXattr(_directory, "f"u8, default, out length));
        byte[] list = new byte[length];
        Assert.Equal(Errno.None, Libc.ListXattr(pathFd, default, list, out length));
        Assert.Contains("user.one", Encoding.UTF8.GetString(list).Split('\0'));
        Assert.Equal(Errno.None, Libc.RemoveXattr(pathFd, default, "user.one"u8));
        Assert.Equal(Errno.ENODATA, Libc.RemoveXattr(_directory, "f"u8, "user.one"u8));
    }

    [Fact]
    public void Extended_attributes_of_a_symbolic_link_are_not_those_of_its_target()
    {
        using SafeFd file = Create("f");
        Assert.Equal(Errno.None, Libc.Symlink("f\0"u8, _directory, "s"u8));
        Assert.Equal(Errno.None, Libc.SetXattr(_directory, "f"u8, "user.one"u8, "v"u8, 0));
        Assert.Equal(Errno.ENODATA, Libc.GetXattr(_directory, "s"u8, "user.one"u8, default, out _));
    }

    [Fact]
    public void Range_locks_belong_to_the_open_file()
    {
        using SafeFd one = Create("f");
        Assert.Equal(Errno.None, Libc.OpenBeneath(_directory, "f"u8, OpenFlags.ReadWrite, 0, out SafeFd? opened));
        using SafeFd two = opened!;
        Assert.Equal(Errno.None, Libc.SetRangeLock(one, RangeLockType.Write, 0, 4096, wait: false));
        Assert.Equal(Errno.EAGAIN, Libc.SetRangeLock(two, RangeLockType.Write, 0, 1, wait: false));
        Assert.Equal(Errno.None, Libc.SetRangeLock(two, RangeLockType.Write, 4096, 1, wait: false));
        Assert.Equal(Errno.None, Libc.SetRangeLock(one, RangeLockType.Unlock, 0, 4096, wait: false));
        Assert.Equal(Errno.None, Libc.SetRangeLock(two, RangeLockType.Write, 0, 1, wait: false));
        Assert.Equal(Errno.None, Libc.TryLockWhole(one));
        Assert.Equal(Errno.EAGAIN, Libc.TryLockWhole(two));
    }

    [Fact]
    public void A_thread_has_a_umask_of_its_own()
    {
        uint before = (uint)Syscall.umask(FilePermissions.S_IWOTH);
        uint seen = 0;
        Thread thread = new(() =>
        {
            Assert.Equal(Errno.None, Libc.UnshareFilesystemContext());
            _ = Libc.SetUmask(0x1FF);
            seen = Libc.SetUmask(0x1FF);
        });
        thread.Start();
        thread.Join();
        Assert.Equal(0x1FFu, seen);
        Assert.Equal(FilePermissions.S_IWOTH, Syscall.umask((FilePermissions)before));
    }

    [Fact]
    public void The_limit_on_open_files_is_raised_to_the_hard_one()
    {
        Assert.Equal(Errno.None, Libc.RaiseOpenFilesLimit(out long limit));
        Assert.Equal(Errno.None, Libc.RaiseOpenFilesLimit(out long again));
        Assert.True(limit > 0);
        Assert.Equal(limit, again);
    }

    [Fact]
    public void The_lower_filesystem_tells_its_kind_and_space()
    {
        Assert.Equal(Errno.None, Libc.StatFs(_directory, out StatfsBuffer status));
        Assert.Equal(0, Syscall.statvfs(_path, out Statvfs expected));
        Assert.Equal(expected.f_blocks, status.Blocks);
        Assert.Equal(expected.f_frsize, (ulong)status.FragmentSize);
        Assert.Equal(expected.f_namemax, (ulong)status.NameLength);
        Assert.True(FilesystemMagic.IsShared(FilesystemMagic.Nfs));
        Assert.False(FilesystemMagic.IsShared(0xEF53));
    }

    private SafeFd Create(string name)
    {
        Assert.Equal(Errno.None, Libc.OpenBeneath(
            _directory,
            Encoding.UTF8.GetBytes(name),
            OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.ReadWrite,
            0x1A4,
            out SafeFd? fd));
        return fd!;
    }

    private StatxBuffer Stat(string name)
    {
        Assert.Equal(Errno.None, Libc.Statx(_directory, Encoding.UTF8.GetBytes(name), out StatxBuffer status));
        return status;
    }
}

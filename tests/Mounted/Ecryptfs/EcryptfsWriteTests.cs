using System.Buffers.Binary;
using System.Text;
using Mono.Unix.Native;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Ecryptfs;

/// <summary>What a mount writes in the eCryptfs format, and what it refuses.</summary>
public class EcryptfsWriteTests
{
    [MountedTheory]
    [InlineData("ecryptfs_key_bytes=16", false)]
    [InlineData("ecryptfs_key_bytes=32,ecryptfs_enable_filename_crypto=y", false)]
    [InlineData("ecryptfs_key_bytes=24,ecryptfs_xattr,names=encrypted", true)]
    [InlineData("ecryptfs_cipher=twofish,ecryptfs_key_bytes=32,names=encrypted", false)]
    public void What_is_written_is_read_after_mounting_again_and_has_the_kernels_sizes(string options, bool inAttribute)
    {
        using EcryptfsTree tree = new();
        tree.Mount(options);
        Dictionary<string, byte[]> files = [];
        Random random = new(options.Length);
        foreach (int size in new[] { 0, 1, 4095, 4096, 4097, 20000, 300001 })
        {
            byte[] content = new byte[size];
            random.NextBytes(content);
            files[$"file of {size}"] = content;
            File.WriteAllBytes(Path.Combine(tree.Upper, $"file of {size}"), content);
        }

        Directory.CreateDirectory(Path.Combine(tree.Upper, "directory"));
        string seek = Path.Combine(tree.Upper, "directory", "seek");
        using (FileStream file = new(seek, FileMode.CreateNew))
        {
            file.Seek(100_000, SeekOrigin.Begin);
            file.Write("end"u8);
        }

        files["directory/seek"] = [.. new byte[100_000], .. "end"u8];
        File.CreateSymbolicLink(Path.Combine(tree.Upper, "link"), "directory/seek");
        tree.Unmount();
        tree.Mount(options);
        using (FileStream file = new(Path.Combine(tree.Upper, "file of 20000"), FileMode.Open))
        {
            file.SetLength(5000);
            file.Seek(0, SeekOrigin.End);
            file.Write("appended"u8);
        }

        files["file of 20000"] = [.. files["file of 20000"][..5000], .. "appended"u8];
        tree.Unmount();
        tree.Mount(options);
        foreach ((string name, byte[] content) in files)
        {
            Assert.Equal(content, File.ReadAllBytes(Path.Combine(tree.Upper, name)));
        }

        Assert.Equal(files["directory/seek"], File.ReadAllBytes(Path.Combine(tree.Upper, "link")));
        tree.Unmount();
        foreach (string path in Directory.EnumerateFiles(tree.Lower, "*", SearchOption.AllDirectories))
        {
            if (new FileInfo(path).LinkTarget is not null)
            {
                continue;
            }

            byte[] start = new byte[4096];
            long length = inAttribute
                ? Syscall.getxattr(path, "user.ecryptfs", start)
                : Read(path, start);
            Assert.True(length >= 97, path);
            long upper = BinaryPrimitives.ReadInt64BigEndian(start);
            long front = inAttribute ? 0 : 8192;
            Assert.Equal(front + ((upper + 4095) / 4096 * 4096), new FileInfo(path).Length);
        }
    }

    [StackFsFact]
    public void Names_of_143_bytes_fit_and_of_144_do_not()
    {
        using EcryptfsTree tree = new();
        tree.Mount("names=encrypted");
        File.WriteAllText(Path.Combine(tree.Upper, new string('n', 143)), "fits");
        Assert.Equal(-1, Syscall.mkdir(Path.Combine(tree.Upper, new string('n', 144)), FilePermissions.S_IRWXU));
        Assert.Equal(Errno.ENAMETOOLONG, Stdlib.GetLastError());
        tree.Unmount();
    }

    [StackFsFact]
    public void The_metadata_attribute_is_neither_seen_nor_touched_from_above()
    {
        using EcryptfsTree tree = new();
        tree.Mount("ecryptfs_xattr");
        string upper = Path.Combine(tree.Upper, "file");
        File.WriteAllText(upper, "content");
        Assert.Equal(0, Syscall.setxattr(upper, "user.mine", "value"u8.ToArray()));
        byte[] value = new byte[100];
        Assert.Equal(-1, Syscall.getxattr(upper, "user.ecryptfs", value));
        Assert.Equal(-1, Syscall.setxattr(upper, "user.ecryptfs", value));
        Assert.Equal(-1, Syscall.removexattr(upper, "user.ecryptfs"));
        _ = Syscall.listxattr(upper, Encoding.UTF8, out string[] names);
        Assert.Equal(["user.mine"], names);
        Assert.Equal("content", File.ReadAllText(upper));
        tree.Unmount();
        Assert.Equal(5, Syscall.getxattr(Path.Combine(tree.Lower, "file"), "user.mine", value));
    }

    [StackFsFact]
    public void Damaged_and_foreign_files_are_errors_and_stay_as_they_are()
    {
        using EcryptfsTree tree = new();
        tree.Mount("");
        File.WriteAllBytes(Path.Combine(tree.Upper, "good"), new byte[10000]);
        tree.Unmount();
        byte[] good = File.ReadAllBytes(Path.Combine(tree.Lower, "good"));
        Dictionary<string, byte[]> bad = new()
        {
            ["no packet"] = [.. good[..26], .. new byte[100], .. good[126..]],
            ["key size"] = With(good, 27, 0x1B),
            ["other key"] = With(good, 75, (byte)(good[75] ^ 1)),
            ["version"] = With(good, 16, 9),
            ["plain"] = Encoding.UTF8.GetBytes(new string('p', 500)),
            ["header only in part"] = good[..50],
        };
        foreach ((string name, byte[] content) in bad)
        {
            File.WriteAllBytes(Path.Combine(tree.Lower, name), content);
        }

        File.WriteAllBytes(Path.Combine(tree.Lower, "cut"), good[..(8192 + 5000)]);
        File.WriteAllBytes(Path.Combine(tree.Lower, "nothing"), []);
        tree.Mount("");
        foreach (string name in bad.Keys)
        {
            Assert.Equal(-1, Syscall.open(Path.Combine(tree.Upper, name), OpenFlags.O_RDWR));
            Errno error = Stdlib.GetLastError();
            Assert.True(error == (name == "other key" ? Errno.ENOKEY : Errno.EIO), $"{name}: {error}");
        }

        byte[] buffer = new byte[4096];
        int fd = Syscall.open(Path.Combine(tree.Upper, "cut"), OpenFlags.O_RDONLY);
        Assert.Equal(4096, Read(fd, buffer, 0));
        Assert.Equal(-1, Read(fd, buffer, 8192));
        _ = Syscall.close(fd);
        Assert.Equal("", File.ReadAllText(Path.Combine(tree.Upper, "nothing")));
        File.WriteAllText(Path.Combine(tree.Upper, "nothing"), "now something");
        Assert.Equal("now something", File.ReadAllText(Path.Combine(tree.Upper, "nothing")));
        tree.Unmount();
        foreach ((string name, byte[] content) in bad)
        {
            Assert.Equal(content, File.ReadAllBytes(Path.Combine(tree.Lower, name)));
        }
    }

    [StackFsFact]
    public void Mounts_that_cannot_work_say_why()
    {
        using EcryptfsTree tree = new();
        Assert.Contains("files cannot be made with twofish and 24 bytes", tree.Refusal("ecryptfs_cipher=twofish,ecryptfs_key_bytes=24"));
        Assert.Contains("ecryptfs_sig=0011223344556677: no key given", tree.Refusal("ecryptfs_sig=0011223344556677"));
        Assert.Contains("no such passphrase file", tree.Refusal("", "passphrase:passfile=/nonexistent"));
        Assert.Contains("unknown mount option 'colour'", tree.Refusal("colour=blue"));
    }

    private static byte[] With(byte[] content, int offset, byte value)
    {
        byte[] changed = [.. content];
        changed[offset] = value;
        return changed;
    }

    private static long Read(string path, byte[] start)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read);
        return file.Read(start);
    }

    private static unsafe long Read(int fd, byte[] buffer, long offset)
    {
        fixed (byte* pointer = buffer)
        {
            return Syscall.pread(fd, pointer, (ulong)buffer.Length, offset);
        }
    }
}

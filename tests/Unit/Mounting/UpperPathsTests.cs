using System.Text;
using StackFs.Interop;
using StackFs.Keyring.Interop;
using StackFs.Keyring.Secrets;
using StackFs.Lower;
using StackFs.Mounting;
using StackFs.Names;

namespace StackFs.Tests.Unit.Mounting;

public sealed class UpperPathsTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("stackfs-upper-").FullName;
    private readonly SecretBuffer _key = SecretBuffer.Random(64);
    private readonly SafeFd _root;

    public UpperPathsTests()
    {
        Assert.Equal(Errno.None, Libc.OpenPath(Encoding.UTF8.GetBytes(_path), OpenFlags.Path, out SafeFd? root));
        _root = root!;
    }

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    [Fact]
    public void A_path_leads_to_the_lower_file_of_its_encrypted_names()
    {
        string directory = Path.Combine(_path, Lower("docs"));
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, Lower("plan.txt")), "12345");

        Assert.Equal(Errno.None, Open("docs//plan.txt", out SafeFd? lower, out string lowerPath));
        using SafeFd found = lower!;
        Assert.Equal($"{Lower("docs")}/{Lower("plan.txt")}", lowerPath);
        Assert.Equal(Errno.None, Libc.Statx(found, default, out StatxBuffer status));
        Assert.Equal(5UL, status.Size);
    }

    [Fact]
    public void The_empty_path_is_the_root()
    {
        Assert.Equal(Errno.None, Open("", out SafeFd? lower, out string lowerPath));
        using SafeFd found = lower!;
        Assert.Equal("", lowerPath);
        Assert.Equal(Errno.None, Libc.Statx(_root, default, out StatxBuffer expected));
        Assert.Equal(Errno.None, Libc.Statx(found, default, out StatxBuffer status));
        Assert.Equal(LowerId.Of(in expected), LowerId.Of(in status));
    }

    [Fact]
    public void What_is_not_there_is_an_error_and_leaves_nothing_open()
    {
        File.WriteAllText(Path.Combine(_path, Lower("file")), "");
        Directory.CreateSymbolicLink(Path.Combine(_path, Lower("link")), "/etc");
        Assert.Equal(Errno.ENOENT, Open("missing/x", out SafeFd? lower, out _));
        Assert.Null(lower);
        Assert.Equal(Errno.ENOTDIR, Open("file/x", out _, out _));
        Assert.Equal(Errno.ENOTDIR, Open("link/passwd", out _, out _));
        Assert.Equal(Errno.EINVAL, Open("../x", out _, out _));
        Assert.Equal(Errno.ENAMETOOLONG, Open(new string('n', 256), out _, out _));
    }

    private Errno Open(string upper, out SafeFd? lower, out string lowerPath)
    {
        using NameCipher cipher = new(_key);
        using EncryptedNames names = new(cipher);
        Errno error = UpperPaths.Open(_root, names, null, Encoding.UTF8.GetBytes(upper), out lower, out byte[] path);
        lowerPath = Encoding.UTF8.GetString(path);
        return error;
    }

    private string Lower(string upper)
    {
        using NameCipher cipher = new(_key);
        using EncryptedNames names = new(cipher);
        byte[] lower = new byte[LowerNames.MaxLength];
        Assert.Equal(NameStatus.Ok, names.Encode(Encoding.UTF8.GetBytes(upper), false, lower, out int length));
        return Encoding.UTF8.GetString(lower, 0, length);
    }
}

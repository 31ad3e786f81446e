using System.Globalization;
using System.Text;
using StackFs.Tests.Common;

namespace StackFs.Tests.Mounted.Posix;

/// <summary>The empty directory a row works in, with the few steps that most rows share.</summary>
internal sealed class Scene(string directory) : IDisposable
{
    private readonly List<int> _open = [];

    /// <summary>The path of <paramref name="name"/> in the directory.</summary>
    public string this[string name] => directory + "/" + name;

    public string Directory => directory;

    /// <summary>Opens, and closes at the end of the row, whatever happens in between.</summary>
    public int Open(string name, int flags = Sys.O_RDWR | Sys.O_CREAT, int mode = 0x1A4) => TryOpen(name, flags, mode).Count;

    /// <summary>As <see cref="Open"/>, where the answer is what the row is about.</summary>
    public Result TryOpen(string name, int flags, int mode = 0x1A4) => Track(Sys.Open(this[name], flags, mode));

    /// <summary>Closes the descriptor at the end of the row, if there is one.</summary>
    public Result Track(Result opened)
    {
        if (opened.Ok)
        {
            _open.Add(opened.Count);
        }

        return opened;
    }

    public void Close(int fd)
    {
        _open.Remove(fd);
        Sys.Close(fd);
    }

    /// <summary>A file with this content, closed.</summary>
    public void Put(string name, string content) => Put(name, Encoding.Latin1.GetBytes(content));

    public void Put(string name, ReadOnlySpan<byte> content)
    {
        int fd = Sys.Open(this[name], Sys.O_WRONLY | Sys.O_CREAT | Sys.O_TRUNC).Count;
        for (int done = 0; done < content.Length;)
        {
            done += Sys.Pwrite(fd, content[done..], done).Count;
        }

        Sys.Close(fd);
    }

    /// <summary>The whole content as Latin-1, or the error's name.</summary>
    public string Get(string name)
    {
        Result opened = Sys.Open(this[name], Sys.O_RDONLY);
        if (!opened.Ok)
        {
            return opened.Name;
        }

        string content = Get(opened.Count);
        Sys.Close(opened.Count);
        return content;
    }

    public static string Get(int fd)
    {
        StringBuilder content = new();
        byte[] buffer = new byte[65536];
        while (true)
        {
            Result read = Sys.Pread(fd, buffer, content.Length);
            if (!read.Ok || read.Value == 0)
            {
                return read.Ok ? content.ToString() : read.Name;
            }

            content.Append(Encoding.Latin1.GetString(buffer, 0, read.Count));
        }
    }

    public static Result Write(int fd, string text, long offset) => Sys.Pwrite(fd, Encoding.Latin1.GetBytes(text), offset);

    public static Result Append(int fd, string text) => Sys.Write(fd, Encoding.Latin1.GetBytes(text));

    public FileStatus Stat(string name)
    {
        Result result = Sys.Lstat(this[name], out FileStatus status);
        return result.Ok ? status : throw new IOException($"stat of {name} answered {result}");
    }

    public string Size(string name) => Stat(name).Size.ToString(CultureInfo.InvariantCulture);

    public string Mode(string name) => Convert.ToString(Stat(name).Permissions, 8);

    public string Names(string name = ".") => string.Join(',', Sys.Names(this[name]));

    /// <summary>Runs <paramref name="body"/> on a thread that acts as another user.</summary>
    public static string As(uint uid, uint gid, Func<string> body)
    {
        string answer = "";
        Thread thread = new(() =>
        {
            Result identity = Sys.SetThreadIdentity(uid, gid);
            answer = identity.Ok ? body() : $"identity:{identity}";
        });
        thread.Start();
        thread.Join();
        return answer;
    }

    /// <summary>Bytes that differ at every place and every seed.</summary>
    public static byte[] Pattern(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public void Dispose()
    {
        foreach (int fd in _open)
        {
            Sys.Close(fd);
        }
    }
}

using System.Text;
using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Sharing;

/// <summary>
/// Two mounts of one lower directory, as two machines on a server would have: with <c>-o shared</c> nothing that either
/// writes is lost, and each sees the other's locks.
/// </summary>
public sealed class SharedTests
{
    private const string Options = "allow_other,shared";

    [StackFsFact]
    public void Appends_from_both_are_all_there()
    {
        using SharedPair pair = new(Options);
        int[] lengths = [1, 7, 100, 1000, 4064, 5000];
        Both(pair, (upper, who) =>
        {
            int fd = Opened(upper + "/log", Sys.O_WRONLY | Sys.O_CREAT | Sys.O_APPEND);
            for (int i = 0; i < 300; i++)
            {
                byte[] record = new byte[lengths[i % lengths.Length]];
                record.AsSpan().Fill((byte)('a' + who));
                Assert.Equal(record.Length, Sys.Write(fd, record).Value);
            }

            Assert.True(Sys.Close(fd).Ok);
        });
        long expected = 50 * lengths.Sum();
        foreach (string upper in pair.Uppers)
        {
            byte[] all = File.ReadAllBytes(upper + "/log");
            Assert.Equal(2 * expected, all.Length);
            Assert.Equal(expected, all.Count(b => b == 'a'));
            Assert.Equal(expected, all.Count(b => b == 'b'));
            AssertRecords(all, lengths);
        }
    }

    [StackFsFact]
    public void Six_thousand_bytes_appended_one_by_one_are_six_thousand()
    {
        using SharedPair pair = new(Options);
        Both(pair, (upper, _) =>
        {
            for (int i = 0; i < 30; i++)
            {
                int fd = Opened(upper + "/f", Sys.O_WRONLY | Sys.O_CREAT | Sys.O_APPEND);
                for (int k = 0; k < 100; k++)
                {
                    Assert.Equal(1, Sys.Write(fd, "x"u8).Value);
                }

                Assert.True(Sys.Close(fd).Ok);
            }
        });
        Assert.All(pair.Uppers, u => Assert.Equal(6000, new FileInfo(u + "/f").Length));
        pair.First.Remount();
        Assert.Equal(new string('x', 6000), File.ReadAllText(pair.First.Upper + "/f"));
    }

    /// <summary>Every other byte is one mount's: each write changes part of extents that the other changes too.</summary>
    [StackFsFact]
    public void Writes_into_the_same_extents_both_stay()
    {
        using SharedPair pair = new(Options);
        const int size = 3 * 4064;
        File.WriteAllBytes(pair.First.Upper + "/f", new byte[size]);
        Both(pair, (upper, who) =>
        {
            int fd = Opened(upper + "/f", Sys.O_RDWR);
            Random random = new(who);
            int[] order = [.. Enumerable.Range(0, size / 2).Select(i => (2 * i) + who).OrderBy(_ => random.Next()).Take(3000)];
            foreach (int at in order)
            {
                Assert.Equal(1, Sys.Pwrite(fd, [(byte)(1 + who)], at).Value);
            }

            byte[] found = new byte[size];
            Assert.Equal(size, Sys.Pread(fd, found, 0).Value);
            Assert.All(order, at => Assert.Equal(1 + who, found[at]));
            Assert.True(Sys.Close(fd).Ok);
        });
        byte[] all = File.ReadAllBytes(pair.Second.Upper + "/f");
        Assert.Equal(3000, all.Count(b => b == 1));
        Assert.Equal(3000, all.Count(b => b == 2));
        Assert.All(Enumerable.Range(0, size), i => Assert.True(all[i] == 0 || all[i] == 1 + (i % 2)));
    }

    /// <summary>A reader who keeps the file open sees each change of length and content, and a hole as a hole.</summary>
    [StackFsFact]
    public void An_open_file_follows_what_the_other_makes_of_it()
    {
        using SharedPair pair = new(Options);
        File.WriteAllText(pair.First.Upper + "/f", "one");
        int reader = Opened(pair.Second.Upper + "/f", Sys.O_RDONLY);
        int writer = Opened(pair.First.Upper + "/f", Sys.O_RDWR);
        Assert.Equal("one", Text(reader));
        Assert.True(Sys.Pwrite(writer, " and two"u8, 3).Ok);
        Assert.Equal("one and two", Text(reader));
        Assert.Equal(11, Sys.Lseek(reader, 0, Sys.SEEK_END).Value);
        Assert.True(Sys.Pwrite(writer, "ONE"u8, 0).Ok);
        Assert.Equal("ONE and two", Text(reader));
        Assert.True(Sys.Ftruncate(writer, 3).Ok);
        Assert.Equal("ONE", Text(reader));
        Assert.True(Sys.Pwrite(writer, "!"u8, 20_000).Ok);
        Assert.Equal("ONE" + new string('\0', 19_997) + "!", Text(reader));
        Assert.True(Sys.Ftruncate(writer, 0).Ok);
        Assert.Equal("", Text(reader));
        Assert.True(Sys.Pwrite(writer, "again"u8, 0).Ok);
        Assert.Equal("again", Text(reader));
        Assert.True(Sys.Close(writer).Ok);
        Assert.Equal("again", Text(reader));
        Assert.True(Sys.Close(reader).Ok);
    }

    /// <summary>Files are moved to and fro by both; long names have side files, which must go with them.</summary>
    [StackFsFact]
    public void Renames_and_creations_from_both_lose_no_file()
    {
        using SharedPair pair = new(Options);
        string[] names = [.. Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? $"short{i}" : $"{new string('l', 180)}{i}")];
        foreach (string directory in new[] { "/a", "/b" })
        {
            Assert.True(Sys.Mkdir(pair.First.Upper + directory).Ok);
        }

        foreach (string name in names)
        {
            File.WriteAllText(pair.First.Upper + "/a/" + name, name);
        }

        Both(pair, (upper, who) =>
        {
            Random random = new(who);
            for (int i = 0; i < 600; i++)
            {
                string name = names[random.Next(names.Length)];
                (string from, string to) = random.Next(2) == 0 ? ("/a/", "/b/") : ("/b/", "/a/");
                Result moved = Sys.Rename(upper + from + name, upper + to + name, 1);
                Assert.True(moved.Ok || moved.Name is "ENOENT" or "EEXIST", moved.ToString());
                Result made = Sys.Open($"{upper}/a/{new string('n', 160)}{i % 7}", Sys.O_WRONLY | Sys.O_CREAT);
                Assert.True(made.Ok || made.Name is "ENOENT" or "ESTALE", made.ToString()); // Made and removed while it was looked up.
                Assert.True(!made.Ok || Sys.Close((int)made.Value).Ok);
                _ = Sys.Unlink($"{upper}/a/{new string('n', 160)}{random.Next(7)}");
            }
        });
        Thread.Sleep(1100); // Names may be kept for a second.
        foreach (string upper in pair.Uppers)
        {
            string[] found = [.. Directory.GetFiles(upper + "/a").Concat(Directory.GetFiles(upper + "/b"))];
            Assert.Equal(
                names.Order(StringComparer.Ordinal),
                found.Select(f => Path.GetFileName(f)!).Where(n => n[0] != 'n').Order(StringComparer.Ordinal));
            Assert.All(found.Where(f => Path.GetFileName(f)[0] != 'n'), f => Assert.Equal(Path.GetFileName(f), File.ReadAllText(f)));

            // What can be opened is also listed.
            Assert.All(Enumerable.Range(0, 7), i => Assert.Equal(
                found.Contains($"{upper}/a/{new string('n', 160)}{i}"), Sys.Stat($"{upper}/a/{new string('n', 160)}{i}", out _).Ok));
        }
    }

    [StackFsFact]
    public void A_counter_under_a_lock_counts_both()
    {
        using SharedPair pair = new(Options);
        File.WriteAllText(pair.First.Upper + "/n", "0000");
        Both(pair, (upper, who) =>
        {
            for (int i = 0; i < 150; i++)
            {
                // A descriptor each: record locks go when any is closed.
                int fd = Opened(upper + "/n", Sys.O_RDWR);
                if (i % 2 == 0)
                {
                    Assert.True(Sys.Flock(fd, Sys.LOCK_EX).Ok);
                    using FileLock inner = FileLock.Take(upper + "/n");
                    Count(fd);
                }
                else
                {
                    Assert.True(Sys.Flock(fd, Sys.LOCK_EX).Ok);
                    Count(fd);
                }

                Assert.True(Sys.Close(fd).Ok);
            }
        });
        Assert.Equal("0300", File.ReadAllText(pair.First.Upper + "/n"));
    }

    private static void Count(int fd)
    {
        byte[] digits = new byte[4];
        Assert.Equal(4, Sys.Pread(fd, digits, 0).Value);
        int next = int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture) + 1;
        Assert.Equal(4, Sys.Pwrite(fd, Encoding.ASCII.GetBytes($"{next:0000}"), 0).Value);
    }

    private static void Both(SharedPair pair, Action<string, int> work)
    {
        Exception?[] failures = new Exception?[2];
        Thread[] threads = [.. pair.Uppers.Select((upper, who) => new Thread(() =>
        {
            try
            {
                work(upper, who);
            }
            catch (Exception failure)
            {
                failures[who] = failure;
            }
        }))];
        Array.ForEach(threads, t => t.Start());
        Assert.All(threads, t => Assert.True(t.Join(TimeSpan.FromMinutes(2)), "hung"));
        Assert.All(failures, f => Assert.True(f is null, f?.ToString()));
    }

    private static void AssertRecords(byte[] all, int[] lengths)
    {
        // Each mount's records come in its own order, none torn apart by the other's.
        int[] next = [0, 0];
        for (int at = 0; at < all.Length;)
        {
            int who = all[at] - 'a';
            int length = lengths[next[who]++ % lengths.Length];
            Assert.True(all.AsSpan(at, length).IndexOfAnyExcept(all[at]) < 0, $"a record is torn at {at}");
            at += length;
        }
    }

    private static int Opened(string path, int flags)
    {
        Result result = Sys.Open(path, flags);
        Assert.True(result.Ok, $"{path}: {result}");
        return (int)result.Value;
    }

    private static string Text(int fd)
    {
        byte[] buffer = new byte[40_000];
        Result read = Sys.Pread(fd, buffer, 0);
        Assert.True(read.Ok, read.ToString());
        return Encoding.ASCII.GetString(buffer, 0, (int)read.Value);
    }
}

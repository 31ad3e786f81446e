using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted;

/// <summary>Big directories: complete listings, positions that hold, and listings while entries come and go.</summary>
public sealed class DirectoryTests
{
    private const int Entries = 100_000;

    [MountedFact]
    public void A_directory_of_100000_entries_lists_each_once_and_seeks()
    {
        using TestMount mount = TestMount.Create();
        Deadline.Run(mount, TimeSpan.FromMinutes(3), () =>
        {
            string directory = mount.Upper + "/big";
            Sys.Mkdir(directory);
            for (int i = 0; i < Entries; i++)
            {
                Assert.Equal("ok", Sys.Mknod($"{directory}/{NameOf(i)}", Sys.S_IFREG | 0x1A4).Name);
            }

            List<DirectoryEntry> all = List(directory, 0);
            Assert.Equal(Entries + 2, all.Count);
            Assert.Equal(Entries + 2, all.Select(e => e.Name).Distinct().Count());
            Assert.Contains(all, e => e.Name == NameOf(Entries - 1));

            // telldir after the k-th entry, seekdir there, and the rest is what followed.
            foreach (int k in new[] { 0, 1, 777, Entries / 2, Entries })
            {
                List<DirectoryEntry> rest = List(directory, all[k].NextPosition);
                Assert.Equal(all.Skip(k + 1).Select(e => e.Name), rest.Select(e => e.Name));
            }
        });
    }

    [MountedFact]
    public void A_listing_shows_what_stays_when_other_entries_are_unlinked_meanwhile()
    {
        using TestMount mount = TestMount.Create();
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            const int count = 3000;
            string directory = mount.Upper + "/d";
            Sys.Mkdir(directory);
            for (int i = 0; i < count; i++)
            {
                Sys.Mknod($"{directory}/{NameOf(i)}", Sys.S_IFREG | 0x1A4);
            }

            int fd = Sys.Open(directory, Sys.O_RDONLY | Sys.O_DIRECTORY).Count;
            List<DirectoryEntry> seen = [];
            int removed = 1;
            while (Sys.ReadDirectory(fd, seen, 2048) is { Ok: true, Value: > 0 })
            {
                for (int i = 0; i < 50 && removed < count; i++, removed += 2)
                {
                    Assert.Equal("ok", Sys.Unlink($"{directory}/{NameOf(removed)}").Name);
                }
            }

            Sys.Close(fd);
            Assert.Equal(seen.Count, seen.Select(e => e.Name).Distinct().Count());
            HashSet<string> names = [.. seen.Select(e => e.Name)];
            Assert.All(Enumerable.Range(0, count / 2), i => Assert.Contains(NameOf(2 * i), names));
        });
    }

    [MountedFact]
    public void Removing_a_tree_while_listing_it_leaves_nothing()
    {
        using TestMount mount = TestMount.Create();
        Deadline.Run(mount, TimeSpan.FromMinutes(1), () =>
        {
            string directory = mount.Upper + "/d";
            Sys.Mkdir(directory);
            for (int i = 0; i < 2000; i++)
            {
                Sys.Mknod($"{directory}/{NameOf(i)}", Sys.S_IFREG | 0x1A4);
            }

            int fd = Sys.Open(directory, Sys.O_RDONLY | Sys.O_DIRECTORY).Count;
            List<DirectoryEntry> part = [];
            do
            {
                part.Clear();
                Sys.ReadDirectory(fd, part, 4096);
                foreach (DirectoryEntry entry in part.Where(e => e.Name is not ("." or "..")))
                {
                    Assert.Equal("ok", Sys.Unlink($"{directory}/{entry.Name}").Name);
                }
            }
            while (part.Count > 0);
            Sys.Close(fd);
            Assert.Equal("ok", Sys.Rmdir(directory).Name);
        });
    }

    // Every eighth name is long, so that side files stand between the entries of the lower directory.
    private static string NameOf(int i) => i % 8 == 5 ? $"{i:D7}" + new string('n', 200) : $"file-{i}";

    private static List<DirectoryEntry> List(string directory, long from)
    {
        int fd = Sys.Open(directory, Sys.O_RDONLY | Sys.O_DIRECTORY).Count;
        List<DirectoryEntry> entries = [];
        Assert.True(Sys.Lseek(fd, from, Sys.SEEK_SET).Ok);
        Result result;
        while ((result = Sys.ReadDirectory(fd, entries)) is { Ok: true, Value: > 0 })
        {
        }

        Sys.Close(fd);
        Assert.True(result.Ok, $"getdents answered {result}");
        return entries;
    }
}

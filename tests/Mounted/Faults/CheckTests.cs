using StackFs.Tests.Common;
using StackFs.Tests.Mounted.Harness;

namespace StackFs.Tests.Mounted.Faults;

/// <summary>
/// <c>stackfs check</c> over a tree that somebody has tampered with, row by row of what FORMAT.md says is noticed and what is
/// not (section 7); what can be proven is put right, and nothing else is touched.
/// </summary>
public sealed class CheckTests
{
    private const int Page = 4096;
    private const int Extent = 4064;
    private const string Key = "passphrase:passfile={passfile}";

    // What is done to the file "victim" of 20 extents and a bit, what is found, and whether it can be repaired.
    public static TheoryData<string, string, bool> Rows => new()
    {
        { "flip a bit of an extent", "damaged-extents", false },
        { "exchange two extents", "damaged-extents", false },
        { "take an extent of another file", "damaged-extents", false },
        { "erase an extent", "erased-extents", false },
        { "cut to whole extents", "cut-short", false },
        { "cut into the sealing bytes", "cut-short", false },
        { "flip a bit of the wrapped key", "damaged-header", false },
        { "flip a bit of the file id", "damaged-header", false },
        { "erase the header", "erased-header", false },
        { "put other bytes over the magic", "not-stack-fs", false },
        { "set the flag of holes", "torn-header", true },
        { "tear the slots", "torn-header", true },
        { "take the sealing bytes", "not-sealed", true },
        { "leave a side file", "stray-side-file", true },
        { "replay the whole file", "", true },
        { "exchange it with another file", "", true },
        { "remove it", "", true },
    };

    [StackFsTheory]
    [MemberData(nameof(Rows))]
    public void Tampering_is_found_and_put_right_where_that_can_be_proven(string done, string kind, bool isWhole)
    {
        using TestMount mount = TestMount.Create();
        byte[] content = Fill(mount);
        mount.Unmount();
        string victim = Lower(mount, content.Length), other = Lower(mount, (2 * content.Length) + 1);
        AssertClean(mount);

        bool exists = Tamper(mount, done, victim, other);
        byte[] tampered = exists ? File.ReadAllBytes(victim) : [];
        (int code, string output) = mount.Command("check", "{lower}", "--key", Key);
        bool isDamage = kind.Length > 0 && kind is not ("not-sealed" or "stray-side-file");
        Assert.True(code == (isDamage ? 5 : 0), output);
        Assert.True(kind.Length == 0 || output.Contains(kind, StringComparison.Ordinal), output);
        Assert.Equal(kind.Length == 0, !output.Contains("PATH", StringComparison.Ordinal));

        (code, output) = mount.Command("check", "{lower}", "--key", Key, "--repair");
        Assert.True(code == (isWhole ? 0 : 5), output);
        if (!isWhole)
        {
            Assert.Equal(tampered, File.ReadAllBytes(victim));
            return;
        }

        AssertClean(mount);
        mount.Mount();
        if (exists && kind.Length > 0)
        {
            Assert.Equal(content, File.ReadAllBytes(mount.Upper + "/victim"));
        }
    }

    [StackFsFact]
    public void A_lost_or_forged_configuration_is_made_from_a_files_header()
    {
        using TestMount mount = TestMount.Create();
        byte[] content = Fill(mount);
        mount.Unmount();
        string config = mount.Lower + "/stackfs.conf";
        foreach (Action harm in new Action[]
        {
            () => File.Delete(config),
            () => File.WriteAllText(config, "StackFsC and no more"),
            () => Patch(config, 10, [2]), // names=plain, forged: a client that believed it would write names in clear.
        })
        {
            harm();
            (int code, string output) = mount.Command("check", "{lower}", "--key", Key);
            Assert.True(code == 5 && output.Contains("config-", StringComparison.Ordinal), output);
            (code, output) = mount.Command("check", "{lower}", "--key", Key, "--repair");
            Assert.True(code == 0, output);
            AssertClean(mount);
            mount.Mount();
            Assert.Equal(content, File.ReadAllBytes(mount.Upper + "/victim"));
            mount.Unmount();
        }
    }

    [StackFsFact]
    public void What_can_be_read_of_a_damaged_file_is_salvaged()
    {
        using TestMount mount = TestMount.Create();
        byte[] content = Fill(mount);
        mount.Unmount();
        Patch(Lower(mount, content.Length), (3 * Page) + 100, [1, 2, 3]);
        (int code, string output) = mount.Command("check", "{lower}", "--key", Key, "--salvage", mount.Plain + "/saved");
        Assert.True(code == 5, output);
        byte[] expected = [.. content];
        expected.AsSpan(2 * Extent, Extent).Clear();
        Assert.Equal(expected, File.ReadAllBytes(mount.Plain + "/saved/victim"));
    }

    private static byte[] Fill(TestMount mount)
    {
        byte[] content = new byte[(20 * Extent) + 100];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(mount.Upper + "/victim", content);
        File.WriteAllBytes(mount.Upper + "/other", [.. content, .. content, 0]);
        Directory.CreateDirectory(mount.Upper + "/d");
        string name = new('n', 200);
        File.WriteAllText($"{mount.Upper}/d/{name}", "long");
        File.CreateSymbolicLink(mount.Upper + "/link", "target");
        File.CreateSymbolicLink(mount.Upper + "/long", new string('t', 900));
        Assert.True(Sys.SetXattr(mount.Upper + "/other", "user.note", "value"u8).Ok);
        Assert.True(Sys.Truncate(mount.Upper + "/other", 4_000_000).Ok);
        Assert.True(Sys.Truncate(mount.Upper + "/other", (2 * content.Length) + 1).Ok);
        return content;
    }

    private static void AssertClean(TestMount mount)
    {
        (int code, string output) = mount.Command("check", "{lower}", "--key", Key);
        Assert.True(code == 0 && output.Contains("0 damaged, 0 untidy, 0 repaired", StringComparison.Ordinal), output);
    }

    private static string Lower(TestMount mount, int size)
    {
        int extents = (size + Extent - 1) / Extent;
        int last = size - ((extents - 1) * Extent);
        return mount.LowerFiles().First(f => new FileInfo(f).Length == (Page * (1 + extents)) + last);
    }

    /// <summary>Does it; false when the file is not there any more.</summary>
    private static bool Tamper(TestMount mount, string done, string victim, string other)
    {
        byte[] bytes = File.ReadAllBytes(victim);
        byte[] PageOf(byte[] from, int page) => from.AsSpan(page * Page, Page).ToArray();
        switch (done)
        {
            case "flip a bit of an extent": Patch(victim, (5 * Page) + 77, [(byte)(bytes[(5 * Page) + 77] ^ 4)]); return true;
            case "exchange two extents":
                Patch(victim, 5 * Page, PageOf(bytes, 6));
                Patch(victim, 6 * Page, PageOf(bytes, 5));
                return true;
            case "take an extent of another file": Patch(victim, 5 * Page, PageOf(File.ReadAllBytes(other), 5)); return true;
            case "erase an extent": Patch(victim, 5 * Page, new byte[Page]); return true;
            case "cut to whole extents": Cut(victim, 10 * Page); return true;
            case "cut into the sealing bytes": Cut(victim, bytes.Length - 1); return true;
            case "flip a bit of the wrapped key": Patch(victim, 60, [(byte)(bytes[60] ^ 1)]); return true;
            case "flip a bit of the file id": Patch(victim, 20, [(byte)(bytes[20] ^ 1)]); return true;
            case "erase the header": Patch(victim, 0, new byte[Page]); return true;
            case "put other bytes over the magic": Patch(victim, 0, "not what was here"u8.ToArray()); return true;
            case "set the flag of holes": Patch(victim, 11, [(byte)(bytes[11] | 1)]); return true;
            case "tear the slots": Patch(victim, 250, new byte[60]); return true;
            case "take the sealing bytes": Cut(victim, bytes.Length / Page * Page); return true;
            case "leave a side file": File.WriteAllText($"{mount.Lower}/{new string('0', 52)}.name", "0"); return true;
            case "replay the whole file": File.WriteAllBytes(victim, bytes); return true;
            case "exchange it with another file":
                File.Move(victim, mount.Lower + "/between");
                File.Move(other, victim);
                File.Move(mount.Lower + "/between", other);
                return true;
            case "remove it": File.Delete(victim); return false;
            default: throw new ArgumentException(done);
        }
    }

    private static void Patch(string path, long offset, byte[] bytes)
    {
        using FileStream file = File.OpenWrite(path);
        file.Position = offset;
        file.Write(bytes);
    }

    private static void Cut(string path, long length)
    {
        using FileStream file = File.OpenWrite(path);
        file.SetLength(length);
    }
}

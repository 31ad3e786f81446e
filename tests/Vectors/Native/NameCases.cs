using System.Text;
using StackFs.Tests.Common;
using static StackFs.Tests.Vectors.Native.VectorKeys;

namespace StackFs.Tests.Vectors.Native;

/// <summary>Names of directory entries, symlink targets, and extended attributes.</summary>
internal static class NameCases
{
    internal const string Names = "names";
    internal const string Symlinks = "symlinks";
    internal const string Attributes = "attributes";

    internal static IEnumerable<Vector> AllNames()
    {
        yield return Good("a", "a"u8);
        yield return Good("readme", "README.md"u8);
        yield return Good("utf-8", "Grüße 日本.txt"u8);
        yield return Good("not-utf-8", [0xff, 0xfe, 0x80]);
        yield return Good("control", [1, 10, 127]);
        yield return Good("three-dots", "..."u8);
        yield return Good("like-the-configuration", "stackfs.conf"u8);
        yield return Good("of-16-bytes", "0123456789abcdef"u8);
        yield return Good("longest-short", Letters(143));
        yield return Long("shortest-long", Letters(144));
        yield return Long("longest", Letters(255));
        string companion = NameText(Letters(200));
        yield return Case("long-alone", Reference.Hash(companion) + ".long", "Long");

        yield return Case("configuration", "stackfs.conf", "SideFile");
        yield return Case("new-configuration", ".stackfs.conf.0123456789abcdef", "SideFile");
        yield return Case("companion", Reference.Hash(companion) + ".name", "SideFile");
        yield return Case("symlink-companion", Reference.Hash(companion) + ".target", "SideFile");

        yield return Foreign("configuration-elsewhere", "stackfs.conf", root: false);
        yield return Foreign("lost-and-found", "lost+found");
        yield return Foreign("upper-case", NameText("a"u8).ToUpperInvariant());
        yield return Foreign("spare-bits", NameText("a"u8)[..^1] + "1");
        yield return Foreign("a-character-less", NameText("README.md"u8)[..^1]);
        yield return Foreign("a-character-more", NameText("README.md"u8) + "0");
        yield return Foreign("padded", NameText("a"u8) + "====");
        yield return Foreign("changed", Changed(NameText("README.md"u8)));
        yield return Foreign("of-another-volume", Reference.Text(Oracle.SivSeal(
            Reference.Hkdf(Key("another names key"), "names", 64), "a"u8.ToArray(), "name"u8.ToArray())));
        yield return Foreign("of-another-kind", Text("symlink", "a"u8));
        yield return Foreign("without-a-kind", Reference.Text(Oracle.SivSeal(SivKey, "a"u8.ToArray())));
        yield return Foreign("iv-alone", Reference.Text(Oracle.SivSeal(SivKey, [], "name"u8.ToArray())));
        yield return Foreign("hash-with-spare-bits", new string('0', 51) + "1.long");
        yield return Foreign("hash-too-short", new string('0', 51) + ".name");

        yield return Case("dot", NameText("."u8), "Invalid");
        yield return Case("dot-dot", NameText(".."u8), "Invalid");
        yield return Case("slash", NameText("a/b"u8), "Invalid");
        yield return Case("nul", NameText("a\0"u8), "Invalid");
        yield return Companion("companion-of-another", Reference.Hash(companion), NameText(Letters(201)), "Invalid");
        yield return Companion("companion-empty", Reference.Hash(companion), "", "Invalid");
        yield return Companion("companion-changed", Reference.Hash(Changed(companion)), Changed(companion), "Invalid");
        yield return Companion(
            "companion-with-a-line-end", Reference.Hash(companion), Hex(companion + "\n"), "Invalid", isHex: true);
        string needless = NameText(Letters(143));
        yield return Companion("companion-not-needed", Reference.Hash(needless), needless, "Invalid");
        string tooLong = NameText(Letters(256));
        yield return Companion("companion-of-256-bytes", Reference.Hash(tooLong), tooLong, "Invalid");
        string slash = NameText([.. Letters(150), (byte)'/']);
        yield return Companion("companion-with-a-slash", Reference.Hash(slash), slash, "Invalid");
    }

    internal static IEnumerable<Vector> AllSymlinks()
    {
        yield return GoodLink("one-byte", "x"u8);
        yield return GoodLink("relative", "../lib/libc.so.6"u8);
        yield return GoodLink("absolute", "/etc/alternatives/editor"u8);
        yield return GoodLink("longest-without-companion", Letters(623));
        yield return GoodLongLink("shortest-with-companion", Letters(624));
        yield return GoodLongLink("longest", Letters(4095));
        string text = Text("symlink", Letters(1000));
        yield return Link("companion-alone", Reference.Hash(text) + ".target", "Companion");

        yield return Link("plain", "/etc/passwd", "AuthenticationFailed");
        yield return Link("changed", Changed(Text("symlink", "x"u8)), "AuthenticationFailed");
        yield return Link("upper-case", Text("symlink", "x"u8).ToUpperInvariant(), "AuthenticationFailed");
        yield return Link("a-name", NameText("x"u8), "AuthenticationFailed");
        yield return Link("nul", Text("symlink", "a\0b"u8), "AuthenticationFailed");
        yield return Link("too-long-for-the-symlink", Text("symlink", Letters(624)), "AuthenticationFailed");
        yield return LongLink("companion-changed", Reference.Hash(Changed(text)), Changed(text), "AuthenticationFailed");
        yield return LongLink(
            "companion-of-another", Reference.Hash(text), Text("symlink", Letters(1001)), "AuthenticationFailed");
        string needless = Text("symlink", Letters(623));
        yield return LongLink("companion-not-needed", Reference.Hash(needless), needless, "AuthenticationFailed");
        yield return LongLink("companion-empty", Reference.Hash(text), "", "AuthenticationFailed");
        string tooLong = Text("symlink", Letters(4096));
        yield return LongLink("companion-of-4096-bytes", Reference.Hash(tooLong), tooLong, "AuthenticationFailed");
    }

    internal static IEnumerable<Vector> AllAttributes()
    {
        byte[] name = "xdg.origin.url"u8.ToArray();
        byte[] value = "https://example.org/"u8.ToArray();
        yield return GoodAttribute("short", name, value);
        yield return GoodAttribute("empty-value", name, []);
        yield return GoodAttribute("one-byte", "x"u8.ToArray(), [0]);
        yield return GoodAttribute("binary-value", name, Filler("attribute", 300));
        yield return GoodAttribute("longest-short-name", Letters(135), value);
        yield return GoodAttribute("shortest-long-name", Letters(136), value);
        yield return GoodAttribute("longest-name", Letters(250), []);
        yield return Attribute("acl", "system.posix_acl_access", value, "PassThrough")
            .With("name", "system.posix_acl_access"u8.ToArray()).With("value", value);

        byte[] sealedValue = Value(name, value);
        string lower = "user.stackfs." + Text("xattr name", name);
        yield return Attribute("foreign", "user.comment", value, "Hidden");
        yield return Attribute("name-changed", Changed(lower), sealedValue, "Hidden");
        yield return Attribute("name-of-another-kind", "user.stackfs." + NameText(name), sealedValue, "Hidden");
        yield return Attribute("name-empty", "user.stackfs.", sealedValue, "Hidden");
        yield return Attribute("name-with-nul", "user.stackfs." + Text("xattr name", "a\0"u8), sealedValue, "Hidden");
        yield return Attribute("value-changed", lower, Flip(sealedValue, 20), "AuthenticationFailed");
        yield return Attribute("value-of-another-name", lower, Value("other"u8.ToArray(), value), "AuthenticationFailed");
        yield return Attribute("value-short", lower, sealedValue[..16], "AuthenticationFailed");
        yield return Attribute("value-none", lower, [], "AuthenticationFailed");
        yield return Attribute("value-marked-1", lower, Value(name, value, mark: 1), "AuthenticationFailed");
        yield return Attribute("value-without-its-name", lower,
            Oracle.SivSeal(SivKey, [0, .. value], "xattr value"u8.ToArray()), "AuthenticationFailed");
        string longLower = LongLower(Letters(200));
        yield return Attribute("long-name-of-another", longLower, LongValue(Letters(201), value), "Hidden");
        yield return Attribute("long-name-cut", longLower, LongValue(Letters(200), value)[..100], "Hidden");
        yield return Attribute("long-name-length-0", longLower, Put(LongValue(Letters(200), value), 0, 0), "Hidden");
        yield return Attribute("long-name-not-needed", LongLower(Letters(135)), LongValue(Letters(135), value), "Hidden");
        yield return Attribute("long-name-value-changed", longLower,
            Flip(LongValue(Letters(200), value), 220), "AuthenticationFailed");
    }

    private static byte[] Letters(int length) =>
        [.. Enumerable.Range(0, length).Select(i => (byte)('a' + (i % 26)))];

    private static string Text(string kind, ReadOnlySpan<byte> plain) =>
        Reference.Text(Oracle.SivSeal(SivKey, plain.ToArray(), Encoding.ASCII.GetBytes(kind)));

    private static string NameText(ReadOnlySpan<byte> name) => Text("name", name);

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.ASCII.GetBytes(text));

    // One character that keeps the text canonical.
    private static string Changed(string text) => text[..^8] + (text[^8] == '0' ? '1' : '0') + text[^7..];

    private static Vector Good(string name, ReadOnlySpan<byte> upper) =>
        Case(name, NameText(upper), "Name").With("upper", upper.ToArray());

    private static Vector Long(string name, byte[] upper) =>
        Companion(name, Reference.Hash(NameText(upper)), NameText(upper), "Name").With("upper", upper);

    private static Vector Foreign(string name, string lower, bool root = true) =>
        Case(name, lower, "Foreign", root).With("upper", Encoding.ASCII.GetBytes(lower));

    private static Vector Companion(string name, string hash, string content, string expected, bool isHex = false) =>
        Case(name, hash + ".long", expected).With("companion", isHex ? content : Hex(content));

    private static Vector Case(string name, string lower, string expected, bool root = true) =>
        new Vector(name).With("case", name).With("expect", expected).With("names-key", NamesKey)
            .With("root", root ? "yes" : "no").With("lower", lower);

    private static Vector GoodLink(string name, ReadOnlySpan<byte> target) =>
        Link(name, Text("symlink", target), "Ok").With("target", target.ToArray());

    private static Vector GoodLongLink(string name, byte[] target) =>
        LongLink(name, Reference.Hash(Text("symlink", target)), Text("symlink", target), "Ok").With("target", target);

    private static Vector LongLink(string name, string hash, string content, string expected) =>
        Link(name, hash + ".target", expected).With("companion", Hex(content));

    private static Vector Link(string name, string lower, string expected) =>
        new Vector(name).With("case", name).With("expect", expected).With("names-key", NamesKey).With("lower", lower);

    private static string LongLower(byte[] name) => $"user.stackfs.{Reference.Hash(Text("xattr name", name))}.long";

    private static byte[] LongValue(byte[] name, byte[] value)
    {
        byte[] encrypted = Oracle.SivSeal(SivKey, name, "xattr name"u8.ToArray());
        return [(byte)(encrypted.Length & 0xff), (byte)(encrypted.Length >> 8), .. encrypted, .. Value(name, value)];
    }

    private static byte[] Value(byte[] name, byte[] value, byte mark = 0) =>
        Oracle.SivSeal(SivKey, [mark, .. value], "xattr value"u8.ToArray(), name);

    private static Vector GoodAttribute(string name, byte[] attribute, byte[] value)
    {
        bool isLong = attribute.Length > 135;
        return Attribute(
            name,
            isLong ? LongLower(attribute) : "user.stackfs." + Text("xattr name", attribute),
            isLong ? LongValue(attribute, value) : Value(attribute, value),
            "Ok").With("name", [.. "user."u8, .. attribute]).With("value", value);
    }

    private static Vector Attribute(string name, string lower, byte[] lowerValue, string expected) =>
        new Vector(name).With("case", name).With("expect", expected).With("names-key", NamesKey)
            .With("lower", lower).With("lower-value", lowerValue);
}

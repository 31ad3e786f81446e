using static StackFs.Tests.Vectors.Native.VectorKeys;

namespace StackFs.Tests.Vectors.Native;

/// <summary>Header pages, and beginnings of files that are none.</summary>
internal static class HeaderCases
{
    internal const string Kind = "headers";

    internal static IEnumerable<Vector> All()
    {
        yield return Good("plain", Header());
        yield return Good("sparse", Header(flags: 1));
        yield return Good("epoch", Header(flags: 2));
        yield return Good("next-fek", Header(nextFek: NextFek), NextFek);
        yield return Good("next-fek-epoch-sparse", Header(flags: 3, nextFek: NextFek), NextFek);
        yield return Good("slots-none", Header(slotArea: SlotArea()));
        yield return Good("slots-eight", Header(slotArea: SlotArea(
            [.. Enumerable.Range(0, 8).Select(i => PassphraseSlot($"number {i}"))])));
        yield return Good("slot-of-unknown-type", Header(slotArea: SlotArea(
            PassphraseSlot("one"), [200, 0, 5, 0, 1, 2, 3, 4, 5])));

        yield return Case("empty-never-written", "Empty", []);
        yield return Case("empty-torn-in-the-magic", "Empty", Header()[..3]);
        yield return Case("empty-torn-later", "Empty", Header()[..2048]);
        yield return Case("empty-short-zeros", "Empty", new byte[17]);
        yield return Case("empty-zero-page", "Empty", new byte[4096]);

        yield return Case("foreign-short", "NotStackFs", "hello\n"u8.ToArray());
        yield return Case("foreign-long", "NotStackFs", Filler("foreign", 4096));
        yield return Case("foreign-zeros-first", "NotStackFs", Put(new byte[4096], 4095, 1));
        yield return Case("magic-bit", "NotStackFs", Flip(Header(), 6));
        yield return Case("version-2", "UnknownVersion", Authenticate(Put(Header(), 7, 2)));
        yield return Case("version-2-torn", "UnknownVersion", Put(Header(), 7, 2)[..100]);
        yield return Case("suite-0", "UnknownSuite", Authenticate(Put(Header(), 10, 0)));
        yield return Case("suite-2", "UnknownSuite", Authenticate(Put(Header(), 10, 2)));
        yield return Case("flag-2", "UnknownFlags", Authenticate(Put(Header(), 11, 4)));
        yield return Case("flag-7", "UnknownFlags", Authenticate(Put(Header(), 11, 0x80)));
        yield return Case("length-4095", "Malformed", Authenticate(Put(Header(), 8, 0xff, 0x0f)));
        yield return Case("length-big-endian", "Malformed", Authenticate(Put(Header(), 8, 0x10, 0)));
        yield return Case("reserved-first", "Malformed", Authenticate(Put(Header(), 12, 1)));
        yield return Case("reserved-last", "Malformed", Authenticate(Put(Header(), 15, 0x80)));
        yield return Case("slots-nine", "Malformed", Header(slotArea: SlotArea(
            [.. Enumerable.Range(0, 9).Select(i => PassphraseSlot($"number {i}"))])));
        yield return Case("slots-reserved", "Malformed", Header(slotArea: Put(SlotArea(), 1, 1)));
        yield return Case("slot-reserved", "Malformed", Header(slotArea: Put(SlotArea(PassphraseSlot("one")), 5, 1)));
        yield return Case("slot-past-the-area", "Malformed", Header(slotArea: Put(SlotArea(), 0, 1, 0, 0, 0, 200, 0, 0xf5, 0x0e)));
        yield return Case("slot-too-long", "Malformed", Header(slotArea: Put(SlotArea(), 0, 1, 0, 0, 0, 200, 0, 1, 8)));
        yield return Case("slot-type-0", "Malformed", Header(slotArea: Put(SlotArea(), 0, 1)));
        yield return Case("slot-missing", "Malformed", Header(slotArea: Put(SlotArea(PassphraseSlot("one")), 0, 2)));
        yield return Case("slot-of-another-length", "Malformed", Header(slotArea: SlotArea([1, 0, 95, 0, 17, 8, 1, .. new byte[92]])));
        yield return Case("slot-after-the-last", "Malformed", Header(slotArea: Put(SlotArea(), 3835, 1)));
        yield return Case("scrypt-cost-of-one", "Malformed", Header(slotArea: SlotArea(PassphraseSlot("dear", logN: 24))));
        yield return Case("scrypt-cost-of-all", "Malformed", Header(slotArea: SlotArea(
            [.. Enumerable.Range(0, 8).Select(i => PassphraseSlot($"number {i}", logN: 19))])));
        yield return Case("scrypt-cost-zero", "Malformed", Header(slotArea: SlotArea(PassphraseSlot("none", r: 0))));

        yield return Case("other-volume", "OtherVolume", Authenticate(Flip(Header(), 32)));
        yield return Case("other-volume-last-byte", "OtherVolume", Authenticate(Flip(Header(), 47, 0x80)));
        yield return Case("fek-nonce-bit", "AuthenticationFailed", Authenticate(Flip(Header(), 48)));
        yield return Case("fek-ciphertext-bit", "AuthenticationFailed", Authenticate(Flip(Header(), 60)));
        yield return Case("fek-tag-bit", "AuthenticationFailed", Authenticate(Flip(Header(), 107)));
        yield return Case("file-id-bit", "AuthenticationFailed", Authenticate(Flip(Header(), 16)));
        yield return Case("next-fek-garbage", "AuthenticationFailed", Header(wrappedNext: Filler("garbage", 60)));
        yield return Case("next-fek-one-bit", "AuthenticationFailed", Header(wrappedNext: Put(new byte[60], 59, 1)));
        yield return Case("next-fek-labelled-as-fek", "AuthenticationFailed", Header(
            wrappedNext: Reference.Wrap(VolumeKey, Nonce("x"), "FEK", FileId, NextFek)));
        yield return Case("feks-exchanged", "AuthenticationFailed", Exchanged());
        yield return Case("mac-bit", "AuthenticationFailed", Flip(Header(), 4095));
        yield return Case("mac-of-another-fek", "AuthenticationFailed", Authenticate(Header(), NextFek));
        yield return Case("mac-of-the-next-fek", "AuthenticationFailed", Authenticate(Header(nextFek: NextFek), NextFek));
        yield return Case("sparse-without-mac", "AuthenticationFailed", Flip(Header(), 11));
        yield return Case("names-key-bit-without-mac", "AuthenticationFailed", Flip(Header(), 200));
        yield return Case("slot-bit-without-mac", "AuthenticationFailed", Flip(Header(), 300));
        yield return Case("next-fek-dropped", "AuthenticationFailed", Put(Header(nextFek: NextFek), 108, new byte[60]));
    }

    private static Vector Good(string name, byte[] page, byte[]? nextFek = null)
    {
        Vector vector = Case(name, "Ok", page).With("flags", page[11]).With("fek", Fek);
        return nextFek is null ? vector : vector.With("next-fek", nextFek);
    }

    private static Vector Case(string name, string expected, byte[] start) =>
        new Vector(name) { Body = start }.With("expect", expected).With("volume-key", VolumeKey);

    private static byte[] Exchanged()
    {
        byte[] page = Header(nextFek: NextFek);
        return Authenticate([.. page[..48], .. page[108..168], .. page[48..108], .. page[168..]], NextFek);
    }
}

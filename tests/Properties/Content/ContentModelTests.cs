using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Properties.Content;

/// <summary>Random operations on the engine and on a plain array must agree, also after every reopening.</summary>
public class ContentModelTests
{
    private const int E = ExtentLayout.ExtentSize;
    private const int MaxSize = 30 * E;
    private static readonly OpenFileOptions Strict = new() { Strict = true };

    [Fact]
    public void TheEngineAgreesWithAPlainArray()
    {
        using TestVolume volume = new();
        int seeds = Environment.GetEnvironmentVariable("STACKFS_LONG") == "1" ? 3000 : 150;
        for (int seed = 1; seed <= seeds; seed++)
        {
            Play(volume, seed);
        }
    }

    private static void Play(TestVolume volume, int seed)
    {
        Random random = new(seed);
        ModelFile lower = new()
        {
            CanPunch = random.Next(4) > 0,
            ShortWrite = random.Next(60),
            ShortBytes = random.Next(1, 3 * ExtentLayout.PageSize),
        };
        OpenFile file = Reopen(volume, lower, null, seed, -1);
        byte[] model = [];
        for (int i = 0; i < 40; i++)
        {
            string where = $"seed {seed}, step {i}";
            ContentStep step = RandomStep(random, model.Length);
            byte value = (byte)(1 + (i % 30));
            Errno error = step.Perform(file, value, volume.Scratch, out _);
            bool refused = error == Errno.EOPNOTSUPP && !lower.CanPunch
                && step.Kind is StepKind.ZeroRange or StepKind.Allocate;
            Assert.True(refused || error == Errno.None, $"{where}: {step} answers {error}");
            model = refused ? model : step.Apply(model, value);
            Assert.True(file.Size == model.Length, $"{where}: size {file.Size} after {step}, not {model.Length}");
            CompareSome(volume, file, model, random, $"{where} after {step}");
            if (step.Kind is StepKind.Seal or StepKind.Sync)
            {
                bool told = NativeSizeRule.TryGetUpperSize(lower.Length, out long size);
                Assert.True(told && size == model.Length, $"{where}: lower length {lower.Length} does not tell {model.Length}");
                file = Reopen(volume, lower, file, seed, i);
                CompareAll(volume, file, model, where);
            }
        }

        file.Dispose();
    }

    private static ContentStep RandomStep(Random random, int size)
    {
        long offset = random.Next(3) switch
        {
            0 => random.Next(size + 1),
            1 => (random.Next(20) * E) + random.Next(-2, 3),
            _ => random.Next(MaxSize - (10 * E)),
        };
        offset = Math.Max(offset, 0);
        long length = random.Next(3) switch
        {
            0 => random.Next(1, 50),
            1 => random.Next(1, 3) * E,
            _ => random.Next(1, 12 * E),
        };
        length = Math.Min(length, MaxSize - offset);
        return random.Next(20) switch
        {
            < 9 => new ContentStep(StepKind.Write, offset, length),
            < 11 => new ContentStep(StepKind.Write, 0, Math.Min(length, Math.Max(MaxSize - size, 1)), FromEnd: true),
            < 14 => new ContentStep(StepKind.Truncate, offset),
            < 15 => new ContentStep(StepKind.Punch, offset, length),
            < 16 => new ContentStep(StepKind.ZeroRange, offset, length),
            < 17 => new ContentStep(StepKind.Allocate, offset, length),
            < 19 => new ContentStep(StepKind.Seal),
            _ => new ContentStep(StepKind.Sync),
        };
    }

    // A sealed file is intact: the strict accept it.
    private static OpenFile Reopen(TestVolume volume, ModelFile lower, OpenFile? file, int seed, int step)
    {
        file?.Dispose();
        Errno error = volume.Open(lower, Strict, out OpenFile? opened);
        Assert.True(error == Errno.None, $"seed {seed}, step {step}: opening answers {error}");
        return opened!;
    }

    private static void CompareSome(TestVolume volume, OpenFile file, byte[] model, Random random, string where)
    {
        long offset = random.Next(model.Length + (2 * E));
        byte[] found = new byte[random.Next(1, 5 * E)];
        Errno error = file.Read(offset, found, volume.Scratch, out int count);
        int expected = (int)Math.Clamp(model.Length - offset, 0, found.Length);
        Assert.True(error == Errno.None && count == expected, $"{where}: {count} bytes at {offset}, {error}, not {expected}");
        if (count > 0)
        {
            int same = found.AsSpan(0, count).CommonPrefixLength(model.AsSpan((int)offset, count));
            Assert.True(same == count, $"{where}: byte {offset + same} differs");
        }
    }

    private static void CompareAll(TestVolume volume, OpenFile file, byte[] model, string where)
    {
        byte[] found = new byte[model.Length + 1];
        Errno error = file.Read(0, found, volume.Scratch, out int count);
        Assert.True(error == Errno.None && count == model.Length, $"{where}: {count} bytes, {error}");
        int same = found.AsSpan(0, count).CommonPrefixLength(model);
        Assert.True(same == count, $"{where}: byte {same} differs after reopening");
    }
}

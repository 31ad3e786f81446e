using StackFs.Codecs.Native;
using StackFs.Content;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.Properties.Content;

/// <summary>
/// Runs the engine through a scenario over a <see cref="ModelFile"/>, then opens, with the engine, everything that a power
/// cut at any moment may have left, and judges it.
/// </summary>
internal sealed class CrashRun(TestVolume volume, int maxStatesPerMoment)
{
    private static readonly OpenFileOptions Strict = new() { Strict = true };
    private static readonly OpenFileOptions Tolerant = new();
    private readonly ContentScratch _scratch = volume.Scratch;

    /// <summary>Scenarios run.</summary>
    public int Scenarios { get; private set; }

    /// <summary>States opened and judged.</summary>
    public long States { get; private set; }

    /// <summary>Of these, states that were then written to, synced and opened again.</summary>
    public long Continued { get; private set; }

    /// <summary>Extents, in all states, that answered EIO where that is allowed.</summary>
    public long Missing { get; private set; }

    /// <summary>Moments at which only a random part of the states was tried.</summary>
    public long Sampled { get; private set; }

    /// <summary>Runs one scenario and throws, naming it, at the first state that breaks the invariant.</summary>
    /// <param name="steps">What is done, from an empty lower file.</param>
    /// <param name="lower">The lower file, perhaps with faults set.</param>
    public void Run(IReadOnlyList<ContentStep> steps, ModelFile lower)
    {
        Scenarios++;
        string scenario = string.Join(", ", steps);
        UpperHistory history = new();
        CrashStates states = new(maxStatesPerMoment, Scenarios);
        Assert.Equal(Errno.None, volume.Open(lower, Tolerant, out OpenFile? file));
        using (file)
        {
            int seen = 0;
            for (int i = 0; i < steps.Count; i++)
            {
                byte value = (byte)(1 + (i % 30));
                byte[] before = history.Now;
                byte[] after = steps[i].Apply(before, value);
                Errno error = steps[i].Perform(file!, value, _scratch, out int count);
                bool whole = error == Errno.None && (steps[i].Kind != StepKind.Write || count == steps[i].Length);
                history.Becomes(after);
                if (!whole)
                {
                    after = ReadPartly(file!, before, after, $"{scenario}: {steps[i]} answered {error}");
                    history.Becomes(after);
                }
                else
                {
                    Assert.True(after.Length == file!.Size, $"{scenario}: size {file.Size} after {steps[i]}, not {after.Length}");
                }

                for (; seen < lower.Log.Count; seen++)
                {
                    states.Apply(lower.Log[seen]);
                    if (whole && steps[i].Kind == StepKind.Sync && lower.Log[seen].IsSync)
                    {
                        history.Synced();
                    }

                    JudgeAll(states, history, $"{scenario}, cut after change {seen} ({steps[i]})");
                }
            }
        }

        Sampled += states.Sampled;
    }

    // What a failed step left must be, byte for byte, from before it or after it.
    private byte[] ReadPartly(OpenFile file, byte[] before, byte[] after, string what)
    {
        byte[] now = new byte[file.Size];
        Errno error = file.Read(0, now, _scratch, out int count);
        Assert.True(error == Errno.None && count == now.Length, $"{what}: reading it gives {error} after {count} bytes");
        for (int i = 0; i < now.Length; i++)
        {
            bool right = (i < before.Length && now[i] == before[i]) || (i < after.Length && now[i] == after[i]);
            Assert.True(right, $"{what}: byte {i} is {now[i]}");
        }

        Assert.True(now.Length >= Math.Min(before.Length, after.Length), $"{what}: {now.Length} bytes are left");
        return now;
    }

    private void JudgeAll(CrashStates states, UpperHistory history, string moment)
    {
        foreach (ModelFile crashed in states.New())
        {
            States++;
            string state = $"{moment}, lower length {crashed.Length}, pages {string.Join(' ', crashed.Pages.Keys)}";
            Errno error = volume.Open(crashed, Tolerant, out OpenFile? file);
            Assert.True(error == Errno.None, $"{state}: opening answers {error}");
            using (file)
            {
                byte[]?[] found = ReadByExtents(file!);
                string? wrong = history.Judge(found, file!.Size);
                Assert.True(wrong is null, $"{state}: {wrong}");
                Missing += found.Count(e => e is null);
                if (States % 4 == 0)
                {
                    Continue(crashed, file, found, state);
                }
            }
        }
    }

    private byte[]?[] ReadByExtents(OpenFile file)
    {
        byte[]?[] found = new byte[]?[ExtentLayout.CountOf(file.Size)];
        for (int i = 0; i < found.Length; i++)
        {
            byte[] extent = new byte[ExtentLayout.ValidBytes(i, file.Size)];
            Errno error = file.Read(ExtentLayout.UpperStart(i), extent, _scratch, out int count);
            Assert.True(error is Errno.None or Errno.EIO, $"reading extent {i} answers {error}");
            Assert.True(error != Errno.None || count == extent.Length, $"extent {i} reads {count} bytes");
            found[i] = error == Errno.None ? extent : null;
        }

        return found;
    }

    // Life goes on: an append to what the crash left keeps what was readable, and leaves a file that is sealed, whose size
    // stat knows, and that the strict accept.
    private void Continue(ModelFile crashed, OpenFile file, byte[]?[] found, string state)
    {
        long size = file.Size;
        byte[] tail = [0xEE, 0xEF];
        Errno error = file.Write(size, tail, _scratch, out _);
        if (error == Errno.EIO && file.Size == 0)
        {
            // Extents without a header are not overwritten; giving the file up is allowed.
            Assert.True(file.Truncate(0, _scratch) == Errno.None, $"{state}: cannot be emptied");
            error = file.Write(0, tail, _scratch, out _);
        }

        Assert.True(error == Errno.None, $"{state}: appending to {size} answers {error}; found {string.Join(',', found.Select(f => f is null ? "EIO" : f.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)))}");
        Assert.True(file.Sync(dataOnly: true, _scratch) == Errno.None, $"{state}: cannot be synced");
        Assert.True(
            NativeSizeRule.TryGetUpperSize(crashed.Length, out long told) && told == size + tail.Length,
            $"{state}: lower length {crashed.Length} after an append does not tell {size + tail.Length}");
        error = volume.Open(crashed, Strict, out OpenFile? again);
        Assert.True(error == Errno.None, $"{state}: after an append the strict answer {error}");
        using (again)
        {
            Assert.True(again!.Size == size + tail.Length, $"{state}: {again.Size} bytes after an append to {size}");
            byte[]?[] now = ReadByExtents(again);
            for (int i = 0; i < found.Length; i++)
            {
                bool same = found[i] is null ? now[i] is null : now[i].AsSpan().StartsWith(found[i]);
                Assert.True(same, $"{state}: an append changed extent {i}");
            }
        }

        Continued++;
    }
}

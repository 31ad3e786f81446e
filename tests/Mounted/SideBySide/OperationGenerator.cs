namespace StackFs.Tests.Mounted.SideBySide;

/// <summary>Random sequences that stay near the places where a size, an offset or a name changes its form.</summary>
internal sealed class OperationGenerator(int seed)
{
    private static readonly (Verb Verb, int Weight)[] Weights =
    [
        (Verb.Create, 6), (Verb.Mkdir, 3), (Verb.Symlink, 2), (Verb.Mkfifo, 1), (Verb.Unlink, 4), (Verb.Rmdir, 2),
        (Verb.Rename, 5), (Verb.Link, 3), (Verb.Open, 9), (Verb.Close, 4), (Verb.Write, 22), (Verb.Read, 10),
        (Verb.Ftruncate, 5), (Verb.Truncate, 4), (Verb.Fallocate, 5), (Verb.Copy, 3), (Verb.MapWrite, 4), (Verb.Fsync, 2),
        (Verb.Chmod, 2), (Verb.Chown, 1), (Verb.Utimens, 3), (Verb.Stat, 4), (Verb.Fstat, 3), (Verb.SetXattr, 2),
        (Verb.RemoveXattr, 1), (Verb.List, 2), (Verb.Remount, 1),
    ];

    private static readonly int[] Units = [4064, 4096, 131072];

    private readonly Random _random = new(seed);

    public Operation[] Sequence(int length)
    {
        Operation[] operations = new Operation[length];
        for (int i = 0; i < length; i++)
        {
            operations[i] = Next();
        }

        return operations;
    }

    private Operation Next()
    {
        Verb verb = Pick();
        return verb switch
        {
            Verb.Create or Verb.Mkdir => new(verb, Path(), Mode()),
            Verb.Symlink or Verb.Link => new(verb, Path(), Path()),
            Verb.Rename => new(verb, Path(), Path(), _random.Next(8) switch { 0 => 1, 1 => 2, _ => 0 }),
            Verb.Open => new(verb, Slot(), Path(), _random.Next(World.OpenFlags.Length)),
            Verb.Close or Verb.Fsync or Verb.Fstat => new(verb, Slot()),
            Verb.Write or Verb.MapWrite => new(verb, Slot(), Offset(), Length(), _random.Next(1000)),
            Verb.Read => new(verb, Slot(), Offset(), Length()),
            Verb.Ftruncate => new(verb, Slot(), Offset()),
            Verb.Truncate => new(verb, Path(), Offset()),
            Verb.Fallocate => new(verb, Slot(), _random.Next(World.AllocateModes.Length), Offset(), Length()),
            Verb.Copy => new(verb, Slot(), Slot(), Offset(), Length()),
            Verb.Chmod => new(verb, Path(), Mode()),
            Verb.Chown => new(verb, Path(), _random.Next(5)),
            Verb.Utimens => new(verb, Path(), _random.Next(1000000)),
            Verb.SetXattr => new(verb, Path(), _random.Next(4), _random.Next(200)),
            Verb.RemoveXattr => new(verb, Path(), _random.Next(4)),
            _ => new(verb, Path()),
        };
    }

    private Verb Pick()
    {
        int at = _random.Next(Weights.Sum(w => w.Weight));
        foreach ((Verb verb, int weight) in Weights)
        {
            if ((at -= weight) < 0)
            {
                return verb;
            }
        }

        throw new InvalidOperationException("the weights do not add up");
    }

    private int Path() => _random.Next(World.Paths.Length);

    private int Slot() => _random.Next(World.Slots);

    private int Mode() => _random.Next(4) == 0 ? _random.Next(0x200) : 0x1A4;

    private int Offset() => _random.Next(4) switch
    {
        0 => _random.Next(100),
        1 => _random.Next(200000),
        _ => Math.Max(0, (Units[_random.Next(Units.Length)] * _random.Next(1, 6)) + _random.Next(-2, 3)),
    };

    private int Length() => _random.Next(4) switch
    {
        0 => _random.Next(1, 100),
        1 => _random.Next(1, 70000),
        2 => Math.Max(1, Units[_random.Next(2)] + _random.Next(-1, 2)),
        _ => _random.Next(1, 9000),
    };
}

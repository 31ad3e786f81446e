using Mono.Unix.Native;

namespace StackFs.Tests.Common;

/// <summary>What a system call answered: its value, or the error number when it failed.</summary>
public readonly record struct Result(long Value, int Error)
{
    public bool Ok => Error == 0;

    /// <summary>The value as a descriptor or count; a failure is an exception that names the error.</summary>
    public int Count => Ok ? (int)Value : throw new InvalidOperationException($"the call failed with {this}");

    /// <summary>The error's name when it failed, else <c>ok</c>.</summary>
    public string Name => Ok ? "ok" : ErrorName(Error);

    public override string ToString() => Ok ? Value.ToString() : ErrorName(Error);

    // Two numbers have two names each; the table of expectations uses these.
    private static string ErrorName(int error) => error switch
    {
        11 => "EAGAIN",
        35 => "EDEADLK",
        95 => "EOPNOTSUPP",
        _ => ((Errno)error).ToString(),
    };
}

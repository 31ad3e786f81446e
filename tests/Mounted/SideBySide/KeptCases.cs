namespace StackFs.Tests.Mounted.SideBySide;

/// <summary>Sequences that once went wrong, shortened; each names what it met.</summary>
public static class KeptCases
{
    public static TheoryData<string, string> All => new()
    {
        {
            "a link made while a writer is open, then written and remounted",
            """
            Open 0 0 2
            Write 0 0 5000 1
            Link 0 1
            Write 0 9000 10 2
            Remount
            """
        },
        {
            "a hole behind a truncate that grows",
            """
            Open 0 0 2
            Write 0 0 4065 1
            Ftruncate 0 4063
            Ftruncate 0 131072
            Write 0 130000 10 2
            Remount
            """
        },
    };
}

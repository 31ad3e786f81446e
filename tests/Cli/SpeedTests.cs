using System.Text.Json;

namespace StackFs.Tests.Cli;

public sealed class SpeedTests
{
    [Fact]
    public void Speed_tells_of_each_cipher_and_of_the_way_to_the_kernel()
    {
        ShellResult result = Shell.Run("\"$1\" speed --json", Machine.Executable);
        Assert.Equal(0, result.ExitCode);
        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement[] rows = [.. document.RootElement.EnumerateArray()];
        string[] names = [.. rows.Select(row => row.GetProperty("what").GetString()!)];
        Assert.Equal("AES-256-GCM, files", names[0]);
        Assert.Contains("aes, 128 bits, eCryptfs", names);
        Assert.Contains("cast6, 128 bits, eCryptfs", names);
        foreach (JsonElement row in rows.Where(row => !row.TryGetProperty("requests", out _)))
        {
            Assert.True(row.GetProperty("encrypt").GetDouble() > 0, row.GetRawText());
            Assert.True(row.GetProperty("decrypt").GetDouble() > 0, row.GetRawText());
        }
    }
}

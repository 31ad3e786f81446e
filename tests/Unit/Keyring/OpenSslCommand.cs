using System.Diagnostics;

namespace StackFs.Tests.Unit.Keyring;

/// <summary>Keys as people make them: with the <c>openssl</c> command, once for all tests, in a temporary directory.</summary>
public sealed class OpenSslCommand : IDisposable
{
    internal const string Passphrase = "pem passphrase";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("stackfs-pem-");
    private readonly Dictionary<string, string> _made = [];

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>The path of a key of that kind; see the recipes.</summary>
    internal string this[string kind]
    {
        get
        {
            if (!_made.TryGetValue(kind, out string? path))
            {
                path = Path.Combine(_directory.FullName, kind + ".pem");
                Run(Recipe(kind) + " -out " + path);
                _made[kind] = path;
            }

            return path;
        }
    }

    internal string New(string name) => Path.Combine(_directory.FullName, name);

    internal static string Run(string arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("openssl", arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        string error = process.StandardError.ReadToEnd();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"openssl {arguments}: {error}");
        return output;
    }

    private string Recipe(string kind) => kind switch
    {
        "rsa" => "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "rsa-pkcs1" => $"rsa -in {this["rsa"]} -traditional",
        "rsa-proc-type" => $"rsa -in {this["rsa"]} -traditional -aes256 -passout \"pass:{Passphrase}\"",
        "rsa-proc-type-des3" => $"rsa -in {this["rsa"]} -traditional -des3 -passout \"pass:{Passphrase}\"",
        "rsa-public" => $"pkey -in {this["rsa"]} -pubout",
        "rsa-certificate" => $"req -x509 -new -key {this["rsa"]} -subj /CN=test -days 2",
        "rsa-1024" => "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024",
        "rsa-pss" => "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
        "p256" => "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "p384" => "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "p521" => "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        "p256-sec1" => $"ec -in {this["p256"]}",
        "p256-sec1-parameters" => "ecparam -name prime256v1 -genkey",
        "p256-sec1-proc-type" => $"ec -in {this["p256"]} -aes128 -passout \"pass:{Passphrase}\"",
        "p256-compressed" => $"ec -in {this["p256"]} -conv_form compressed",
        "p256-public-compressed" => $"ec -in {this["p256"]} -conv_form compressed -pubout",
        "p256-explicit" => "ecparam -name prime256v1 -genkey -param_enc explicit -noout",
        "p256-encrypted" => $"pkcs8 -topk8 -in {this["p256"]} -passout \"pass:{Passphrase}\"",
        "p256-encrypted-scrypt" => $"pkcs8 -topk8 -scrypt -in {this["p256"]} -passout \"pass:{Passphrase}\"",
        "p256-encrypted-v1" => $"pkcs8 -topk8 -v1 PBE-SHA1-3DES -in {this["p256"]} -passout \"pass:{Passphrase}\"",
        "p256-public" => $"pkey -in {this["p256"]} -pubout",
        "secp256k1" => "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
        "x25519" => "genpkey -algorithm X25519",
        "x25519-encrypted" => $"pkcs8 -topk8 -in {this["x25519"]} -passout \"pass:{Passphrase}\"",
        "x25519-public" => $"pkey -in {this["x25519"]} -pubout",
        "ed25519" => "genpkey -algorithm ED25519",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no recipe"),
    };
}

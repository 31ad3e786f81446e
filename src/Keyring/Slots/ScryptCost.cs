using StackFs.Keyring.Crypto;

namespace StackFs.Keyring.Slots;

/// <summary>What scrypt costs in a passphrase slot.</summary>
/// <param name="LogN">N = 2^LogN.</param>
/// <param name="R">Block size factor.</param>
/// <param name="P">Repetitions.</param>
public readonly record struct ScryptCost(byte LogN, byte R, byte P)
{
    /// <summary>What new slots have: 128 MiB, about 0.4 seconds.</summary>
    public static ScryptCost Default { get; } = new(17, 8, 1);

    /// <summary>N·r·p, the work; meaningful where <see cref="IsAllowed"/>.</summary>
    internal long Work => (1L << LogN) * R * P;

    /// <summary>Whether a reader runs it: <see cref="Scrypt.IsCostAllowed"/>.</summary>
    internal bool IsAllowed => Scrypt.IsCostAllowed(LogN, R, P);
}

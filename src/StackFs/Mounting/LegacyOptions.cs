using StackFs.Mounting.Ecryptfs;

namespace StackFs.Mounting;

/// <summary>How eCryptfs files beside native ones are shown (<c>legacy=read|write</c>).</summary>
/// <param name="IsWritable">Whether they can be changed; else they are only read.</param>
/// <param name="Format">The <c>ecryptfs_</c> options given with it.</param>
/// <param name="Keys">Their keys (<c>legacy_key=KEYSPEC</c>), in order; empty where a passphrase is asked for.</param>
internal sealed record LegacyOptions(bool IsWritable, EcryptfsOptions Format, IReadOnlyList<string> Keys);

using System.Runtime.InteropServices;

namespace StackFs.Interop;

/// <summary>Which of the two supported instruction sets this process runs on: numbers in kernel headers differ by it.</summary>
internal static class Architecture
{
    /// <summary>True on arm64 (asm-generic numbers), false on x86-64.</summary>
    internal static readonly bool IsArm64 =
        RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64;
}

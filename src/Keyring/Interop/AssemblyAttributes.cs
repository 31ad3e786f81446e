using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

// System directories only: a libcrypto lying beside the executable is never loaded.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace StackFs.Fuse;

/// <summary>
/// Our name for one open of a file or directory: the <c>fh</c> that OPEN, CREATE and OPENDIR answer and that later
/// requests on that open bring back, until RELEASE or RELEASEDIR.
/// </summary>
internal readonly record struct FileHandleId(ulong Value);

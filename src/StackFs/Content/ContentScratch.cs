using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace StackFs.Content;

/// <summary>
/// One worker's buffers for the content engine: a run of lower pages, and plaintext of the extents at a request's edges.
/// Made once for each thread that serves requests and used by it alone.
/// </summary>
/// <remarks>
/// Page-aligned memory outside the collected heap. The pages hold ciphertext; the plaintext parts are wiped when the
/// scratch is disposed, and are overwritten by every request.
/// </remarks>
internal sealed unsafe class ContentScratch : IDisposable
{
    /// <summary>Pages in a run: what a request of 1 MiB can touch at any offset, and its file's header.</summary>
    public const int DefaultRunPages = 260;

    private const int PlainParts = 3;

    private readonly int _runPages;
    private byte* _memory;

    /// <summary>Allocates the buffers.</summary>
    /// <param name="runPages">The longest run of extents that is read or written in one call, at least 4.</param>
    public ContentScratch(int runPages = DefaultRunPages)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(runPages, 4);
        _runPages = runPages;
        int pages = 1 + runPages + PlainParts;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(pages * ExtentLayout.PageSize), ExtentLayout.PageSize);
    }

    /// <summary>The longest run, in extents.</summary>
    public int RunPages => _runPages;

    /// <summary>A page for the header, directly before <see cref="Run"/>, so that both can be written at once.</summary>
    public Span<byte> Header => Slice(0, 1);

    /// <summary>The first <paramref name="pages"/> pages of the run.</summary>
    public Span<byte> Run(int pages) => Slice(1, pages);

    /// <summary>The header page and the first <paramref name="pages"/> pages of the run in one piece.</summary>
    public Span<byte> HeaderAndRun(int pages) => Slice(0, pages + 1);

    /// <summary>One page of the run.</summary>
    public Span<byte> RunPage(int page) => Slice(1 + page, 1);

    /// <summary>Plaintext of one extent, 4,064 bytes; there are three, 0 to 2.</summary>
    public Span<byte> Plain(int part)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)part, (uint)PlainParts, nameof(part));
        return Slice(1 + _runPages + part, 1)[..ExtentLayout.ExtentSize];
    }

    /// <summary>
    /// The most bytes from <paramref name="upperOffset"/> that one run can carry while leaving a page for an extent before it.
    /// </summary>
    public int RunBytes(long upperOffset)
    {
        int skip = (int)(upperOffset % ExtentLayout.ExtentSize);
        return ((_runPages - 1) * ExtentLayout.ExtentSize) - skip;
    }

    /// <summary>Wipes all buffers.</summary>
    public void Clear() => CryptographicOperations.ZeroMemory(Slice(0, 1 + _runPages + PlainParts));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_memory is not null)
        {
            CryptographicOperations.ZeroMemory(Slice(1 + _runPages, PlainParts));
            NativeMemory.AlignedFree(_memory);
            _memory = null;
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the buffers of a worker that ended without disposing them.</summary>
    ~ContentScratch() => Dispose();

    private Span<byte> Slice(int page, int pages)
    {
        ObjectDisposedException.ThrowIf(_memory is null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(page + pages, 1 + _runPages + PlainParts);
        return new Span<byte>(_memory + (page * ExtentLayout.PageSize), pages * ExtentLayout.PageSize);
    }
}

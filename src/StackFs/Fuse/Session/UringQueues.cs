using System.Globalization;
using StackFs.Keyring.Interop;

namespace StackFs.Fuse;

/// <summary>
/// The channels of a mount that is to be served over io_uring: the kernel keeps one queue for each possible processor, and
/// switches over when every one of them has an entry. All that can fail is done here, before the kernel is told.
/// </summary>
internal sealed class UringQueues : IDisposable
{
    /// <summary>
    /// Entries, and so threads, of each queue at first: a thread that has the kernel write back dirty pages
    /// (FuseNotifier.InvalidateInode) needs another to take the writes, and they come to its own processor's queue.
    /// </summary>
    public const int Depth = 2;

    private const string PossibleProcessors = "/sys/devices/system/cpu/possible";

    private readonly List<UringChannel> _channels = [];

    private UringQueues(int count) => Count = count;

    /// <summary>How many queues the kernel has.</summary>
    public int Count { get; }

    /// <summary>Makes the channels.</summary>
    /// <param name="device">A descriptor tied to the mount; stays the caller's.</param>
    /// <param name="workers">How many threads were asked for; null when that is left to us.</param>
    /// <returns>
    /// Null where io_uring cannot be had, or where the queues would need more threads than were asked for, or than
    /// <see cref="FuseSessionOptions.MostWorkers"/>.
    /// </returns>
    public static UringQueues? Create(SafeFd device, int? workers)
    {
        int count = CountProcessors();
        int depth = (workers ?? (Depth * count)) / Math.Max(count, 1);
        if (depth < Depth || depth * count > FuseSessionOptions.MostWorkers)
        {
            return null;
        }

        UringQueues queues = new(count);
        for (int i = 0; i < depth * count; i++)
        {
            if (UringChannel.Create(device, i % count, out UringChannel? channel) != Errno.None)
            {
                queues.Dispose();
                return null;
            }

            queues._channels.Add(channel!);
        }

        return queues;
    }

    /// <summary>Hands the channels, with their queues, to the caller, who owns them from now on.</summary>
    public UringChannel[] Take()
    {
        UringChannel[] channels = [.. _channels];
        _channels.Clear();
        return channels;
    }

    /// <summary>Disposes what was not taken.</summary>
    public void Dispose()
    {
        _channels.ForEach(channel => channel.Dispose());
        _channels.Clear();
    }

    /// <summary>How many numbers a list like <c>0-3,8-11</c> has; 0 when it is none.</summary>
    internal static int CountOf(string list)
    {
        int count = 0;
        foreach (string range in list.Trim().Split(','))
        {
            string[] ends = range.Split('-');
            if (!TryParse(ends[0], out int first) || !TryParse(ends[^1], out int last) || ends.Length > 2 || last < first)
            {
                return 0;
            }

            count += last - first + 1;
        }

        return count;
    }

    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static int CountProcessors()
    {
        try
        {
            return CountOf(File.ReadAllText(PossibleProcessors));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0; // Without /sys nobody knows, and the device serves.
        }
    }
}

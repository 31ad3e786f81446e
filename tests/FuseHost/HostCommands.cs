using System.Text;
using StackFs.Fuse;
using StackFs.Keyring.Interop;

namespace StackFs.Tests.FuseHost;

/// <summary>
/// Changes files of the root behind the kernel's back, as lines on standard input ask, and tells the kernel or not:
/// <c>write NAME TEXT</c>, <c>invalidate NAME</c>, <c>forget NAME</c>, <c>remove NAME</c>. Each prints an errno.
/// </summary>
internal static class HostCommands
{
    public static void Run(MemoryFilesystem filesystem, FuseNotifier notifier)
    {
        while (Console.ReadLine() is { } line)
        {
            string[] words = line.Split(' ', 3);
            Errno result = Execute(filesystem, notifier, words[0], words[1], words.Length > 2 ? words[2] : string.Empty);
            Console.WriteLine($"{words[0]} {result}");
        }
    }

    private static Errno Execute(
        MemoryFilesystem filesystem, FuseNotifier notifier, string command, string name, string text)
    {
        Node? node;
        lock (filesystem.Gate)
        {
            SortedDictionary<string, Node> children = filesystem.Nodes[NodeId.Root].Children!;
            children.TryGetValue(name, out node);
            switch (command)
            {
                case "write":
                    byte[] bytes = Encoding.UTF8.GetBytes(text);
                    node!.Resize(bytes.Length);
                    bytes.CopyTo(node.Data.AsSpan());
                    return Errno.None;
                case "remove":
                    children.Remove(name);
                    break;
                default:
                    break;
            }
        }

        // The kernel may call us while it handles these: not under the lock.
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        return command switch
        {
            "invalidate" => notifier.InvalidateInode(node?.Id ?? new NodeId(4711), 0, 0),
            "forget" => notifier.InvalidateEntry(NodeId.Root, nameBytes),
            "remove" => notifier.Delete(NodeId.Root, node!.Id, nameBytes),
            _ => Errno.ENOSYS,
        };
    }
}

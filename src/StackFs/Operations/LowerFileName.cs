using System.Text;
using StackFs.Inodes;

namespace StackFs.Operations;

/// <summary>Names a lower file in a message, when one is made: its path in the lower directory.</summary>
internal sealed class LowerFileName(Inode inode)
{
    private const int LongestPath = 64;

    /// <inheritdoc/>
    public override string ToString()
    {
        StringBuilder path = new();
        Inode node = inode;
        for (int depth = 0; depth < LongestPath; depth++)
        {
            if (!InodeTable.TryGetLocation(node, out Inode? parent, out byte[]? name))
            {
                break;
            }

            _ = path.Insert(0, Encoding.UTF8.GetString(name!)).Insert(0, '/');
            node = parent!;
        }

        return path.Length == 0 ? $"inode {inode.Lower.Inode} (unlinked)" : path.ToString(1, path.Length - 1);
    }
}

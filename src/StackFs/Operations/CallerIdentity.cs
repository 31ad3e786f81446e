using StackFs.Fuse;
using StackFs.Interop;
using StackFs.Keyring.Interop;

namespace StackFs.Operations;

/// <summary>
/// Lets a worker make lower files in its caller's name: filesystem user and group and umask of this thread alone, so that
/// owner, group, set-group-ID and default ACLs of a new file come out as the lower filesystem would give them to the caller
/// directly.
/// </summary>
/// <remarks>
/// Whether the caller may do it at all was decided by the kernel (default_permissions). So the thread keeps its
/// capabilities: the caller's supplementary groups, which FUSE does not carry, would be missing otherwise. An object belongs
/// to the thread that made it.
/// </remarks>
internal sealed class CallerIdentity
{
    private readonly uint _user = Libc.EffectiveUser;
    private readonly uint _group = Libc.EffectiveGroup;
    private readonly bool _maySetIdentity;
    private readonly bool _hasOwnUmask;
    private readonly CapabilitySets _capabilities;
    private uint _umask;

    /// <summary>Prepares the calling thread.</summary>
    internal CallerIdentity()
    {
        _maySetIdentity = Libc.GetCapabilities(out _capabilities) == Errno.None && _capabilities.MaySetIdentity;
        _hasOwnUmask = Libc.UnshareFilesystemContext() == Errno.None;
        if (_hasOwnUmask)
        {
            _ = Libc.SetUmask(0);
        }
    }

    /// <summary>
    /// Takes on the caller of a request until the scope is disposed. Mode bits go to the lower call through
    /// <see cref="Scope.Mode"/>.
    /// </summary>
    internal Scope Enter(in FuseInHeader caller, uint umask)
    {
        if (_hasOwnUmask && umask != _umask)
        {
            _ = Libc.SetUmask(umask);
            _umask = umask;
        }

        // Without a umask of the thread's own, the mask is applied here; a default ACL then cannot override it.
        uint mask = _hasOwnUmask ? 0 : umask;
        bool isSelf = caller.Uid == _user && caller.Gid == _group;
        bool isNobody = caller.Uid == uint.MaxValue;
        if (!_maySetIdentity || isSelf || isNobody)
        {
            return new Scope(null, mask);
        }

        _ = Libc.SetFilesystemGroup(caller.Gid);
        _ = Libc.SetFilesystemUser(caller.Uid);
        _ = Libc.SetCapabilities(in _capabilities);
        return new Scope(this, mask);
    }

    private void Leave()
    {
        // The thread must not go on as somebody else: what it made next would belong to them.
        if (Libc.SetFilesystemUser(_user) != Errno.None || Libc.SetFilesystemGroup(_group) != Errno.None)
        {
            Environment.FailFast("stackfs: a worker could not take back its own identity.");
        }
    }

    /// <summary>While it lives, the thread acts as the caller.</summary>
    internal readonly ref struct Scope
    {
        private readonly CallerIdentity? _entered;
        private readonly uint _mask;

        internal Scope(CallerIdentity? entered, uint mask)
        {
            _entered = entered;
            _mask = mask;
        }

        /// <summary>The mode to ask the lower filesystem for.</summary>
        internal uint Mode(uint mode) => mode & ~(_mask & ModeBits.PermissionMask);

        /// <summary>Takes back the worker's own identity.</summary>
        public void Dispose() => _entered?.Leave();
    }
}

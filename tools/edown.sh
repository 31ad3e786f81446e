#!/bin/sh
# Unmount, and clear the keys.
#
#   edown.sh [CONFIGURATION]
#
# The configuration is that of eup.sh; of it VOLUMES= is used. A volume that is in use stays mounted, but its key goes,
# so that nothing in it can be read until eup.sh is run again.
set -eu

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

if [ "$(id -u)" -eq 0 ]; then home=/etc/stackfs; else home=${XDG_CONFIG_HOME:-$HOME/.config}/stackfs; fi
configuration=${1:-$home/eup.conf}
[ -r "$configuration" ] || die "$configuration: no such file; the first lines of eup.sh say what it holds"
VOLUMES=''
case $configuration in */*) ;; *) configuration=./$configuration ;; esac
# shellcheck disable=SC1090 # the user's own
. "$configuration"
[ -n "$VOLUMES" ] || die "$configuration: VOLUMES= is missing"

failed=0
while IFS= read -r volume; do
    [ -n "$volume" ] || continue
    mountpoint=${volume#*:}
    [ "$(findmnt -n -o FSTYPE "$mountpoint" | tail -n 1)" = fuse.stackfs ] || continue
    if ! stackfs umount --clear "$mountpoint"; then
        failed=1
        signature=$(stackfs status "$mountpoint" | sed -n 's/^signature *//p')
        [ -z "$signature" ] || stackfs keys drop "$signature" ||
            printf '%s: %s is still open\n' "${0##*/}" "$mountpoint" >&2
    fi
done <<VOLUMES_END
$VOLUMES
VOLUMES_END
exit $failed

#!/bin/sh
# Load the keys from the pen drive, and mount.
#
#   eup.sh [CONFIGURATION]
#
# Finds the pen drive, mounts it read-only for as long as it takes to read the key, and mounts the volumes. The
# configuration is a file of shell assignments, by default ~/.config/stackfs/eup.conf, for root /etc/stackfs/eup.conf:
#
#   STICK=UUID=CAFE-1234            the pen drive: UUID=, LABEL= or a device
#   KEY=stackfs.pem                 the key file on it
#   KIND=pem                        pem, or passphrase
#   VOLUMES='/srv/secret:/home/joe/secret
#   /srv/work:/home/joe/work'       one LOWER:MOUNTPOINT a line
#   OPTIONS=                        more mount options
#   HOLD=                           a directory where the pen drive is mounted already; then STICK is not needed
#
# Mounting the pen drive needs root; with HOLD, or a desktop that mounts it, an ordinary user will do.
set -eu

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

if [ "$(id -u)" -eq 0 ]; then home=/etc/stackfs; else home=${XDG_CONFIG_HOME:-$HOME/.config}/stackfs; fi
configuration=${1:-$home/eup.conf}
[ -r "$configuration" ] || die "$configuration: no such file; this script's first lines say what it holds"
STICK='' KEY='' KIND=pem VOLUMES='' OPTIONS='' HOLD=''
case $configuration in */*) ;; *) configuration=./$configuration ;; esac
# shellcheck disable=SC1090 # the user's own
. "$configuration"
[ -n "$KEY" ] || die "$configuration: KEY= is missing"
[ -n "$VOLUMES" ] || die "$configuration: VOLUMES= is missing"

mounted=''
# shellcheck disable=SC2317 # called by the trap
let_go() {
    [ -z "$mounted" ] || umount "$mounted" || umount -l "$mounted" || true
    [ -z "$mounted" ] || rmdir "$mounted" || true
}
trap let_go EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "$HOLD" ]; then
    [ -n "$STICK" ] || die "$configuration: STICK= is missing"
    case $STICK in
        /*) device=$STICK ;;
        *) device=$(blkid -l -o device -t "$STICK") || die "$STICK: no such stick is inserted" ;;
    esac
    [ -b "$device" ] || die "$device: no such block device"
    HOLD=$(findmnt -n -o TARGET --first-only --source "$device" || true)
    if [ -z "$HOLD" ]; then
        HOLD=$(mktemp -d)
        mount -o ro,nosuid,nodev,noexec "$device" "$HOLD" || { rmdir "$HOLD"; die "$device: cannot be mounted"; }
        mounted=$HOLD
    fi
fi

file=$HOLD/$KEY
if ! [ -f "$file" ] || [ -L "$file" ]; then die "$file: no such key file"; fi
# A colon separates the parts of a key, and a comma options.
file=$(printf '%s' "$file" | sed 's/[\\:,]/\\&/g')
case $KIND in
    pem) key=pem:keyfile=$file ;;
    passphrase) key=passphrase:passphrase_passwd_file=$file ;;
    *) die "$configuration: KIND=$KIND is neither pem nor passphrase" ;;
esac

failed=0
while IFS= read -r volume; do
    [ -n "$volume" ] || continue
    lower=${volume%%:*} mountpoint=${volume#*:}
    if mountpoint -q "$mountpoint" && [ "$(findmnt -n -o FSTYPE "$mountpoint" | tail -n 1)" = fuse.stackfs ]; then
        stackfs keys add "$lower" --key "$key" </dev/null || failed=1
    else
        stackfs mount "$lower" "$mountpoint" -o "key=$key${OPTIONS:+,$OPTIONS}" </dev/null || failed=1
    fi
done <<VOLUMES_END
$VOLUMES
VOLUMES_END
exit $failed

# shellcheck shell=bash
# What the scripts for the guest share: waiting, sticks, a volume. They print what they do and end at what is wrong.
set -eu

wrong() {
    printf 'wrong: %s\n' "$*"
    journalctl -b --no-pager -n 60 2>/dev/null || true
    exit 1
}

# soon SECONDS COMMAND...: waits until it succeeds.
soon() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || wrong "did not come about: $*"
        sleep 0.2
    done
}

not() { ! "$@"; }

has_letter() { [ "$(cat "$1/letter")" = Hello ]; }

locked() { { cat <"$1/letter"; } 2>&1 | grep -q 'Required key not available'; }

# stick FILE TYPE: an image of a stick, ext4 on a partition, or FAT without a partition table.
stick() {
    truncate -s 48M "$1"
    case $2 in
        ext4)
            printf 'label: gpt\n,,L\n' | sfdisk -q "$1"
            mkfs.ext4 -q -F -U 11111111-2222-3333-4444-555555555555 -E offset=$((2048 * 512)) "$1" 40M
            ;;
        vfat) mkfs.vfat -i CAFE1234 "$1" >/dev/null ;;
    esac
}

# volume NAME: a volume /srv/NAME for /mnt/NAME, with a passphrase file.
volume() {
    mkdir -p "/srv/$1" "/mnt/$1"
    (umask 077 && echo correct horse >/root/pass)
    stackfs init "/srv/$1" --key passphrase:passfile=/root/pass
}

install_package() {
    rm -f /usr/sbin/policy-rc.d # of the machine that made the image
    modprobe fuse xhci_pci usb_storage
    dpkg -i "$LAB_IN"/stackfs_*.deb || wrong "the package cannot be installed"
}

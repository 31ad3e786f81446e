# shellcheck shell=sh
# What the developer scripts share: messages, Debian packages, the .NET SDK, publishing. Source it; `root` is set by
# the sourcing script to the top of the tree.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# Spares a bare system libicu; the product itself is built without globalisation data too.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
# A build server would outlive the script that started it.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
: "${HOME:=/root}"
export HOME

say() { printf '==> %s\n' "$*"; }

warn() { printf '%s: warning: %s\n' "${0##*/}" "$*" >&2; }

# die MESSAGE [HINT]...: one error line, then hints.
die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    shift
    for hint in "$@"; do printf '  %s\n' "$hint" >&2; done
    exit 1
}

# as_root COMMAND...: runs it with the privileges that apt-get needs.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        return 126
    fi
}

has_package() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need_packages PACKAGE...: installs those that are missing, and says which.
need_packages() {
    if ! command -v dpkg-query >/dev/null 2>&1; then
        warn "this is not a Debian system; make sure that these are there: $*"
        return 0
    fi
    missing=
    for package in "$@"; do
        has_package "$package" || missing="$missing $package"
    done
    if [ -z "$missing" ]; then
        say "Debian packages: all there ($*)"
        return 0
    fi
    say "Debian packages: installing$missing"
    # shellcheck disable=SC2086 # a list of words
    { as_root apt-get -q update && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends $missing; } >&2 ||
        die "these Debian packages could not be installed:$missing" \
            "install them yourself, as root: apt-get install$missing"
}

# sdk_fits DOTNET: whether that program has an SDK that global.json accepts.
sdk_fits() {
    # shellcheck disable=SC2154 # the sourcing script sets root
    command -v "$1" >/dev/null 2>&1 && (cd "$root" && "$1" --version) >/dev/null 2>&1
}

# need_dotnet: puts a .NET 10 SDK on PATH, from there, from ~/.dotnet, or with Microsoft's installation script.
need_dotnet() {
    if sdk_fits dotnet; then
        say ".NET SDK: $(cd "$root" && dotnet --version) ($(command -v dotnet))"
        return 0
    fi
    DOTNET_ROOT="$HOME/.dotnet"
    if ! sdk_fits "$DOTNET_ROOT/dotnet"; then
        need_packages ca-certificates curl libgcc-s1 libssl3 libstdc++6 zlib1g
        say ".NET SDK: none for .NET 10 on PATH; installing one into $DOTNET_ROOT"
        installer=$(mktemp)
        if ! curl --fail --silent --show-error --location --retry 3 --output "$installer" \
            https://dot.net/v1/dotnet-install.sh ||
            ! bash "$installer" --channel 10.0 --install-dir "$DOTNET_ROOT" >&2; then
            rm -f "$installer"
            die "the .NET 10 SDK could not be installed into $DOTNET_ROOT" \
                "install it yourself (https://learn.microsoft.com/dotnet/core/install/linux-debian), put dotnet on PATH," \
                "and run this again"
        fi
        rm -f "$installer"
        sdk_fits "$DOTNET_ROOT/dotnet" ||
            die "the SDK in $DOTNET_ROOT does not start" "try: $DOTNET_ROOT/dotnet --info"
    fi
    PATH="$DOTNET_ROOT:$PATH"
    export DOTNET_ROOT PATH
    say ".NET SDK: $(cd "$root" && dotnet --version) ($DOTNET_ROOT/dotnet)"
}

# need_fuse: what every mount needs of the kernel.
need_fuse() {
    [ -c /dev/fuse ] || as_root modprobe fuse 2>/dev/null || true
    [ -c /dev/fuse ] ||
        die "there is no /dev/fuse, so nothing can be mounted" \
            "load the module as root (modprobe fuse); a container needs --device /dev/fuse --cap-add SYS_ADMIN"
    { [ -r /dev/fuse ] && [ -w /dev/fuse ]; } ||
        die "/dev/fuse is not open to $(id -un)" \
            "udev gives it mode 666 on an installed Debian; without udev, as root: chmod 666 /dev/fuse"
}

# open_fuse_to_users: lets tests mount as a plain user where no udev has given /dev/fuse its usual mode. Prints the mode
# to put back afterwards, or nothing.
open_fuse_to_users() {
    mode=$(stat -c %a /dev/fuse)
    if [ "$(id -u)" -eq 0 ] && [ "$mode" != 666 ]; then
        say "/dev/fuse has mode $mode; while the tests run it has 666, as udev sets it" >&2
        chmod 666 /dev/fuse && printf '%s\n' "$mode"
    fi
}

# Sourced by the commands beside it: installs what is missing on Debian, elsewhere says what is missing and where it looked.
# Quick when everything is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing() {
    printf 'missing: %s\n' "$*" >&2
    exit 4
}

# first NAME…: the first of these programs that is on the PATH.
first() {
    local name
    for name in "$@"; do
        command -v "$name" && return 0
    done
    return 1
}

need_cargo() {
    [ -x "$HOME/.cargo/bin/cargo" ] && PATH="$HOME/.cargo/bin:$PATH"
    command -v cargo >/dev/null || missing "cargo (looked on the PATH and in ~/.cargo/bin). Rust 1.95 or newer comes with rustup, https://rustup.rs"
    command -v cc >/dev/null || packages+=(gcc libc6-dev)
}

# found VARIABLE NAME…: whether the variable names a program, or one of the names is on the PATH.
found() {
    local variable=$1
    shift
    if [ -n "${!variable:-}" ]; then
        [ -x "${!variable}" ] || missing "$variable is ${!variable}, which is no program"
        return 0
    fi
    first "$@" >/dev/null
}

need_packages() {
    case ",$stacks," in *,chromium,*)
        found GLARE_CHROMIUM chromium chromium-browser google-chrome || packages+=(chromium)
        found GLARE_CHROMEDRIVER chromedriver || packages+=(chromium-driver) ;;
    esac
    case ",$stacks," in *,firefox,*)
        found GLARE_FIREFOX firefox-esr firefox || packages+=(firefox-esr) ;;
    esac
    # A browser in another network namespace: tests of this project alone play that.
    case ",$stacks,:${0##*/}" in *,chromium,*:test)
        [ "${GLARE_NETNS:-}" = off ] || first ip >/dev/null || packages+=(iproute2) ;;
    esac
    # Servers of others, most of which are npm packages.
    case "${GLARE_SERVERS:-}:${0##*/}" in off:*) ;; *:test | *:servers | *:clients)
        first node >/dev/null || packages+=(nodejs)
        first npm >/dev/null || packages+=(npm)
        # What the nodes of socketio-cluster share.
        first redis-server >/dev/null || packages+=(redis-server) ;;
    esac
    # Servers that are Debian packages: ten seconds.
    case "${GLARE_SERVERS:-}:${0##*/}" in off:*) ;; *:test | *:servers)
        first mosquitto /usr/sbin/mosquitto >/dev/null || packages+=(mosquitto)
        first prosody >/dev/null || packages+=(prosody)
        first kamailio /usr/sbin/kamailio >/dev/null || packages+=(kamailio)
        compgen -G '/usr/lib/*/kamailio/modules/websocket.so' >/dev/null || packages+=(kamailio-websocket-modules) ;;
    esac
    # Not for the tests, which install what is quick.
    case "${0##*/} $*" in 'servers --install quick') ;; 'servers '*)
        first janus >/dev/null || packages+=(janus) ;;
    esac
    [ ${#packages[@]} -eq 0 ] && return
    grep -qsE '^ID(_LIKE)?=.*debian' /etc/os-release && ! grep -qs '^ID=ubuntu' /etc/os-release ||
        missing "${packages[*]} (Debian's names; looked on the PATH). Install them, or name the programs in GLARE_CHROMIUM, GLARE_CHROMEDRIVER, GLARE_FIREFOX; GLARE_STACKS=native does without browsers"
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || missing "${packages[*]}: run as root: apt-get install ${packages[*]}"
        as_root=(sudo -n)
    fi
    printf 'installing %s …\n' "${packages[*]}" >&2
    local log
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120 update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        missing "${packages[*]}: apt-get could not install them"
    fi
    rm -f "$log"
}

stacks="${GLARE_STACKS:-native,chromium,firefox}"
stacks="${stacks// /}"
packages=()
need_cargo
need_packages

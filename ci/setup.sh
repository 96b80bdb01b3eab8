# Sourced by the commands beside it: installs what is missing on Debian, elsewhere says what is missing and where it looked.
# Quick when everything is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

geckodriver_version=0.37.1
cache="${XDG_CACHE_HOME:-$HOME/.cache}/glare"

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

# geckodriver is not in Debian: built by cargo into the user's cache, and asked for its version before it is trusted.
need_geckodriver() {
    case ",$stacks," in *,firefox,*) ;; *) return ;; esac
    found GLARE_GECKODRIVER geckodriver && return
    local root="$cache/geckodriver-$geckodriver_version"
    local version
    version=$("$root/bin/geckodriver" --version 2>/dev/null || true)
    if [ "${version#"geckodriver $geckodriver_version"}" = "$version" ]; then
        printf 'building geckodriver %s into %s (about 5 minutes, once) …\n' "$geckodriver_version" "$root" >&2
        rm -rf "$root"
        mkdir -p "$cache"
        # Built beside its place and moved in whole, so that a build that was cut off is never mistaken for one that is done.
        local building
        building=$(mktemp -d "$cache/building-XXXXXX")
        if ! cargo install geckodriver --locked --quiet --version "$geckodriver_version" --root "$building"; then
            rm -rf "$building"
            missing "geckodriver: cargo could not build it"
        fi
        mv -T "$building" "$root" 2>/dev/null || rm -rf "$building"
    fi
    export GLARE_GECKODRIVER="$root/bin/geckodriver"
}

stacks="${GLARE_STACKS:-native,chromium,firefox}"
stacks="${stacks// /}"
packages=()
need_cargo
need_packages
need_geckodriver

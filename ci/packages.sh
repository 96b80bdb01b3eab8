# Sourced by ci/servers and ci/clients: npm packages that lock files pin, in the cache folder of the user, each set below a digest of what pins
# it, and linked from here. What is there is checked, file by file, before it is used again. No package's own script is run.

# digest FOLDER: of what its files pin.
digest() {
    cat "$1/package.json" "$1/package-lock.json" | sha256sum | cut -c -16
}

sums() {
    (cd "$1" && find . -type f ! -name SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
}

# whole FOLDER: whether it is as it was installed.
whole() {
    [ -f "$1/SUMS" ] && sums "$1" | cmp -s - "$1/SUMS"
}

# fetch_packages FOLDER NEW: what its files pin, into a folder that is there and empty.
fetch_packages() {
    cp "$1/package.json" "$1/package-lock.json" "$2"
    # npm holds each package against its digest in the lock file.
    (cd "$2" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >&2)
}

# put NAME PLACE PART LINK FETCH…: what FETCH makes, kept at PLACE; its PART is linked from LINK.
put() {
    local name=$1 place=$2 part=$3 link=$4 new
    shift 4
    if ! whole "$place"; then
        printf 'installing %s …\n' "$name" >&2
        new=$(mktemp -d "$(dirname "$place")/.new-XXXXXX")
        if ! "$@" "$new"; then
            rm -rf "$new"
            missing "$name could not be installed: see above"
        fi
        sums "$new" >"$new/SUMS"
        rm -rf "$place"
        mv -T "$new" "$place"
    fi
    ln -sfnT "$place/$part" "$link"
}

# alone CACHE: one installs at a time; what another has put there by then is used. `together` ends that.
alone() {
    mkdir -p "$1"
    exec 9>"$1/.lock"
    flock 9
}

together() {
    flock -u 9
}

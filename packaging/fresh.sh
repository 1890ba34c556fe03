#!/bin/bash
# The README's two commands on a Debian that has nothing yet: a minimal system in a folder, thrown away afterwards.
#   DEBIAN=13   another release than 12        TESTS=tests/show   only those tests
# The bare system is kept for a month as .cache/fresh/debian-N.tar (some 200 MB); `make clean` removes it.
set -euo pipefail
cd "$(dirname "$0")/.."

release=${DEBIAN:-12}
case $release in
    12) suite=bookworm ;;
    13) suite=trixie ;;
    *) echo "reverie: DEBIAN=$release is not supported; 12 and 13 are" >&2; exit 2 ;;
esac
if [ "$(id -u)" -ne 0 ] || [ ! -e /etc/debian_version ] || ! unshare --mount --pid --fork true 2>/dev/null; then
    echo "reverie: make fresh needs Debian, root and the right to mount; nothing was done" >&2
    exit 2
fi

cache=$PWD/.cache/fresh
base=$cache/debian-$release.tar
root=$cache/debian-$release

# The address of this machine's Debian mirror with label $1; else $2.
mirror() {
    local found
    # shellcheck disable=SC2016
    found=$(apt-get indextargets --format '$(REPO_URI)' "Label: $1" 'Created-By: Packages' | sed -n 1p)
    echo "${found:-$2}"
}

make_base() {
    [ -n "$(find "$base" -mtime -30 2>/dev/null)" ] && return
    packaging/system-packages.sh packaging/fresh.txt
    echo "reverie: building a minimal Debian $release, which takes about a minute"
    in_namespaces debootstrap --variant=minbase --include=ca-certificates,make,python3 "$suite" "$root" "$archive" \
        >"$cache/debootstrap.log" 2>&1 || { tail "$cache/debootstrap.log" >&2; exit 1; }
    tar -C "$root" -cf "$base.part" .
    mv "$base.part" "$base"
    remove "$root"
}

# Mounts and processes live in namespaces that end with the command: none outlives it, and none is deleted through.
in_namespaces() { unshare --mount --pid --fork --kill-child "$@"; }

remove() { rm -rf --one-file-system "$1"; }

# How this machine reaches its package registries: names, certificates, apt's and pip's settings.
carry_settings() {
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    cp -r /usr/local/share/ca-certificates "$root/usr/local/share/"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
    printf 'deb %s main\n' "$archive $suite" "$archive $suite-updates" "$security $suite-security" \
        >"$root/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(http|https|Check|Retries)' >"$root/etc/apt/apt.conf.d/90host" || true
    cp -rL --parents /etc/pip.conf /etc/xdg/pip ~/.pip/pip.conf ~/.config/pip/pip.conf "$root" 2>/dev/null || true
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock --nonblock 9 || { echo "reverie: another make fresh is running here" >&2; exit 2; }
remove "$root"
trap 'remove "$root"' EXIT
archive=$(mirror Debian http://deb.debian.org/debian)
security=$(mirror Debian-Security http://deb.debian.org/debian-security)

make_base
mkdir "$root"
tar -C "$root" -xf "$base"
carry_settings
[ -z "$(git status --porcelain)" ] || echo "reverie: what is not committed is not tried"
git clone --quiet --depth 1 "file://$PWD" "$root/root/reverie"
in_namespaces packaging/fresh-inside.sh "$root"
echo "reverie: a fresh Debian $release runs the README's two commands"

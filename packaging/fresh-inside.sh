#!/bin/bash
# Run the README's two commands inside the system in folder $1. fresh.sh calls this in mount and pid namespaces of its own.
set -euo pipefail
root=$1

mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"

# What pip's settings name on this machine's disk: folders are bound read-only, files copied. An index keeps its files
# beside it, so its parent comes along.
settings=$(cat "$root"/etc/pip.conf "$root"/etc/xdg/pip/pip.conf "$root$HOME"/.pip/pip.conf \
    "$root$HOME"/.config/pip/pip.conf 2>/dev/null; env | grep '^PIP_' | grep -v '^PIP_CACHE_DIR=') || true
while IFS= read -r path; do
    [[ $path == file://* ]] && path=$(dirname "${path#file://}")
    if [ -e "$root$path" ]; then
        continue
    elif [ -d "$path" ]; then
        mkdir -p "$root$path"
        mount --bind -o ro "$path" "$root$path"
    elif [ -f "$path" ]; then
        cp --parents "$path" "$root"
    fi
done < <(grep -oE '(file://)?/[^] ,"'\'']+' <<<"$settings")

carried=()
while IFS= read -r -d '' variable; do
    [[ $variable =~ ^(PIP_|[A-Za-z]+_(proxy|PROXY)=|SSL_CERT_|REQUESTS_CA_BUNDLE=|TERM=) ]] && carried+=("$variable")
done < <(env -0)

inside() {
    local began=$SECONDS
    echo "reverie: $*"
    chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "${carried[@]}" \
        "$@" --directory /root/reverie </dev/null
    echo "reverie: $* took $((SECONDS - began)) s"
}

inside make run SECONDS=20
inside make test TESTS="${TESTS:-}"

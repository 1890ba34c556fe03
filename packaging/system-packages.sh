#!/bin/bash
# Install the Debian packages listed in a file, if they are missing and apt may; else print the one line to run.
set -euo pipefail
mapfile -t wanted < <(grep -v '^#' "$1")

if ! command -v dpkg-query >/dev/null; then
    echo "reverie: this is no Debian or Ubuntu; please install the equivalents of: ${wanted[*]}"
    exit 0
fi

# Names of what is installed and of what that stands for: Debian 13 renamed some packages and kept the old names so.
# shellcheck disable=SC2016
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}, ${Provides}\n' | grep '^installed ' |
    sed 's/^installed //; s/ *([^)]*)//g; s/, */\n/g')
missing=()
for package in "${wanted[@]}"; do
    grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
if [ ${#as_root[@]} -eq 0 ] || sudo -n true 2>/dev/null; then
    echo "reverie: installing Debian packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
else
    echo "reverie: apt needs rights this account does not have. Please run this line, then make again:" >&2
    echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

#!/bin/sh
# base.sh - makes the base of our images without an image registry, as a tar on stdout.
#
# Owns: a Debian root folder from debootstrap, trimmed the way `debian:bookworm-slim` is. Needs root
# on Debian or Ubuntu, and reaches the archive that this machine's apt uses. Progress is on stderr.
# `base.sh ARCHITECTURE` makes it only where this machine is of that one (the engine may be elsewhere).
# By hand:  images/base.sh | docker import - codecraft/base-debian:bookworm
# Exits with 3 where it cannot be done on this machine.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
suite=bookworm

[ "$(id -u)" = 0 ] && command -v dpkg >/dev/null 2>&1 || exit 3
[ "${1:-$(dpkg --print-architecture)}" = "$(dpkg --print-architecture)" ] || exit 3
if ! command -v debootstrap >/dev/null 2>&1; then
    sh "$here/apt.sh" debootstrap debian-archive-keyring || exit 3
fi

work=$(mktemp -d)
root=$work/root
clean() {
    umount "$root/proc" "$root/sys" 2>/dev/null || : # debootstrap mounts them, and may be interrupted
    rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The machine's own Debian archive, where its apt knows one for the suite; else debootstrap's.
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" "Component: main" \
    "Created-By: Packages" 2>/dev/null | grep -v security | head -n 1)

echo "making a Debian $suite base with debootstrap (about a minute)" >&2
debootstrap --variant=minbase "$suite" "$root" ${mirror:+"$mirror"} >&2

echo "trimming and packing the base" >&2
cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'SLIM'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
SLIM
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type l -delete
find "$root/usr/share/doc" -type d -empty -delete
rm -rf "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/* "$root"/usr/share/lintian
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin
rm -rf "$root"/var/log/* "$root"/var/cache/debconf/*-old "$root"/etc/machine-id
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
tar -C "$root" --numeric-owner --one-file-system -cf - .

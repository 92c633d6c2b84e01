#!/bin/sh
# apt.sh PACKAGE… - installs Debian packages, saying so.
#
# Owns: the one place where we change the machine's packages, and the conditions for it.
# Exits with 0 (installed), 1 (tried and failed), 3 (not ours to do: no root, or no Debian or Ubuntu).
set -u

[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || exit 3

install_packages() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}

echo "installing the Debian packages: $*" >&2
install_packages "$@" && exit 0
# Most often the package lists are absent or old; other repositories of the machine may fail to
# update, so it is the second try that decides.
echo "reading the package lists again (apt-get update)" >&2
apt-get update -q </dev/null >&2
install_packages "$@" || exit 1

#!/bin/sh
# Installs those of the named Debian packages that are missing; says which, and does nothing where none is.
# Elsewhere than on Debian and its kin it keeps quiet: there the user sees to the libraries.
set -eu

command -v dpkg-query >/dev/null 2>&1 || exit 0
here=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')
missing=
for package in "$@"; do
	printf '%s\n' "$here" | grep -qx "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "Missing packages; as root, run: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
get() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null
}
echo "Installing Debian packages:$missing"
# The lists of packages are fetched only where what is there does not do: absent, or too old.
# shellcheck disable=SC2086
if ! get --simulate --no-install-recommends install $missing 2>/dev/null ||
	! get -y --no-install-recommends install $missing; then
	get update
	get -y --no-install-recommends install $missing
fi

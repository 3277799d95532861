#!/usr/bin/env bash
# Does a fresh clone work on a bare Debian 12 that holds git and make and nothing else?
#
# chroot-check.sh [GOAL...]  makes a Debian in a temporary folder, clones what is committed into it, and
# runs `make GOAL` there for each (quickstart and test if none is named). Needs root. Debian comes from
# the mirror, and through the proxy, that this machine's own apt is set up for. KEEP=1 leaves the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- quickstart test
[ "$(id -u)" -eq 0 ] || { echo "chroot-check.sh: run it as root" >&2; exit 2; }
tools/deps.sh debootstrap

suite=bookworm
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' |
	awk -v suite=$suite '$1 == suite && $2 == "main" { print $3; exit }')
[ -n "$mirror" ] || { echo "chroot-check.sh: apt here has no source for $suite" >&2; exit 2; }
eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
[ -z "${http_proxy:-}" ] || export http_proxy

root=$(mktemp -d /var/tmp/sonde-chroot.XXXXXX)
[ -n "${KEEP:-}" ] || trap 'rm -rf --one-file-system "$root"' EXIT
packages=git,make
[ "${mirror#https}" = "$mirror" ] || packages=$packages,ca-certificates
echo "debootstrap $suite into $root"
debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror" >"$root.log" ||
	{ tail -n 20 "$root.log"; exit 1; }
rm "$root.log"
chmod 755 "$root"
rm -rf "$root"/var/lib/apt/lists/* # as in a container image: `make deps` has to fetch them
if [ -n "${http_proxy:-}" ]; then
	echo "Acquire::http::Proxy \"$http_proxy\";" >"$root/etc/apt/apt.conf.d/90proxy"
fi
git clone --quiet --no-hardlinks . "$root/root/sonde"

# In a namespace of their own the mounts go with the last process.
run() {
	unshare --mount --pid --fork bash -c 'mount -t proc proc "$1/proc" && mount -t devpts devpts "$1/dev/pts" && shift && exec chroot "$@"' - "$root" \
		"$root" env -i HOME=/root LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -c "$1" </dev/null
}
for goal; do
	start=$SECONDS
	echo "--- make $goal"
	run "cd /root/sonde && make $goal"
	echo "--- make $goal: done after $((SECONDS - start)) s"
done
run 'cd /root/sonde && git status --porcelain' | { ! grep .; } || { echo "the build left files that git sees" >&2; exit 1; }

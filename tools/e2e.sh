#!/bin/sh
# Runs the shell tests, tests/e2e/*.sh, against the program named: e2e.sh PROGRAM [TEST...]
#
# A test runs from the root of the tree with SONDE (the program) and TMP (an empty folder of its own) set; exit 0 is a
# pass, 77 a skip, anything else a failure, and only then is its output shown. lib.sh is no test: tests may source it.
set -eu

SONDE=$(realpath "$1")
export SONDE
shift
[ $# -gt 0 ] || set -- tests/e2e/*.sh
[ -e "$1" ] || set --

work=$(mktemp -d "${TMPDIR:-/tmp}/sonde-e2e.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
passed=0 skipped=0 failed='' limit=${SONDE_TEST_LONG:+3600}
for script in "$@"; do
	name=$(basename "$script" .sh)
	[ "$name" != lib ] || continue
	mkdir "$work/$name"
	status=0
	TMP=$work/$name timeout "${limit:-600}" bash "$script" >"$work/output" 2>&1 </dev/null || status=$?
	case $status in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) ;;
	*)
		failed="$failed $name"
		echo "--- $script: exit $status"
		cat "$work/output"
		;;
	esac
done
echo "e2e: $passed passed, $skipped skipped${failed:+, FAILED:$failed}"
[ -z "$failed" ]

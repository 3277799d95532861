#!/usr/bin/env bash
# The same scenario and seed give the same bytes, whatever compiled the program: gcc or clang, optimised
# or not. Builds it thrice, runs each scenario named (if none is, all ready-made ones and some drawn at
# random), and compares results, rows and tapes. same-bytes.sh [SCENARIO...]
set -euo pipefail
cd "$(dirname "$0")/.."
tools/deps.sh clang
work=$(mktemp -d "${TMPDIR:-/tmp}/sonde-same.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ $# = 0 ]; then
	. tests/e2e/lib.sh
	for seed in $(seq 2001 2012); do
		random_scenario "$seed" >"$work/random-$seed.yaml"
	done
	set -- scenarios/*.yaml "$work"/random-*.yaml
fi

# build NAME PROGRAM MAKE-ARGUMENT...
build() {
	make -s -j "$(nproc)" "${@:3}" "$2"
	cp "$2" "$work/$1"
}
build clang build/release/sonde CC=clang
build debug build/debug/sonde
build gcc build/release/sonde

# What the simulator says of itself is not a result.
walls='"(wall_s|events_per_s|requests_per_wall_s|peak_rss_bytes)"'
differ=0
for scenario; do
	for name in gcc clang debug; do
		SONDE_DATA=$PWD "$work/$name" run "$scenario" --quiet --json --requests "$work/$name.csv" \
			--tape "$work/$name.tape" | grep -vE "$walls" >"$work/$name.json"
	done
	for name in clang debug; do
		for what in json csv tape; do
			cmp "$work/gcc.$what" "$work/$name.$what" || differ=1
		done
	done
	echo "${scenario#"$work"/}: $(cat "$work"/gcc.{json,csv,tape} | sha256sum | cut -c1-16)"
done
[ $differ = 0 ] || { echo "the compiler changes what comes out" >&2; exit 1; }

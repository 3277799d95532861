#!/usr/bin/env bash
# Makes the pictures of docs/ again, from the ready-made scenarios: pictures.sh [PROGRAM]. A few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
sonde=$(realpath "${1:-./sonde}")
work=$(mktemp -d "${TMPDIR:-/tmp}/sonde-pictures.XXXXXX")
trap 'rm -rf "$work"' EXIT

# draw SCENARIO SEEDS: a report in $work/SCENARIO
draw() {
	"$sonde" run "scenarios/$1.yaml" --seeds "$2" --out "$work/$1.db" --quiet >"$work/summary"
	"$sonde" report "$work/$1.db" --out "$work/$1"
}
draw quickstart 1
cp "$work/quickstart/time.png" docs/quickstart-time.png
draw flash-crowd 10
cp "$work/flash-crowd/cold.png" docs/flash-crowd-cold-start.png
cp "$work/flash-crowd/scheduling.png" docs/flash-crowd-scheduling.png

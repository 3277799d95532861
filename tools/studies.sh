#!/usr/bin/env bash
# Runs the studies (scenarios/studies/) and draws their pictures into docs/studies/: studies.sh PROGRAM [STUDY...], all of
# them without a name. What a study found lies in results/out/studies/STUDY.db and is kept until its scenario changes; a
# study that was stopped goes on where it was.
set -euo pipefail
program=$(realpath "${1:?usage: studies.sh PROGRAM [STUDY...]}")
shift
cd "$(dirname "$0")/.."
studies=scenarios/studies plots=scenarios/studies/plots results=results/out/studies
mkdir -p "$results" docs/studies

# fresh DB FILE...: whether the results are newer than what they are of
fresh() {
	local db=$1 file
	shift
	[ -e "$db" ] || return 1
	for file; do
		[ "$db" -nt "$file" ] || return 1
	done
}

# run STUDY: into its results file, which appears when it is whole
run() {
	local file=$studies/$1.yaml db=$results/$1.db
	if fresh "$db" "$file"; then
		return
	fi
	echo "== $1"
	rm -f "$db"
	if grep -q '^sweep:' "$file"; then
		"$program" sweep "$file" --out "$db"
	else
		rm -f "$db.part"
		"$program" run "$file" --seeds "$([ "$1" = million-pods ] && echo 1 || echo 3)" --out "$db.part" --quiet \
			>"$results/$1.txt"
		mv "$db.part" "$db"
	fi
}

# The ready-made scenarios and storms that are placed on the phase diagram.
run_placed() {
	local db=$results/placed.db storms='rolling-upgrade shrunk-pool zone-loss' storm
	if fresh "$db" scenarios/*.yaml scenarios/storms/*.yaml; then
		return
	fi
	echo "== what is placed on the phase diagram"
	rm -f "$db" "$db.part"
	{
		"$program" run scenarios/azure-conv.yaml --out "$db.part" --quiet
		"$program" run scenarios/quickstart.yaml --variant central-tuned --out "$db.part" --quiet
		"$program" run scenarios/flash-crowd.yaml --variant central-tuned --out "$db.part" --quiet
		for storm in $storms; do
			"$program" run "scenarios/storms/$storm.yaml" --variant central --out "$db.part" --quiet
		done
	} >"$results/placed.txt"
	mv "$db.part" "$db"
}

# draw STUDY: its picture, which appears when it is whole
draw() {
	local picture=docs/studies/$1.png
	# What gnuplot has to say is about rows that a SELECT did not give.
	gnuplot -e "db = '$results/$1.db'; placed = '$results/placed.db'; views = '$plots/views.sql'; out = '$picture.part'" \
		-e "width = 1440; height = 900; style = '$plots/style.gp'" "$plots/$1.gp" 2>"$results/gnuplot.txt"
	if [ -s "$results/gnuplot.txt" ]; then
		cat "$results/gnuplot.txt" >&2
		exit 1
	fi
	mv "$picture.part" "$picture"
}

if [ $# -eq 0 ]; then
	set -- "$studies"/*.yaml
fi
for study; do
	study=$(basename "$study" .yaml)
	run "$study"
	if [ "$study" = phase ]; then
		run_placed
	fi
	if [ -e "$plots/$study.gp" ]; then
		draw "$study"
	fi
done

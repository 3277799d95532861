# sonde sweep: the same results for any number of workers and after any interruption; what it says of bad ones.
set -eu

fails() { # STATUS TEXT COMMAND...: exits so, and says so on stderr
	want=$1 text=$2 status=0
	shift 2
	"$@" >"$TMP/out" 2>"$TMP/err" || status=$?
	if [ "$status" != "$want" ] || ! grep -qF -- "$text" "$TMP/err"; then
		cat "$TMP/err"
		echo "status $status: $*"
		exit 1
	fi
}

# A trace (replications resample it), two variants, an axis and a pair that moves along: 16 points of three to four runs.
cat >"$TMP/s.yaml" <<END
include: $PWD/scenarios/quickstart.yaml
about: a small sweep
variants:
  - {name: central, set: {control_plane.kind: central}}
  - {name: functional, set: {control_plane.kind: functional}}
sweep:
  axes:
    - {key: cluster.nodes, values: [40, 100], with: [{key: services.chat.autoscaler.max_scale, values: [80, 160]}]}
    - {key: hop, from: 50us, to: 20ms, steps: 4}
  replications: {min: 3, max: 4, metric: ttft_s.mean, half_width: 10%}
  bootstrap: {block: 20s}
END

for jobs in 1 2 3; do
	"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/$jobs.db" --jobs $jobs --json >"$TMP/$jobs.json"
	cmp "$TMP/1.json" "$TMP/$jobs.json"
	[ ! -e "$TMP/$jobs.db.parts" ]
done
grep -q '"digest": "[0-9a-f]\{16\}"' "$TMP/1.json"
[ "$(grep -c '"nodes": "40"' "$TMP/1.json")" = 8 ]
[ "$(grep -c '"hop": ' "$TMP/1.json")" = 16 ]

digest_of() { # OUTPUT of a sweep in words
	sed -n 's/^digest //p' "$1"
}
digest=$(sed -n 's/.*"digest": "\(.*\)".*/\1/p' "$TMP/1.json")

# kill -9 in the middle: what is there stays, and the rest follows.
"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/k.db" --jobs 2 >"$TMP/out" 2>"$TMP/err" &
pid=$!
until [ "$(find "$TMP/k.db.parts" -name '*.db' 2>/dev/null | wc -l)" -ge 3 ]; do
	kill -0 $pid
	sleep 0.01
done
kill -9 $pid
wait $pid 2>/dev/null || :
[ ! -e "$TMP/k.db" ]
there=$(find "$TMP/k.db.parts" -name '*.db' -printf '%i %f\n' | sort)
"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/k.db" --jobs 2 >"$TMP/out" 2>"$TMP/err"
kept=$(sed -n 's/^sonde: \([0-9]*\) of 16 points are there from before$/\1/p' "$TMP/err")
[ "$kept" -ge "$(echo "$there" | wc -l)" ]
[ "$(digest_of "$TMP/out")" = "$digest" ]
[ ! -e "$TMP/k.db.parts" ]

# SIGTERM stops it at once and says how to go on.
"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/t.db" --jobs 2 >"$TMP/out" 2>"$TMP/err" &
pid=$!
until [ "$(find "$TMP/t.db.parts" -name '*.db' 2>/dev/null | wc -l)" -ge 1 ]; do
	kill -0 $pid
	sleep 0.01
done
kill -TERM $pid
status=0
wait $pid || status=$?
[ "$status" = 1 ]
grep -q 'of 16 points are kept in .*t.db.parts; the same command goes on from there' "$TMP/err"
[ -z "$(find "$TMP/t.db.parts" -name '*.tmp*')" ]
cp -r "$TMP/t.db.parts" "$TMP/parts"
"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/t.db" >"$TMP/out" 2>"$TMP/err"
[ "$(digest_of "$TMP/out")" = "$digest" ]

# Killed between the results file and the end of cleaning up: finished. Parts of another sweep are not.
cp -r "$TMP/parts" "$TMP/t.db.parts"
"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/t.db" >"$TMP/out"
[ "$(digest_of "$TMP/out")" = "$digest" ]
[ ! -e "$TMP/t.db.parts" ]
cp -r "$TMP/parts" "$TMP/t.db.parts"
fails 2 "is there already, and not of this sweep" "$SONDE" sweep "$TMP/s.yaml" --out "$TMP/t.db" --variant central

# Workers that are killed: once more, then left out; begun again, nothing is missing.
"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/w.db" --jobs 1 >"$TMP/out" 2>"$TMP/err" &
pid=$!
if [ -e /proc/$pid/task/$pid/children ]; then
	while kill -0 $pid 2>/dev/null && ! grep -q 'left out' "$TMP/err"; do
		child=$(cat /proc/$pid/task/$pid/children 2>/dev/null) || :
		[ -z "$child" ] || kill -9 $child 2>/dev/null || :
	done
	status=0
	wait $pid || status=$?
	[ "$status" = 1 ]
	grep -q 'its worker ended by signal 9 (Killed); once more' "$TMP/err"
	grep -q 'its worker ended by signal 9 (Killed) again; left out' "$TMP/err"
	[ ! -e "$TMP/w.db" ]
	"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/w.db" >"$TMP/out" 2>"$TMP/err"
fi
wait
[ "$(digest_of "$TMP/out")" = "$digest" ]

# Runs pair by seed; another seed gives other runs.
"$SONDE" compare "$TMP/1.db" >"$TMP/out"
grep -q functional "$TMP/out"
"$SONDE" sweep "$TMP/s.yaml" --out "$TMP/seed.db" --set seed=9 >"$TMP/out"
[ "$(digest_of "$TMP/out")" != "$digest" ]

fails 2 "is there already: a sweep makes a file of its own" "$SONDE" sweep "$TMP/s.yaml" --out "$TMP/1.db"
fails 2 "expected --out DB" "$SONDE" sweep "$TMP/s.yaml"
fails 2 "no \`sweep:\` block" "$SONDE" sweep scenarios/quickstart.yaml --out "$TMP/x.db"
fails 2 "--jobs 0: expected a whole number" "$SONDE" sweep "$TMP/s.yaml" --out "$TMP/x.db" --jobs 0
fails 2 "--set sets hop, but the sweep varies it" "$SONDE" sweep "$TMP/s.yaml" --out "$TMP/x.db" --set hop=1ms
fails 2 "did you mean ttft_s.mean?" "$SONDE" sweep "$TMP/s.yaml" --out "$TMP/x.db" \
	--set sweep.replications.metric=ttft_s.meen
fails 2 "services.chat.autoscaler" "$SONDE" sweep "$TMP/s.yaml" --out "$TMP/y.db" \
	--set 'sweep.axes=[{key: services.chat.autoscaler.max_scale, values: [3, x]}]'
[ ! -e "$TMP/y.db.parts" ]
fails 1 "cannot make the folder" "$SONDE" sweep "$TMP/s.yaml" --out "$TMP/none/x.db"

# Systems with a closed form: each quantity lies within three half widths of the 95 % interval, and what a finite system
# may be off, of the formula. The seeds are fixed, so there is no chance in it. The long runs hold the functional plane
# to 3 % (case V8 of docs/accuracy.md).
set -eu
rows=0 outside=0

# forms: of a run's JSON, a line for each quantity: expected, simulated, half width, bias, name.
forms() {
	awk '
	/^  "oracle": [{[]/ { inside = 1 }
	!inside { next }
	/"quantity"/ { name = $0; gsub(/.*": "|",$/, "", name) }
	/"(expected|simulated|half_width_95|finite_size_bias)"/ { gsub(/[",:]/, ""); value[$1] = $2 }
	/"relative_error"/ {
		print value["expected"], value["simulated"], value["half_width_95"], value["finite_size_bias"], name
	}'
}

# near SCENARIO OPTION=VALUE...: the ready-made scenario with these options of its oracle. With TOLERANCE set, the
# relative deviation may be that at most, and so may half of the interval.
near() {
	kind=$1 sets=
	shift
	for one; do
		sets="$sets --set oracle.$one"
	done
	# shellcheck disable=SC2086
	"$SONDE" run "scenarios/oracles/$kind.yaml" --seed 7 --json $sets | forms >"$TMP/out"
	rows=$((rows + 1))
	awk -v what="$kind $*" -v tolerance="${TOLERANCE:-0}" '
	{
		off = $2 - $1
		room = 3 * $3 + $4
		# An interval that excludes nothing would prove nothing.
		wide = tolerance ? $3 > tolerance * $1 : room > 0.25 * $1
		if (tolerance)
			room = tolerance * $1
		# Means over the whole run have no interval.
		whole = $3 == "null"
		ok = $1 > 0 && (whole ? $4 > 0 : $3 > 0) && off <= room && -off <= room && !wide
		bad += !ok
		printf "%s %s:%s: expected %g, simulated %g +- %g, bias %g%s\n", ok ? "ok " : "OFF", what,
			substr($0, index($0, $5) - 1), $1, $2, $3, $4, wide ? ", the interval is too wide" : ""
	}
	END { exit !NR || bad }' "$TMP/out" || outside=$((outside + 1))
}

near mmc servers=1 load=0.7 requests=400000
near mmc servers=8 load=0.9 requests=600000
near mmc servers=20 load=0.85 requests=600000
near mg1 load=0.8 cv2=0 requests=400000
near mg1 load=0.6 cv2=0.25 requests=400000
near mg1 load=0.5 cv2=4 requests=600000
near erlang-b servers=50 load=0.95 requests=300000
near erlang-b servers=4 load=0.5 requests=300000
near erlang-b servers=10 load=1.5 requests=200000
near power-of-d queues=300 d=1 load=0.7 requests=400000
near power-of-d queues=300 d=2 load=0.9 requests=600000
near power-of-d queues=300 d=5 load=0.8 requests=400000
near sparrow search=random duration=task load=0.5 workers=1000 requests=2000
near sparrow search=late duration=job load=0.8 requests=3000
near sparrow search=batch duration=job load=0.8 requests=3000
near sparrow search=per-task duration=job load=0.8 requests=3000
near home-partition partitions=300 capacity=10 probes=0 load=0.8 requests=200000
near home-partition partitions=300 capacity=10 probes=1 load=0.9 requests=300000
near home-partition partitions=300 capacity=5 probes=3 load=0.9 requests=300000
near home-partition partitions=300 capacity=10 probes=1 load=0.9 cache=perfect requests=300000
near rounds tasks=100 schedulers=2 requests=60000
near rounds tasks=500 schedulers=5 requests=60000
near rounds tasks=900 schedulers=20 requests=90000
near faas
# One scheduler never takes a slot twice.
"$SONDE" run scenarios/oracles/rounds.yaml --set oracle.schedulers=1 --set oracle.requests=20000 --json | forms >"$TMP/out"
[ "$(cut -d ' ' -f 2 "$TMP/out")" = 0 ]
if [ "${SONDE_TEST_LONG:-}" ]; then
	TOLERANCE=0.03
	near home-partition capacity=10 load=0.8 probes=0 requests=4000000
	near home-partition capacity=10 load=0.8 probes=1 requests=8000000
	near home-partition capacity=10 load=0.8 probes=2 requests=16000000
	near home-partition capacity=25 load=0.9 probes=0 requests=4000000
	near home-partition capacity=25 load=0.9 probes=1 requests=10000000
	near home-partition capacity=25 load=0.9 probes=2 requests=24000000
	near home-partition capacity=50 load=0.95 probes=0 requests=4000000
	near home-partition capacity=50 load=0.95 probes=1 requests=10000000
	near home-partition capacity=50 load=0.95 probes=2 requests=32000000
	near home-partition capacity=10 load=0.9 probes=1 cache=perfect requests=6000000
	TOLERANCE=0
fi
echo "$rows systems, $outside outside"
[ $outside = 0 ]

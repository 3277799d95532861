# Systems with a closed form: what is simulated lies within three half widths of the 95 % interval, and what a finite
# system may be off, of the formula. The seeds are fixed, so there is no chance in it.
set -eu
rows=0 outside=0

# near KIND OPTION=VALUE...: the ready-made scenario with these options of its oracle.
near() {
	kind=$1 sets=
	shift
	for one; do
		sets="$sets --set oracle.$one"
	done
	# shellcheck disable=SC2086
	"$SONDE" run "scenarios/oracles/$kind.yaml" --seed 7 --json $sets >"$TMP/out"
	rows=$((rows + 1))
	awk -v what="$kind $*" '
	/"oracle": {/ { inside = 1 }
	inside && /"(expected|simulated|half_width_95|finite_size_bias)"/ { gsub(/[",:]/, ""); value[$1] = $2 }
	END {
		off = value["simulated"] - value["expected"]
		room = 3 * value["half_width_95"] + value["finite_size_bias"]
		ok = value["expected"] > 0 && value["half_width_95"] > 0 && off <= room && -off <= room
		printf "%s %s: expected %g, simulated %g +- %g, bias %g\n", ok ? "ok " : "OFF", what, value["expected"],
			value["simulated"], value["half_width_95"], value["finite_size_bias"]
		# An interval that excludes nothing would prove nothing.
		if (room > 0.25 * value["expected"])
			printf "    the interval is too wide to say anything\n"
		exit !(ok && room <= 0.25 * value["expected"])
	}' "$TMP/out" || outside=$((outside + 1))
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
near home-partition partitions=300 capacity=10 probes=0 load=0.8 requests=200000
near home-partition partitions=300 capacity=10 probes=1 load=0.9 requests=300000
near home-partition partitions=300 capacity=5 probes=3 load=0.9 requests=300000
echo "$rows systems, $outside outside"
[ $outside = 0 ]

# Every ready-made scenario is sound, runs, runs the same again, and replays from its tape; every one
# with a closed form runs (their tapes would be gigabytes).
set -eu
for scenario in scenarios/*.yaml scenarios/storms/*.yaml; do
	echo "$scenario"
	"$SONDE" check "$scenario" >"$TMP/effective.yaml"
	for i in 1 2; do
		"$SONDE" run "$scenario" --quiet --json --tape "$TMP/$i.tape" |
			grep -vE '"(wall_s|events_per_s|requests_per_wall_s|peak_rss_bytes)"' >"$TMP/$i.json"
	done
	cmp "$TMP/1.json" "$TMP/2.json"
	cmp "$TMP/1.tape" "$TMP/2.tape"
	"$SONDE" replay "$TMP/1.tape"
	rm "$TMP"/*.tape
done
for scenario in scenarios/oracles/*.yaml; do
	echo "$scenario"
	"$SONDE" check "$scenario" >"$TMP/effective.yaml"
	"$SONDE" run "$scenario" --quiet --json >"$TMP/1.json"
done

# One scenario and seed, one result: a second run gives the same bytes, so does stepping through every iteration instead
# of skipping those between two changes of a batch, and a tape replays. On scenarios drawn at random.
set -eu
. tests/e2e/lib.sh
rounds=30
[ -z "${SONDE_TEST_LONG:-}" ] || rounds=1000
preempted=0 scaled=0
for seed in $(seq $rounds); do
	random_scenario "$seed" >"$TMP/r.yaml"
	fail() {
		echo "$1; the scenario:"
		cat "$TMP/r.yaml"
		exit 1
	}
	for run in 1 2; do
		"$SONDE" run "$TMP/r.yaml" --json --requests "$TMP/$run.csv" --tape "$TMP/$run.tape" >"$TMP/$run" ||
			fail "seed $seed: it does not run"
		without_simulator <"$TMP/$run" >"$TMP/$run.json"
	done
	"$SONDE" run "$TMP/r.yaml" --json --set 'services.*.engine.skip=false' --requests "$TMP/step.csv" |
		without_simulator >"$TMP/step.json"
	cmp "$TMP/1.csv" "$TMP/2.csv" && cmp "$TMP/1.json" "$TMP/2.json" && cmp "$TMP/1.tape" "$TMP/2.tape" ||
		fail "seed $seed: twice is not the same"
	cmp "$TMP/1.csv" "$TMP/step.csv" && cmp "$TMP/1.json" "$TMP/step.json" || fail "seed $seed: stepping is not skipping"
	"$SONDE" replay "$TMP/1.tape" >"$TMP/out" 2>&1 || { cat "$TMP/out" && fail "seed $seed: the tape does not replay"; }
	preempted=$((preempted + $(awk -F, 'NR > 1 && $10 > 0' "$TMP/1.csv" | wc -l)))
	scaled=$((scaled + $(sed -n '0,/"scale_decisions": /s/.*"scale_decisions": \([0-9]*\).*/\1/p' "$TMP/1.json")))
done
# The draws would be of no use if nothing happened in them.
echo "$rounds scenarios, $preempted requests preempted, $scaled scale decisions"
[ $preempted -ge $rounds ] && [ $scaled -ge $rounds ]

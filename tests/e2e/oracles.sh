# Systems with a closed form: each quantity lies within three half widths of the 95 % interval, and what a finite system
# may be off, of the formula. The seeds are fixed, so there is no chance in it. The long runs hold the functional plane
# to 3 % (case V8 of docs/accuracy.md).
set -eu
rows=0 outside=0
# shellcheck source=tests/e2e/lib.sh
. tests/e2e/lib.sh

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
near home-partition partitions=300 capacity=10 probes=1 load=0.9 cache=perfect requests=300000
near rounds tasks=100 schedulers=2 requests=60000
near rounds tasks=500 schedulers=5 requests=60000
near rounds tasks=900 schedulers=20 requests=90000
near omega schedulers=61 requests=100000
near omega schedulers=61 gang=true requests=100000
near faas
# Where there is room nothing conflicts by resource fit; one scheduler never takes a slot twice.
"$SONDE" run scenarios/oracles/rounds.yaml --set oracle.schedulers=1 --set oracle.requests=20000 --json | forms >"$TMP/out"
[ "$(cut -d ' ' -f 2 "$TMP/out")" = 0 ]
"$SONDE" run scenarios/oracles/omega.yaml --set oracle.conflict=resource-fit --set oracle.gang=true \
	--set oracle.requests=20000 --json | forms >"$TMP/out"
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

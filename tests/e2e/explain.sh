# A run that recorded its decisions is explained: pods in words, the slowest, a timeline; what is not there is said.
set -eu
quickstart=$PWD/scenarios/quickstart.yaml
export SONDE_DATA=$PWD
cd "$TMP"

"$SONDE" run "$quickstart" --variant functional --set cluster.nodes=12 --decisions --quiet --out a.db >out
"$SONDE" explain a.db --pod chat/0 >pod
grep -q '^Pod [0-9]* (chat/0) of run 1 (functional, seed [0-9]*): ready on node [0-9]*, ' pod
for line in 'wanted$' 'queued at function' 'function [0-9]* chose node' 'bound to node' 'weights are loaded' 'takes requests' \
	'^What its .* were made of:$' '^  functions deciding '; do
	grep -q "$line" pod
done
"$SONDE" explain a.db --pod 0 --json | grep -q '"step": "searched"'
[ "$("$SONDE" explain a.db --slowest 3 | grep -c chat/)" = 3 ]
[ "$("$SONDE" explain a.db --slowest 3 --by cold-start --json | grep -c cold_start_s)" = 3 ]
"$SONDE" explain a.db --timeline t.json | grep -q '^t.json: [0-9]* events of run 1 (functional)$'
grep -q '"ph":"C".*"name":"queue"' t.json

# Without decisions: who was slowest, pods and counters; how to record them.
"$SONDE" run "$quickstart" --variant functional --set cluster.nodes=12 --quiet --out b.db >out
"$SONDE" explain b.db --slowest 1 >out
"$SONDE" explain b.db --timeline t.json >out
says() {
	expected=$1
	shift
	! "$SONDE" explain "$@" >out 2>err || exit 1
	[ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -q -- "$expected" err || { cat err && exit 1; }
}
says 'recorded no decisions: run it again with .sonde run SCENARIO --decisions --out b.db' b.db --pod 0
says 'has no pod 999: the nearest of its' a.db --pod 999
says "no pods of a service 'chta': it has pods of chat" a.db --pod chta/0
says "has no run '7': it holds 1 (functional, seed 1)" a.db --run 7 --pod 0
says 'one of --pod, --slowest and --timeline' a.db
says '--by size: expected scheduling or cold-start' a.db --slowest 2 --by size
says '--slowest wants a number from 1' a.db --slowest 0
says 'nothing.db: No such file' nothing.db --pod 1

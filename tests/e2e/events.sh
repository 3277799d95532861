# Events from outside: no request is lost from the books, the same events hit every variant, the store and the picture know
# them, mistakes have a position, and on the wall clock a node that goes down takes its processes along.
set -eu
cat >"$TMP/s.yaml" <<'EOF'
name: events
duration: 60s
services:
  - {name: chat, replicas: 8, timeout: 5s, concurrency: 2}
  - {name: code, autoscaler: {class: kpa, initial_scale: 0, max_scale: 6}}
cluster: {nodes: 6, gpus: 4, rack_nodes: 1, zones: 2}
cold_start: {preset: fast}
control_plane: {limits: tuned, functional: {functions: 2}}
detection: {grace: 5s, monitor: 1s, eviction: 5s, eviction_rate: 0/s, function: 2s, reset: 1s}
users: {retries: 3}
workload:
  - {service: chat, rate: 12/s, duration: 60s, input_tokens: "LN(300,900)", output_tokens: "LN(60,120)"}
  - {service: code, rate: 8/s, duration: 60s, input_tokens: "LN(300,900)", output_tokens: "LN(60,120)"}
events:
  - {kind: zone-down, at: 10s, for: 20s}
  - {kind: node-down, at: 5s, every: exp(10s), for: exp(5s)}
  - {kind: function-down, at: 12s, every: exp(15s), function: any}
  - {kind: api-down, at: 20s, for: 3s}
  - {kind: registry-slow, at: 8s, for: 30s}
  - {kind: rolling-upgrade, at: 40s, services: "chat, code", gap: 2s}
variants:
  - {name: central, set: {control_plane.kind: central}}
  - {name: functional, set: {control_plane.kind: functional}}
  - {name: shared, set: {control_plane.kind: shared}}
EOF
"$SONDE" run "$TMP/s.yaml" --seeds 3 --out "$TMP/s.db" --requests "$TMP/s.csv" --json --quiet >"$TMP/s.json"

ask() {
	sqlite3 "$TMP/s.db" "$1"
}
# Arrivals are the sum of how they ended, row by row in the CSV, and first attempts plus retries.
[ "$(ask "SELECT count(*) FROM metric a WHERE a.service = '' AND a.name = 'requests.arrived' AND a.value =
	(SELECT sum(value) FROM metric b WHERE b.run = a.run AND b.service = '' AND b.name IN ('requests.completed',
	'requests.rejected', 'requests.timed_out', 'requests.failed', 'requests.in_flight'))")" = 9 ]
[ "$(($(wc -l <"$TMP/s.csv") - 1))" = "$(ask "SELECT CAST(sum(value) AS INTEGER) FROM metric
	WHERE service = '' AND name = 'requests.arrived'")" ]
[ "$(ask "SELECT count(*) FROM metric WHERE name = 'extra.retries' AND value > 0")" = 9 ]
[ "$(ask "SELECT count(DISTINCT value) FROM metric JOIN run ON run.id = run WHERE seed = 1 AND service = '' AND name IN
	('requests.arrived', 'extra.retries') GROUP BY run.seed")" -ge 2 ]
# First attempts are the workload's, the same under every plane.
[ "$(ask "SELECT count(DISTINCT a.value - b.value) FROM metric a JOIN metric b USING (run) JOIN run ON run.id = run
	WHERE seed = 2 AND a.service = '' AND a.name = 'requests.arrived' AND b.name = 'extra.retries'")" = 1 ]
# So are the events, and nothing was left out.
[ "$(ask "SELECT count(DISTINCT v) FROM (SELECT group_concat(at_ns || kind || over, ',') AS v FROM event JOIN run ON
	run.id = event.run WHERE seed = 3 AND kind NOT LIKE 'function%' GROUP BY event.run)")" = 1 ]
[ "$(ask "SELECT count(DISTINCT kind) FROM event")" = 6 ]
[ "$(ask "SELECT min(value) FROM metric WHERE name IN ('extra.nodes_lost', 'extra.pods_lost', 'extra.functions_lost',
	'extra.api_refused')")" != 0.0 ]
"$SONDE" report "$TMP/s.db" --out "$TMP/report" >"$TMP/out"
grep -q 'zone-down' "$TMP/report/time.svg"

# Without events and retries nothing of them is in the results.
"$SONDE" run "$TMP/s.yaml" --variant central --set 'events=[]' --set users.retries=0 --json --quiet >"$TMP/calm.json"
if grep 'nodes_lost\|gave_up' "$TMP/calm.json"; then exit 1; fi

# Positions, and what was meant.
bad() { # PATTERN SED
	sed "$2" "$TMP/s.yaml" >"$TMP/bad.yaml"
	if "$SONDE" run "$TMP/bad.yaml" >"$TMP/out" 2>&1; then exit 1; fi
	[ "$(wc -l <"$TMP/out")" = 1 ]
	grep -q "$1" "$TMP/out" || { cat "$TMP/out" && exit 1; }
}
bad 'bad.yaml:15:.*did you mean "zone-down"' 's/zone-down/zone-dwn/'
bad 'bad.yaml:15:.*did you mean "for"' 's/for: 20s/fro: 20s/'
bad 'bad.yaml:15: .*zones 2 to 2, but there are 2' 's/at: 10s, for/first: 2, at: 10s, for/'
bad "bad.yaml:20: .*did you mean 'code'" 's/chat, code/chat, cod/'
bad 'bad.yaml:16:.*a time' 's/exp(5s)/exp(5)/'

# The wall clock: pods of the lost zone are processes that die; their requests fail, others go on.
"$SONDE" emu local "$TMP/s.yaml" --variant central --speed 3 --set duration=30s --json >"$TMP/emu.json" 2>"$TMP/err"
grep -q '"world": "emu"' "$TMP/emu.json"
grep -q '"pods_lost": [1-9]' "$TMP/emu.json"

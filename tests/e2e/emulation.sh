# Simulation against emulation: a scenario of some ten seconds in both worlds. What happens must be equal (requests by
# outcome, pods, scale decisions in their order); when it happens may differ by the machine's jitter: medians and tails
# within 15 %, and who still met a cold start. A machine that is busy otherwise gets three attempts.
set -eu
cat >"$TMP/s.yaml" <<'EOF'
name: both-worlds
services:
  - name: chat
    concurrency: 4
    autoscaler: {class: kpa, initial_scale: 0, max_scale: 3, stable_window: 20s}
    slo: {ttft: 5s}
  - {name: code, replicas: 2, router: round-robin, engine: {scheduler: sarathi, max_tokens: 512}}
hop: 50us # of the simulation: about what a loopback socket takes
cluster: {nodes: 4}
cold_start: {preset: fast}
storage: {warm_dram: 100%}
control_plane: {kind: functional, limits: tuned, functional: {functions: 2, min: 2, max: 2}}
workload:
  - {service: chat, start: 1s, rate: 20/s, duration: 6s, input_tokens: "LN(300,900)", output_tokens: "LN(60,120)"}
  - {service: code, start: 1s, rate: 15/s, duration: 8s, input_tokens: "LN(600,1500)", output_tokens: "LN(100,200)"}
EOF

counts() { # WORLD: what has to be equal
	sqlite3 "$TMP/$1.db" "
		SELECT service, name, value FROM metric WHERE name LIKE 'requests.%' AND name <> 'requests.cold' OR name LIKE 'pods.%'
			OR name IN ('scale_decisions', 'cold_starts') ORDER BY service, name;
		SELECT 'pod', service, \"end\", count(*) FROM pod GROUP BY service, \"end\" ORDER BY service, \"end\";
		SELECT 'scale', service, \"from\", \"to\", panic FROM scale ORDER BY seq"
}
latencies() { # WORLD
	sqlite3 -separator ' ' "$TMP/$1.db" "SELECT service || '.' || name, value FROM metric
		WHERE name IN ('ttft_s.p50', 'ttft_s.p99', 'e2e_s.p50', 'e2e_s.p99')
			OR (name = 'requests.cold' AND value > 0) ORDER BY service, name"
}

"$SONDE" run "$TMP/s.yaml" --out "$TMP/sim.db" >"$TMP/out"
counts sim >"$TMP/sim.counts"
latencies sim >"$TMP/sim.latencies"
grep -q '^scale|chat|0|1|' "$TMP/sim.counts" && grep -q '^scale|chat|.*|3|' "$TMP/sim.counts"
[ "$(wc -l <"$TMP/sim.latencies")" = 14 ]
for attempt in 1 2 3; do
	rm -f "$TMP/emu.db"
	"$SONDE" emu local "$TMP/s.yaml" --out "$TMP/emu.db" >"$TMP/out"
	counts emu >"$TMP/emu.counts"
	latencies emu >"$TMP/emu.latencies"
	echo "--- attempt $attempt"
	same=yes
	diff "$TMP/sim.counts" "$TMP/emu.counts" || same=no
	paste -d ' ' "$TMP/sim.latencies" "$TMP/emu.latencies" | awk '
	{
		error = $4 / $2 - 1
		ok = $1 == $3 && error <= 0.15 && -error <= 0.15
		far += !ok
		printf "%s %s: simulated %.4g, emulated %.4g, %+.1f %%\n", ok ? "ok " : "OFF", $1, $2, $4, 100 * error
	}
	END { exit far > 0 }' && [ $same = yes ] && exit 0
done
exit 1

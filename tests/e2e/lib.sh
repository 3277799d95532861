# What several tests use; no test itself.

# random_scenario SEED: a small scenario drawn from the seed alone, the same with any awk: services that share a
# cluster too small for them, every scheduler, router and control plane, short memory, bursts, splits, plain pods.
random_scenario() {
	awk -v seed="$1" -v planes="central|functional|shared|direct|godel|two-level|sampling" '
	# Park and Miller (1988): x = 16807 x mod (2^31 - 1), exact in doubles.
	function draw() { return (x = (16807 * x) % 2147483647) / 2147483647 }
	function pick(list,  part, n) { n = split(list, part, "|"); return part[1 + int(draw() * n)] }
	function often(share) { return draw() < share }
	function service(name,  scaled, kind) {
		scaled = often(0.6)
		kind = often(0.15) ? "request" : "llm"
		printf "  - name: %s\n    router: %s\n", name, pick("round-robin|least-outstanding|power-of-two|random")
		printf "    replicas: %d\n    concurrency: %s\n", scaled ? int(draw() * 3) : 1 + int(draw() * 3), pick("0|0|1|4|20")
		printf "    queue_depth: %s\n    timeout: %s\n", pick("0|1|10"), pick("0s|5s|30s|300s")
		printf "    slo: {ttft: 2s, tpot: 60ms}\n"
		printf "    engine: {kind: %s, service_time: \"%s\", slots: %s, scheduler: %s, kv_blocks: %s, block_tokens: %s, ", kind,
			pick("20ms|exp(50ms)|LN(40ms,90ms)"), pick("1|2|8"), pick("vllm-v0|vllm-v1|sarathi"),
			pick("0|150|300|300|600"), pick("8|16|32")
		printf "watermark: %s, max_seqs: %s, max_tokens: %s, ", pick("0%|1%|10%"), pick("2|16|64|256"), pick("256|512|2048|8192")
		if (often(0.5))
			printf "cost: {model: fitted, c0_ms: 10.9, c1_ms: 0.039, knee_tokens: 96, c2_ms: 0.017, c3_ms: 8.4e-05, " \
				"c4_ms: 2.6e-06, c5_ms: 0.0011}}\n"
		else
			printf "cost: {model: roofline}}\n"
		if (scaled)
			printf "    autoscaler: {class: kpa, target: %s, max_scale: %s, initial_scale: %s, tick: %s, stable_window: %s, " \
				"grace: 5s, target_burst_capacity: %s, weighted: %s}\n", pick("0|2|8|30"), pick("0|3|12"),
				pick("0|1|2"), pick("1s|2s"), pick("6s|20s|60s"), pick("-1|0|211"), pick("true|false")
		if (name != "a" && often(0.4))
			printf "    split: [{service: a, share: %s}]\n", pick("10%|50%|100%")
	}
	BEGIN {
		x = 1 + seed * 7919
		for (i = 0; i < 10; i++)
			draw()
		n = 1 + int(draw() * 3)
		printf "name: random-%d\nseed: %d\nsample: %s\nhop: %s\n", seed, seed * 3 + 1, pick("0s|1s|250ms"), pick("0s|250us|10ms")
		if (often(0.3))
			printf "warmup: 3s\n"
		if (often(0.3))
			printf "duration: %s\n", pick("10s|60s")
		printf "services:\n"
		for (i = 1; i <= n; i++)
			service(substr("abc", i, 1))
		nodes = 3 + int(draw() * 10)
		printf "cluster: {nodes: %d, gpus: %s, rack_nodes: %s", nodes, pick("4|8"), pick("1|4")
		if (often(0.3))
			printf ", provision: {max_nodes: %d, scan: 5s}", nodes + 2
		printf "}\ncold_start: {preset: %s, probe: %s}\n", pick("none|fast|fast|vllm"), pick("periodic|aggressive")
		printf "storage: {source: %s, network: %s, warm_dram: %s, warm_nvme: %s}\n", pick("registry|dfs"), pick("tcp|rdma"),
			pick("0%|50%"), pick("0%|100%")
		printf "control_plane: {kind: %s, limits: %s, dispatch: %s, functional: {functions: 2, min: 1, max: 3, d: %s, " \
			"order: %s, cache: %s, interval: 2s}, sampling: {mode: %s, late_binding: %s}}\n", pick(planes), pick("default|tuned|unlimited"),
			pick("random|round-robin|least-queue"), pick("0|1|2"), pick("random|power-of-d|best-cached"), pick("true|false"),
			pick("per-task|batch"), pick("true|false")
		if (often(0.3))
			printf "pods: {rate: %s, count: 100, lifetime: exp(5s), gpus: %s, job: %s, lifetime_of: %s}\n", pick("5/s|50/s"), pick("1|2"),
				pick("1|1|7"), pick("pod|job")
		printf "workload:\n"
		for (i = 1; i <= n; i++)
			printf "  - {service: %s, arrivals: %s, rate: %s, shape: 0.7, requests: %d, input_tokens: \"%s\", " \
				"output_tokens: \"%s\", bursts: [{at: 5s, for: 3s, factor: 6}]}\n", substr("abc", i, 1),
				pick("poisson|gamma|weibull|two-level|constant"), pick("5/s|20/s|100/s"), 50 + int(draw() * 300),
				pick("1|64|LN(200,900)|U(1,2000)"), pick("1|32|LN(60,250)|U(1,300)")
		if (often(0.5))
			exit
		printf "users: {retries: %s}\n", pick("0|2")
		printf "detection: {grace: %s, eviction: %s, eviction_rate: %s, function: %s, reset: %s}\nevents:\n", pick("5s|50s"),
			pick("0s|10s"), pick("0/s|0.5/s"), pick("1s|15s"), pick("0s|1s|10s")
		for (i = 1 + int(draw() * 3); i; i--)
			printf "  - {kind: %s, at: %s, for: \"%s\", every: \"%s\", until: 40s, wipe: %s}\n",
				pick("node-down|node-down|rack-down|zone-down|node-up|function-down|api-down|registry-slow|link-slow|rolling-upgrade"),
				pick("1s|5s|5s|12s"), pick("2s|exp(10s)|30s"), pick("0s|exp(8s)"), pick("true|false")
	}' </dev/null
}

# Without what the simulator says of itself, which is no result; JSON on stdin.
without_simulator() {
	awk '/^ *"simulator": {/ { skip = 1 } !skip { print } skip && /^ *}/ { skip = 0 }'
}

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

# The engine against another simulator: four runs of Vidur (arrivals and lengths as logged there, iteration times by the
# six coefficients fitted to each run's own iterations): medians within 5 %, 99th percentiles within 10 %.
set -eu
cases=${SONDE_SHARED:-../shared}/calibration/peer-cases
[ -r "$cases/step_time_fit.json" ] || exit 77
far=0

# The named object's plain numbers, as "--set engine.cost.KEY=VALUE".
coefficients() {
	awk -v name="\"$1\": {" '
	index($0, name) { inside = 1; next }
	/}/ { inside = 0 }
	inside && /"(c[0-5]_ms|knee_tokens)"/ { gsub(/[", ]/, ""); sub(/:/, "="); print "--set engine.cost." $0 }
	' "$cases/step_time_fit.json"
}

# "ttft_s p50 VALUE" and so on, from the JSON of either: the first of each.
latencies() {
	awk '
	/"(ttft_s|tpot_s|e2e_s)": {/ { split($0, part, "\""); name = part[2] }
	/}/ { name = "" }
	name && /"p(50|99)"/ { gsub(/[",:]/, ""); if (!seen[name, $1]++) print name, $1, $2 }' "$1" | sort
}

# against CASE SCHEDULER MAX_TOKENS KV_BLOCKS
against() {
	peer=$(echo "$cases/$1"_*.json)
	{
		echo arrived_at,num_prefill_tokens,num_decode_tokens
		gzip -dc "${peer%.json}.requests.csv.gz" | awk -F, 'NR > 1 { print $2 "," $3 "," $4 }'
	} >"$TMP/$1.csv"
	# shellcheck disable=SC2046
	"$SONDE" run scenarios/single-engine.yaml --trace "$TMP/$1.csv" --trace-format vidur --json \
		--set engine.scheduler="$2" --set engine.max_tokens="$3" --set engine.kv_blocks="$4" \
		--set engine.max_seqs=128 --set engine.cost.model=fitted $(coefficients "$1") >"$TMP/$1.json"
	latencies "$peer" >"$TMP/theirs"
	latencies "$TMP/$1.json" >"$TMP/ours"
	[ "$(wc -l <"$TMP/ours")" = 6 ]
	grep -q '"completed": 1000,' "$TMP/$1.json"
	paste -d ' ' "$TMP/theirs" "$TMP/ours" | awk -v name="$1" '
	{
		error = $6 / $3 - 1
		bound = $2 == "p50" ? 0.05 : 0.10
		ok = $1 == $4 && $2 == $5 && error <= bound && -error <= bound
		far += !ok
		printf "%s %s %s %s: Vidur %.4g s, here %.4g s, %+.1f %%\n", ok ? "ok " : "OFF", name, $1, $2, $3, $6, 100 * error
	}
	END { exit far > 0 }' || far=$((far + 1))
}
against v01 sarathi 512 3328
against v02 vllm-v0 4096 3328
against v05 sarathi 512 30208
against v08 vllm-v0 4096 7424
[ $far = 0 ]

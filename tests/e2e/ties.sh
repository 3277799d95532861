# Many things at the same nanosecond: one iteration or many as one event must not matter. Arrivals and iterations lie
# on one grid of 10 ms, and there is no hop between gateway and pod.
set -eu

{
	echo "arrival_s,service,input_tokens,output_tokens"
	awk 'BEGIN { for (i = 0; i < 600; i++) printf "%.2f,default,%d,%d\n", int(i / 3) * 0.01, 1 + i % 7, 1 + i * 5 % 23 }'
} >"$TMP/grid.csv"
for scheduler in vllm-v0 vllm-v1 sarathi; do
	for replicas in 1 5; do
		for skip in true false; do
			"$SONDE" run scenarios/single-engine.yaml --trace "$TMP/grid.csv" --trace-format sonde \
				--set engine.scheduler=$scheduler --set replicas=$replicas --set engine.max_seqs=16 \
				--set engine.cost.model=fitted --set engine.cost.c0_ms=10 --set engine.skip=$skip \
				--requests "$TMP/$skip.csv" --quiet >"$TMP/out"
		done
		cmp "$TMP/true.csv" "$TMP/false.csv"
	done
done

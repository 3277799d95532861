# A tape replays byte for byte, that of a simulated run and that of an emulated one; one that was damaged, cut short or
# lengthened is refused; one whose scenario decides otherwise differs, and the first difference is shown.
set -eu
cat >"$TMP/s.yaml" <<'EOF'
name: taped
sample: 0s
services:
  - name: chat
    engine: {max_seqs: 256, kv_blocks: 100}
    autoscaler: {class: kpa, target: 4, initial_scale: 0, max_scale: 3}
    split: [{service: canary, share: 20%}]
  - {name: canary, replicas: 1}
cold_start: {preset: fast}
storage: {warm_dram: 100%}
control_plane: {kind: functional, limits: tuned}
cluster: {nodes: 4}
workload: [{service: chat, rate: 30/s, duration: 5s, input_tokens: "LN(200,600)", output_tokens: "LN(40,90)"}]
variants: [{name: a, set: {}}, {name: b, set: {control_plane.kind: central}}]
EOF
"$SONDE" run "$TMP/s.yaml" --tape "$TMP/sim.tape" >"$TMP/out"
"$SONDE" emu local "$TMP/s.yaml" --variant a --speed 5 --tape "$TMP/emu.tape" >"$TMP/out"
"$SONDE" replay "$TMP/sim.tape" | grep '^2 runs, .* the same bytes$'
"$SONDE" replay "$TMP/emu.tape" | grep '^1 run, .* the same bytes$'

# refused STATUS TEXT TAPE
refused() {
	status=0
	"$SONDE" replay "$3" >"$TMP/out" 2>&1 || status=$?
	[ "$status" = "$1" ] && grep -q "$2" "$TMP/out" || { cat "$TMP/out" && echo "status $status" && exit 1; }
}
for world in sim emu; do
	bytes=$(wc -c <"$TMP/$world.tape")
	for i in $(seq 25); do
		at=$((bytes * i / 26))
		was=$(od -An -tu1 -j $at -N 1 "$TMP/$world.tape" | tr -d ' ')
		cp "$TMP/$world.tape" "$TMP/bad.tape"
		# shellcheck disable=SC2059
		printf "\\$(printf %o $((was ^ 1 << i % 8)))" | dd of="$TMP/bad.tape" bs=1 seek=$at conv=notrunc status=none
		refused 2 damaged "$TMP/bad.tape"
		head -c $at "$TMP/$world.tape" >"$TMP/bad.tape"
		refused 2 'cut short' "$TMP/bad.tape"
	done
	{ cat "$TMP/$world.tape" && printf x; } >"$TMP/bad.tape"
	refused 2 damaged "$TMP/bad.tape"

	# Another scenario under the same steps, with the checksum that it would have (gzip's trailer holds it).
	{ head -c $((bytes - 5)) "$TMP/$world.tape" | LC_ALL=C sed 's/max_seqs: 256/max_seqs: 002/' && printf E; } >"$TMP/other"
	{ cat "$TMP/other" && gzip -c "$TMP/other" | tail -c 8 | head -c 4; } >"$TMP/other.tape"
	refused 1 'not the same' "$TMP/other.tape"
	grep -q '^step [0-9]* (replica, at [0-9]* ns, input .*): .* messages on the tape, .* now' "$TMP/out"
done

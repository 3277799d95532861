# sonde trace: the figures, conversion and synthesis of traces, and what it says of bad ones.
set -eu

fails() { # STATUS TEXT COMMAND...: exits so, and says so on stderr
	want=$1 text=$2 status=0
	shift 2
	"$@" >"$TMP/out" 2>"$TMP/err" || status=$?
	if [ "$status" != "$want" ] || ! grep -qF -- "$text" "$TMP/err"; then
		cat "$TMP/err"
		echo "status $status: $*"
		exit 1
	fi
}

# The sample is what its README says: made again, byte for byte.
"$SONDE" trace synth traces/samples/burst.yaml -o "$TMP/burst.csv" >"$TMP/out"
cmp "$TMP/burst.csv" traces/samples/burst.csv
"$SONDE" trace synth traces/samples/burst.yaml --seed 2 -o "$TMP/other.csv" >"$TMP/out"
[ "$(cmp -s "$TMP/burst.csv" "$TMP/other.csv" && echo same)" = "" ]

# Through every compression and back; times count from the first arrival.
"$SONDE" trace convert "$TMP/burst.csv" "$TMP/a.csv" --format sonde --to sonde
"$SONDE" trace convert "$TMP/a.csv" "$TMP/b.csv.gz" --format sonde
"$SONDE" trace convert "$TMP/b.csv.gz" "$TMP/c.csv.zst" --format sonde
"$SONDE" trace convert "$TMP/c.csv.zst" "$TMP/d.csv" --format sonde
cmp "$TMP/a.csv" "$TMP/d.csv"
for file in burst.csv b.csv.gz c.csv.zst; do
	"$SONDE" trace info "$TMP/$file" --format sonde >"$TMP/$file.info"
	cmp "$TMP/burst.csv.info" "$TMP/$file.info"
done
grep -q '^rows *1026 ' "$TMP/burst.csv.info"
"$SONDE" trace info "$TMP/burst.csv" --format sonde --json | grep -q '^{"rows":1026,"read":1026,"dropped":0,.*}$'

# A table of quantiles is one that synth takes.
"$SONDE" trace info "$TMP/burst.csv" --format sonde --quantiles >"$TMP/q.csv"
printf 'workload: [{requests: 100, lengths: q.csv}, {service: b, requests: 50, rate: 9/s}]\n' >"$TMP/two.yaml"
"$SONDE" trace synth "$TMP/two.yaml" -o "$TMP/two.csv" --set workload.0.rate=20/s | grep -q '^150 rows'
[ "$(grep -c ',default,' "$TMP/two.csv")" = 100 ]

# Another format, a loop, dropped rows counted.
printf 'arrived_at,num_prefill_tokens,num_decode_tokens\r\n1.5,10,1\r\n2.5,0,3\r\n3.5,7,3' >"$TMP/v.csv"
"$SONDE" trace convert "$TMP/v.csv" "$TMP/v2.csv" --format vidur --service chat --trace-loop 2 |
	grep -q '^6 rows read, 4 written to .*, 2 dropped (2 without tokens'
printf '%s\n' arrival_s,service,input_tokens,output_tokens 0,chat,10,1 2,chat,7,3 4,chat,10,1 6,chat,7,3 |
	cmp - "$TMP/v2.csv"

fails 2 "no trace format given" "$SONDE" trace info "$TMP/v.csv"
fails 2 'did you mean "vidur"' "$SONDE" trace info "$TMP/v.csv" --format vidr
fails 2 "v.csv:1:1: unknown column" "$SONDE" trace info "$TMP/v.csv" --format sonde
fails 2 "v.csv:3:1: 0 input and 3 output tokens" "$SONDE" trace info "$TMP/v.csv" -f vidur --zero-tokens fail
fails 2 "truncated gzip" "$SONDE" trace info <(head -c 5000 "$TMP/b.csv.gz") --format sonde
fails 2 'unknown key "rat"' "$SONDE" trace synth "$TMP/two.yaml" -o "$TMP/no.csv" --set workload.0.rat=1/s
fails 2 "expected -o OUT" "$SONDE" trace synth "$TMP/two.yaml"
fails 2 "did you mean 'convert'" "$SONDE" trace covert
fails 1 "cannot create" "$SONDE" trace convert "$TMP/a.csv" "$TMP/none/a.csv" --format sonde

# Whole or absent: bad input leaves nothing, not even the temporary file.
printf '%s\n' arrival_s,service,input_tokens,output_tokens 0,a,1,1 1,a,x,1 >"$TMP/bad.csv"
mkdir "$TMP/empty"
fails 2 "bad.csv:3:5: input_tokens: expected a count of tokens" \
	"$SONDE" trace convert "$TMP/bad.csv" "$TMP/empty/o.csv" --format sonde
[ -z "$(ls -A "$TMP/empty")" ]
"$SONDE" trace convert "$TMP/bad.csv" "$TMP/empty/o.csv" --format sonde --lenient | grep -q '1 malformed'

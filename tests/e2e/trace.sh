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

# Functions: a tenant is a service, a request takes its function's duration.
printf '%s\n' app,func,end_timestamp,duration a,f1,0.25,0.25 a,f2,1.5,0.5 b,f1,2000.25,0.25 b,f3,3000.75,0.75 \
	a,f2,4000,0.5 >"$TMP/functions.csv"
cat >"$TMP/functions.yaml" <<'EOF'
copies: 2
replicas: 1
hop: 0s
engine: {kind: request, service_time: 0s, token_time: 1ms, slots: 10}
trace: {file: functions.csv, format: azure-functions-2021, token: 1ms, top: 1}
EOF
"$SONDE" run "$TMP/functions.yaml" --quiet --requests "$TMP/requests.csv" >"$TMP/out"
cut -d, -f2,3,5 "$TMP/requests.csv" >"$TMP/times"
printf '%s\n' service,arrival_ns,end_ns default-1,0,250000000 default-2,1000000000,1500000000 \
	default-1,2000000000000,2000250000000 default-2,3000000000000,3000750000000 \
	default-2,3999500000000,4000000000000 | cmp - "$TMP/times"
sed 's/top: 1/assign: [{tenant: f9, service: default-3}]/' "$TMP/functions.yaml" >"$TMP/assign.yaml"
fails 2 "trace.assign.0.service: no service is called 'default-3'" "$SONDE" run "$TMP/assign.yaml"

# Several traces, each into services of its own.
cat >"$TMP/many.yaml" <<'EOF'
services:
  - {name: chat, replicas: 1}
  - {name: f-a, replicas: 1}
  - {name: f-b, replicas: 1}
engine: {kind: request}
trace: {start: 1s}
traces:
  - {file: v.csv, format: vidur, services: chat}
  - {file: functions.csv, format: azure-functions-2021, services: f-*, start: 0s}
EOF
"$SONDE" run "$TMP/many.yaml" --quiet --requests "$TMP/requests.csv" >"$TMP/out"
cut -d, -f2,3 "$TMP/requests.csv" | sort -t, -k2n >"$TMP/times"
printf '%s\n' service,arrival_ns f-a,0 chat,1000000000 f-b,1000000000 chat,3000000000 f-a,2000000000000 \
	f-a,3000000000000 f-b,3999500000000 | sort -t, -k2n | cmp - "$TMP/times"
fails 2 "expected one of the two" "$SONDE" run "$TMP/many.yaml" --trace "$TMP/v.csv" --trace-format vidur
fails 2 "trace.services: no service is called 'f-c'" "$SONDE" run "$TMP/many.yaml" --set traces.1.services=f-a,f-c
fails 2 "traces.0 has no file" "$SONDE" run "$TMP/many.yaml" --set traces.0.file=
"$SONDE" trace info "$TMP/functions.csv" -f azure-functions-2021 --tenants >"$TMP/out"
printf '%s\n' tenant,requests,share f1,2,0.4 f2,2,0.4 f3,1,0.2 | cmp - "$TMP/out"

# Pod starts under an autoscaler: each call finds nobody, for they are further apart than it waits.
"$SONDE" trace info "$TMP/functions.csv" -f azure-functions-2021 --autoscaler kpa >"$TMP/out"
grep -q '^pod starts *5 by kpa for 3 services' "$TMP/out"
grep -q 'mean 0.00125, at most 1 in 1 s, 0.2 in 10 s' "$TMP/out"
"$SONDE" trace info "$TMP/functions.csv" -f azure-functions-2021 --autoscaler kpa --json --set autoscaler.min_scale=1 |
	grep -q '"pod_starts":{"autoscaler":"kpa","services":3,"started":3,'
"$SONDE" trace info "$TMP/functions.csv" -f azure-functions-2021 --set trace.tenant=app --autoscaler kpa |
	grep -q '^pod starts *4 by kpa for 2 services'
fails 2 'did you mean "kpa"' "$SONDE" trace info "$TMP/functions.csv" -f azure-functions-2021 --autoscaler kpaa
fails 2 'expected an option of reading the trace' "$SONDE" trace info "$TMP/b.csv.gz" -f sonde --set copies=2
fails 2 'did you mean trace.tick' "$SONDE" trace info "$TMP/b.csv.gz" -f sonde --set trace.tik=2s

# A pool of tenants, the same for the same seed.
mkdir "$TMP/pool"
for i in 1 2 3; do
	printf '0,0.%s,1,Gamma,0.5,1\r\n600,%s,1,Weibull,0.5,1\r\n' $i $i >"$TMP/pool/chunk-$i-trace.csv"
	echo '{"0": {"input_tokens": "{7: 0.5, 9: 0.5}", "output_tokens": "{3: 1.0}"}}' >"$TMP/pool/chunk-$i-dataset.json"
done
for i in 1 2; do
	"$SONDE" trace convert "$TMP/pool" "$TMP/pool$i.csv" -f servegen --seed 5 --set trace.length=15min >"$TMP/out"
done
cmp "$TMP/pool1.csv" "$TMP/pool2.csv"
"$SONDE" trace convert "$TMP/pool" "$TMP/pool2.csv" -f servegen --seed 6 --set trace.length=15min >"$TMP/out"
[ "$(cmp -s "$TMP/pool1.csv" "$TMP/pool2.csv" && echo same)" = "" ]
grep -q ',chunk-3,[79],3$' "$TMP/pool1.csv"

# Copies of unlike popularity share out what there is.
cat >"$TMP/zipf.yaml" <<'EOF'
copies: 3
zipf: 1
replicas: 1
engine: {kind: request}
workload: [{rate: 11/s, requests: 1103}]
EOF
"$SONDE" run "$TMP/zipf.yaml" --quiet --requests "$TMP/requests.csv" >"$TMP/out"
cut -d, -f2 "$TMP/requests.csv" | sort | uniq -c | awk '{ print $1, $2 }' >"$TMP/times"
printf '%s\n' '601 default-1' '301 default-2' '201 default-3' '1 service' | cmp - "$TMP/times"

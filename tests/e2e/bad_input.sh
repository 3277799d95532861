# The careless and the hostile user: every mistake costs one clear line on stderr and the right exit
# status; nothing comes out, nothing is left behind, and no assertion or sanitizer has a word to say.
set -eu
SONDE_DATA=$PWD
export SONDE_DATA
mkdir "$TMP/in" "$TMP/here"
cd "$TMP/here"
in=$TMP/in
cases=0 failures=0

# bad STATUS PATTERN ARGUMENT...: sonde ARGUMENT... exits with STATUS and one line that PATTERN (extended) matches.
bad() {
	want=$1 pattern=$2 status=0 why=
	shift 2
	cases=$((cases + 1))
	timeout -k 5 60 "$SONDE" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null || status=$?
	[ "$status" = "$want" ] || why="exit status $status, expected $want"
	[ ! -s "$TMP/out" ] || why="$why; it printed to stdout"
	[ "$(wc -l <"$TMP/err")" = 1 ] || why="$why; not one line"
	grep -qE -- "$pattern" "$TMP/err" || why="$why; expected /$pattern/"
	! grep -qE "Sanitizer|runtime error|Assertion|^sonde: *$" "$TMP/err" || why="$why; a bug"
	[ -z "$(ls -A)" ] || why="$why; it left $(ls -A | tr '\n' ' ')"
	[ "$(cd "$in" && ls -A | cksum)" = "$inputs" ] || why="$why; it left something beside its input"
	rm -rf ./* ./.[!.]*
	[ -z "$why" ] && return
	failures=$((failures + 1))
	echo "sonde $*: ${why#; }"
	sed 's/^/    /' "$TMP/err"
}

# set_bad PATTERN OPTION=VALUE...: a scenario that is sound but for these.
set_bad() {
	expect=$1 sets=
	shift
	for one; do
		sets="$sets --set $one"
	done
	# shellcheck disable=SC2086
	bad 2 "$expect" run "$in/ok.yaml" $sets --out r.db --requests r.csv --tape r.tape
}

# file_bad PATTERN TEXT: a scenario that says TEXT, by printf.
file_bad() {
	# shellcheck disable=SC2059
	printf "$2" >"$in/bad.yaml"
	bad 2 "^sonde: $in/bad.yaml$1" check "$in/bad.yaml"
}

cat >"$in/ok.yaml" <<'EOF'
name: ok
services:
  - name: chat
    replicas: 1
  - name: code
    autoscaler: {class: kpa, max_scale: 4}
workload:
  - {service: chat, rate: 20/s, requests: 40, input_tokens: 100, output_tokens: 10}
  - {service: code, rate: 20/s, requests: 4, input_tokens: 100, output_tokens: 10}
variants:
  - {name: one, set: {services.chat.replicas: 2}}
  - {name: two, set: {hop: 1ms}}
EOF
echo 'name: closed-form' >"$in/oracle.yaml"
: >"$in/bad.yaml"
echo 'workload: [{rate: 100/s, requests: 9000}]' >"$in/synth.yaml"
: >"$in/empty"
head -c 3000 /dev/zero >"$in/zeros"
printf 'hello\n' >"$in/text"
printf 'arrival_s,service,input_tokens,output_tokens\n0,chat,10,5\n1,chat,20,5\n' >"$in/t.csv"
printf 'arrival_s,service,input_tokens,output_tokens\n0,chat,10,5\n1,chap,20,5\n' >"$in/unknown.csv"
printf 'arrival_s,service,input_tokens,output_tokens\n0,chat,10,5\n1,chat,-20,5\n' >"$in/negative.csv"
printf 'arrival_s,service,input_tokens,output_tokens\n9,chat,10,5\n1,chat,20,5\n' >"$in/unsorted.csv"
printf 'arrival_s,service,input_tokens,output_tokens\n0,chat,10,5\n1,chat,20' >"$in/cut.csv"
printf 'arrival_s,service,input_tokens,output_tokens\n' >"$in/header.csv"
gzip -c "$in/t.csv" | head -c 40 >"$in/cut.csv.gz"
"$SONDE" run "$in/ok.yaml" --variant one --tape "$in/ok.tape" --out "$in/ok.db" >"$TMP/out"
head -c 5000 "$in/ok.tape" >"$in/cut.tape"
head -c 13 "$in/ok.tape" >"$in/head.tape"
sed '1s/ 1$/ 9/' "$in/ok.tape" >"$in/newer.tape"
{ cat "$in/ok.tape" && echo more; } >"$in/long.tape"
{ head -c 13 "$in/ok.tape" && head -c 9000 /dev/urandom; } >"$in/noise.tape"
ln -s loop.yaml "$in/loop.yaml"
inputs=$(cd "$in" && ls -A | cksum)

# --- the command line
bad 2 "no command 'rnu'.*did you mean 'run'" rnu
bad 2 "no command '--frobnicate'" --frobnicate
bad 2 'takes no arguments' version please
bad 2 'no scenario given' run
bad 2 'one scenario at a time' run "$in/ok.yaml" "$in/ok.yaml"
bad 2 'unknown option --sede, did you mean --seed\?' run "$in/ok.yaml" --sede 3
bad 2 'unknown option --speed' run "$in/ok.yaml" --speed 3
bad 2 'unknown option -x' run -x "$in/ok.yaml"
bad 2 -- '--set needs a value' run "$in/ok.yaml" --set
bad 2 -- '--json=yes: this option takes no value' run "$in/ok.yaml" --json=yes
bad 2 'expected KEY=VALUE' run "$in/ok.yaml" --set hop
bad 2 'expected KEY=VALUE' run "$in/ok.yaml" --set =3
for n in 0 -1 1.5 1e9 many nan; do
	bad 2 "^sonde: --seeds $n: expected a whole number from 1" run "$in/ok.yaml" --seeds $n
done
bad 2 'seed: "-1" is out of range' run "$in/ok.yaml" --seed -1
bad 2 'seed: "1e999" is too large' run "$in/ok.yaml" --seed 1e999
bad 2 'no variant is called "on"; did you mean "one"' run "$in/ok.yaml" --variant on
bad 2 'no variant is called "on"; did you mean "one"' check "$in/ok.yaml" --variant on
bad 2 -- '--(out|requests|tape): expected the name of a file' run "$in/ok.yaml" --out ''
bad 2 -- '--(out|requests|tape): expected the name of a file' run "$in/ok.yaml" --requests ''
bad 2 -- '--(out|requests|tape): expected the name of a file' run "$in/ok.yaml" --tape ''
bad 2 'are the same file' run "$in/ok.yaml" --tape same --requests same
bad 2 'is the scenario' run "$in/ok.yaml" --requests "$in/ok.yaml"
bad 2 'is the trace' run "$in/ok.yaml" --trace "$in/t.csv" --trace-format sonde --tape "$in/t.csv"
bad 2 "unknown world 'cloud': expected local" emu cloud "$in/ok.yaml"
bad 2 'no scenario given' emu local
for x in 0 -1 nan inf 1e9 fast; do
	bad 2 "^sonde: --speed $x: expected a factor" emu local "$in/ok.yaml" --speed $x
done
bad 2 'expected one scenario' check
bad 2 'takes no arguments' models all
bad 2 'no option is called "engine.kv_bloks"; did you mean "engine.kv_blocks"' help engine.kv_bloks
bad 2 'one key at a time' help hop seed
bad 2 'expected info, convert, synth or audit' trace
bad 2 "unknown command 'covert', did you mean 'convert'" trace covert

# --- the scenario file
bad 2 'nothere.yaml: no such file' run nothere.yaml
bad 2 'a directory; a YAML file is expected' run "$in"
bad 1 'loop.yaml: .*symbolic links' run "$in/loop.yaml"
bad 2 'the file is empty' run "$in/empty"
bad 2 'a binary file, not YAML text' run "$in/zeros"
bad 2 'a binary file, not YAML text' run "$in/ok.db"
bad 2 'expected a table of options' run "$in/text"
file_bad ':2:1: a tab stands where' 'name: x\n\treplicas: 2\n'
file_bad ': the file has no options' '# nothing\n'
file_bad ':1:7: the byte 0xff is not UTF-8' 'name: \377\n'
file_bad ':2:1: not valid YAML' 'name: [x\n'
file_bad ':2:1: unknown key "replcas"; did you mean "replicas"' 'name: x\nreplcas: 2\n'
file_bad ':2:1: the key "name" is given twice' 'name: x\nname: y\n'
file_bad ':1:11: services: expected a list' 'services: chat\n'
file_bad ':.*two elements are called "a"' 'services: [{name: a}, {name: a}]\n'
file_bad ':1:10: include: .*no such file' 'include: nothere.yaml\n'
file_bad ':.*includes itself' 'include: bad.yaml\n'
file_bad ':.*nested too deeply' 'about: &a [*a]\n'
file_bad ':3:1: a second document' 'name: x\n---\nname: y\n'
file_bad ': there is nothing to run' 'name: x\n'
file_bad ':.*unknown key "control_plane.plain"' 'variants: [{name: a, set: {control_plane.plain: x}}]\n'
file_bad ":.*no service is called 'chap'" 'services: [{name: chat, replicas: 1}]\nworkload: [{service: chap, requests: 3}]\n'
file_bad ":.*no service is called 'b'" \
	'services: [{name: a, replicas: 1, split: [{service: b, share: 9%%}]}]\nworkload: [{service: a, requests: 3}]\n'
file_bad ':.*is the service itself' \
	'services: [{name: a, replicas: 1, split: [{service: a, share: 9%%}]}]\nworkload: [{service: a, requests: 3}]\n'
file_bad ':.*add up to 140 %: expected at most 100 %' \
	'services: [{name: a, replicas: 1, split: [{service: b, share: 70%%}, {service: b, share: 70%%}]}, {name: b, replicas: 1}]
workload: [{service: a, requests: 3}]\n'
file_bad ':.*expected a name of at most 63 bytes' \
	'services: [{name: "a b", replicas: 1}]\nworkload: [{service: "a b", requests: 3}]\n'
file_bad ':.*pods: without `count` needs a `duration`' 'pods: {rate: 3/s}\n'
file_bad ':.*a pod takes 9 GPUs, but a node has 8' 'pods: {rate: 3/s, count: 3, gpus: 9}\n'
file_bad ':.*never ends' 'replicas: 1\nworkload: [{rate: 3/s}]\n'
file_bad ':.*replicas fit the 8 nodes' 'replicas: 65\nworkload: [{requests: 3}]\n'
file_bad ':.*replicas fit the 8 nodes' 'replicas: 1000000\nworkload: [{requests: 3}]\n'

# --- its values
set_bad 'unknown key "kv_bloks"; did you mean "kv_blocks"' services.chat.engine.kv_bloks=3
set_bad 'none is called "chta"' services.chta.replicas=3
set_bad 'workload has 2 elements' workload.7.rate=1/s
set_bad 'lacks its unit .*expected a time such as' hop=5
set_bad 'unknown unit "GiB" .*expected a time' hop=5GiB
set_bad 'unknown unit "s".*expected a (size|number)' services.chat.memory=5s
set_bad '"-5s" is out of range; expected 0s to' hop=-5s
set_bad '"1e30d" is too large' duration=1e30d
set_bad '"nan" is not a number' services.chat.engine.kv_blocks=nan
set_bad '"inf" is not a number' services.chat.engine.watermark=inf
set_bad '"1e999s" is too large' services.chat.slo.ttft=1e999s
set_bad '"2.5" is not a whole number' services.chat.replicas=2.5
set_bad 'block_tokens: "0" is out of range; expected 1 to' services.chat.engine.block_tokens=0
set_bad 'max_seqs: "0" is out of range' services.chat.engine.max_seqs=0
set_bad 'max_tokens: "0" is out of range' services.chat.engine.max_tokens=0
set_bad 'memory_share: "101%" is out of range' services.chat.engine.memory_share=101%
set_bad 'needs 15.0 GiB for its weights alone' services.chat.engine.memory_share=5%
set_bad 'llama-3-70b needs .* GiB for its weights alone' services.chat.model=llama-3-70b
set_bad "no llm 'llama-3-8c' in the catalogue; did you mean 'llama-3-8b'" services.chat.model=llama-3-8c
set_bad "no gpu '../gpu/a100-80g' in the catalogue" services.chat.gpu=../gpu/a100-80g
set_bad "no gpu '' in the catalogue" services.chat.gpu=
set_bad 'does not divide the 32 attention heads' services.chat.tensor_parallel=3
set_bad 'a pod takes 16 GPUs, but a node has 8' services.chat.tensor_parallel=16
set_bad 'milli-CPUs, but a node has' services.chat.cpu=1e9
set_bad 'GiB of memory, but a node has' services.code.memory=2TB
set_bad 'a node has 0 ' cluster.gpus=0
set_bad 'cluster.nodes is 0' cluster.nodes=0
set_bad 'nodes: "1000001" is out of range' cluster.nodes=1000001
set_bad 'max_nodes is 3, less than cluster.nodes' cluster.provision.max_nodes=3
set_bad 'rack_nodes: "0" is out of range' cluster.rack_nodes=0
set_bad "service 'chat': no node of the cluster has GPUs of type 'a100-80g'" cluster.gpu=h100
set_bad "provision.group: no group is called 'x'" cluster.provision.group=x
set_bad 'pods.gpus is 1.5: expected a share of one GPU' pods.rate=1/s pods.count=1 pods.gpus=1.5
set_bad 'pods.gpus is 0.0001: expected a share' pods.rate=1/s pods.count=1 pods.gpus=0.0001
set_bad "pods.gpu is 'T4', but the cluster names no types" pods.rate=1/s pods.count=1 pods.gpu=T4
set_bad 'gpu_share is 0.5 with tensor_parallel 2' gpu_share=0.5 tensor_parallel=2
set_bad 'nothere.csv: No such file' cluster.file=nothere.csv
set_bad 'no column "cpu_milli" in the header' "cluster.file=$in/t.csv"
set_bad 'nothere.csv: No such file' pods.file=nothere.csv
set_bad 'no column "cpu_milli" in the header' "pods.file=$in/t.csv"
set_bad 'nothing that starts any' services.chat.replicas=0
set_bad 'max_scale is 4, less than min_scale' services.code.autoscaler.min_scale=5
set_bad 'target: "-1" is out of range' services.code.autoscaler.target=-1
set_bad 'target_burst_capacity: "-2" is out of range' services.code.autoscaler.target_burst_capacity=-2
set_bad 'stable_window: "1s" is out of range' services.code.autoscaler.stable_window=1s
set_bad 'unknown value "kpaa"; expected one of none, kpa, per-request; did you mean "kpa"' services.code.autoscaler.class=kpaa
set_bad 'engine.cost.model is fitted, but' services.chat.engine.cost.model=fitted
set_bad 'unknown distribution "LM"' 'services.chat.engine.service_time=LM(1s,2s)'
set_bad '95th percentile is below the median' 'services.chat.engine.service_time=LN(3s,1s)'
set_bad 'expected LN\(p50,p95\), with nothing after' 'services.chat.engine.service_time=LN(3s,4s'
set_bad 'has a rate of 0' workload.0.rate=0/s
set_bad 'rate: "-1/s" is negative' workload.0.rate=-1/s
set_bad 'has a distribution as rate' 'workload.0.rate=LN(1/s,2/s)'
set_bad 'input_tokens: "-5" is negative' workload.0.input_tokens=-5
set_bad 'cannot open nothere.csv: No such file' workload.0.lengths=nothere.csv
set_bad 'ok.yaml:1:1: expected the header share,' "workload.0.lengths=$in/ok.yaml"
set_bad 'unknown key "fro"; did you mean "for"' 'workload.0.bursts=[{"fro":1s}]'
set_bad 'sample is 1 ns: expected at least 1ms' sample=1ns
set_bad 'nothing would be measured' duration=5s warmup=5s
set_bad 'copies: "1e6" is out of range' copies=1e6
set_bad 'copies is 80000: that makes 160000 services' copies=80000
set_bad 'workload.1.requests is 4, too few for 5 copies' copies=5
set_bad 'functional.min is 5, more than' control_plane.kind=functional control_plane.functional.min=5
set_bad 'functional.functions is 20, but the cluster has 8 nodes' control_plane.kind=functional \
	control_plane.functional.functions=20
set_bad 'oracle makes its own requests and servers: expected it without `services`' oracle.kind=mmc

oracle_bad() {
	expect=$1
	shift
	bad 2 "$expect" run "$in/oracle.yaml" --set oracle.requests=2000 "$@"
}
for kind in mmc mg1 power-of-d; do
	oracle_bad 'no steady state at 1 or more' --set oracle.kind=$kind --set oracle.load=1
done
oracle_bad 'more than the 3 queues' --set oracle.kind=power-of-d --set oracle.d=5 --set oracle.queues=3
oracle_bad 'at most partitions - 1' --set oracle.kind=home-partition --set oracle.partitions=2 --set oracle.probes=2
oracle_bad 'at most 1000000 can be simulated' --set oracle.kind=home-partition --set oracle.partitions=1e5 \
	--set oracle.capacity=1e5
oracle_bad 'unknown value "mmd"' --set oracle.kind=mmd
oracle_bad 'without `trace`' --set oracle.kind=mmc --trace "$in/t.csv" --trace-format sonde

# --- traces
trace_bad() { # PATTERN FILE FORMAT
	bad 2 "$1" run "$in/ok.yaml" --trace "$2" --trace-format "$3" --out r.db --requests r.csv --tape r.tape
}
trace_bad 'nothere.csv: No such file' nothere.csv sonde
trace_bad 'it is a directory, expected a file' "$in" sonde
trace_bad 'unknown trace format "sond".*did you mean "sonde"' "$in/t.csv" sond
trace_bad 'no column arrived_at' "$in/t.csv" vidur
trace_bad 't.csv|expected' "$in/zeros" sonde
trace_bad 'empty' "$in/empty" sonde
trace_bad 'unknown.csv:3:3: unknown service "chap".*did you mean "chat"' "$in/unknown.csv" sonde
trace_bad 'negative.csv:3:8: input_tokens' "$in/negative.csv" sonde
trace_bad 'cut.csv:3:' "$in/cut.csv" sonde
trace_bad 'cut.csv.gz.*truncated' "$in/cut.csv.gz" sonde
bad 2 'no trace format given: expected one of' run "$in/ok.yaml" --trace "$in/t.csv"
bad 2 'unsorted.csv:3:' run "$in/ok.yaml" --trace "$in/unsorted.csv" --trace-format sonde --set trace.reorder=0
bad 2 'loop: "0" is out of range' run "$in/ok.yaml" --trace "$in/t.csv" --trace-format sonde --trace-loop 0
bad 2 'can be read only once' run "$in/ok.yaml" --trace /dev/zero --trace-format sonde
trace_bad "holds no tenants" "$in" servegen
trace_bad 'expected a folder of chunk-N-trace.csv' "$in/t.csv" servegen
trace_bad 'cannot open nowhere' nowhere servegen
trace_bad 'no column Timestamp' "$in/t.csv" burstgpt
trace_bad 't.csv:1:1: expected an object of JSON' "$in/t.csv" mooncake
trace_bad 'no column end_timestamp|no column app' "$in/t.csv" azure-functions-2021
trace_bad 't.csv:1:1: expected the header HashOwner' "$in/t.csv" azure-functions-2019
bad 2 'unknown value "popular".*popularity' run "$in/ok.yaml" --trace "$in/t.csv" --trace-format sonde --set trace.map=popular
bad 2 'expected import FILE' cluster
bad 2 'expected one file' cluster import
bad 2 'nothere.json: No such file' cluster import nothere.json
bad 2 'expected a List in JSON' cluster import "$in/t.csv"
bad 2 'ok.yaml:1: expected a List in JSON' cluster import "$in/ok.yaml" --out o.yaml
bad 2 'unknown option --fry' cluster import "$in/ok.yaml" --fry
bad 2 'input_tokens' trace info "$in/negative.csv" --format sonde
bad 2 'input_tokens' trace convert "$in/negative.csv" o.csv --format sonde
bad 2 'cannot write format "vidur"' trace convert "$in/t.csv" o.csv --format sonde --to vidur
bad 2 'expected two files' trace convert "$in/t.csv" --format sonde
bad 1 'none/o.csv: No such file' trace convert "$in/t.csv" none/o.csv --format sonde
bad 2 'unknown key' trace synth "$in/ok.yaml" -o o.csv

# --- results and tapes
for command in compare report; do
	bad 2 'nothere.db: No such file' $command nothere.db
	bad 2 'it is a folder' $command "$in"
	bad 2 'not an SQLite file' $command "$in/text"
	bad 2 'it is empty' $command "$in/empty"
done
bad 2 'wanted' compare
bad 2 'nothing to compare' compare "$in/ok.db"
bad 2 'has no variant "tow"' compare "$in/ok.db" --a tow
bad 2 'has no run 9' report "$in/ok.db" --run 9 --out page
bad 2 'wants the id of a run' report "$in/ok.db" --run first
bad 2 'not an SQLite file' run "$in/ok.yaml" --out "$in/text"
bad 1 'cannot open none/r.db' run "$in/ok.yaml" --out none/r.db --requests r.csv --tape r.tape
bad 1 'cannot open /: ' run "$in/ok.yaml" --out / --requests r.csv --tape r.tape
bad 1 'cannot write none/r.csv: No such file' run "$in/ok.yaml" --requests none/r.csv --out r.db --tape r.tape
bad 1 'text/r.csv: Not a directory' run "$in/ok.yaml" --requests "$in/text/r.csv" --tape r.tape
bad 1 "none/r.tape': No such file" run "$in/ok.yaml" --tape none/r.tape --requests r.csv --out r.db
bad 1 "cannot write tape '/': " run "$in/ok.yaml" --tape /
bad 2 'expected one tape' replay
bad 2 'nothere.*No such file' replay nothere
for file in ok.db text empty newer.tape; do
	bad 2 "$file' is no tape \(or of another version\)" replay "$in/$file"
done
for file in cut head long noise; do
	bad 2 "$file.tape' is cut short" replay "$in/$file.tape"
done
bad 2 'is no tape|Is a directory' replay "$in"

# --- full disks
# A device of our own, where we may have one: a program that takes it for a file would replace it.
full=$TMP/full
{ mknod "$full" c 1 7 && : >>"$full"; } 2>/dev/null || full=/dev/full
bad 1 "cannot write $full: No space left" run "$in/ok.yaml" --requests "$full"
bad 1 "cannot write tape '$full': No space left" run "$in/ok.yaml" --tape "$full"
bad 1 "$full" run "$in/ok.yaml" --out "$full"
bad 1 "$full: No space left" trace convert "$in/t.csv" "$full" --format sonde
[ -c "$full" ]
full() { # PATTERN ARGUMENT...: with a full stdout
	expect=$1 status=0
	shift
	cases=$((cases + 1))
	"$SONDE" "$@" >"$full" 2>"$TMP/err" </dev/null || status=$?
	if [ "$status" != 1 ] || [ "$(wc -l <"$TMP/err")" != 1 ] || ! grep -q "$expect" "$TMP/err"; then
		failures=$((failures + 1))
		echo "sonde $* >$full: exit status $status" && cat "$TMP/err"
	fi
}
full 'No space left' run "$in/ok.yaml"
full 'No space left' run "$in/ok.yaml" --json
full 'No space left' check "$in/ok.yaml"
full 'No space left' help
full 'No space left' version
full 'No space left' models
full 'No space left' replay "$in/ok.tape"
full 'No space left' trace info "$in/t.csv" --format sonde
full 'No space left' emu -h
# A file may not grow past 16 KiB: what does not fit is not there at all, not in part.
real=$SONDE
SONDE=$TMP/limited
printf '#!/bin/bash\nulimit -f 16\nexec "%s" "$@"\n' "$real" >"$SONDE"
chmod +x "$SONDE"
bad 1 'File too large' run "$in/ok.yaml" --tape r.tape
bad 1 'r.db' run "$in/ok.yaml" --out r.db
bad 1 'File too large' run "$in/ok.yaml" --set workload.0.requests=4000 --requests r.csv
bad 1 'File too large' trace synth "$SONDE_DATA/traces/samples/burst.yaml" -o o.csv
SONDE=$real

# A disk of 64 KiB, where we may mount one: what does not fit is absent, and so is what went with it.
disk=$TMP/disk
mkdir "$disk"
# shellcheck disable=SC2016
if unshare -m true 2>/dev/null && unshare -m mount -t tmpfs -o size=64k none "$disk" 2>/dev/null; then
	small() { # PATTERN ARGUMENT...: exit status 1, one line, nothing left on the disk but whole pictures
		expect=$1 status=0
		shift
		cases=$((cases + 1))
		unshare -m bash -c 'mount -t tmpfs -o size=64k none "$1" && shift && cd "$0" || exit 9
			"$@" >out 2>"$0.err"
			status=$?
			find . -type f ! -name out ! -name "*.svg" ! -name "*.png" | grep . && exit 8
			find . -name "*.part*" | grep . && exit 8
			exit $status' "$disk" "$disk" "$SONDE" "$@" || status=$?
		[ $status = 1 ] && [ "$(wc -l <"$disk.err")" = 1 ] && grep -q "$expect" "$disk.err" && return
		failures=$((failures + 1))
		echo "sonde $* on a full disk: exit status $status" && cat "$disk.err"
	}
	small 'database or disk is full' run "$in/ok.yaml" --out r.db --requests r.csv --tape r.tape
	small 'No space left' run "$in/ok.yaml" --tape r.tape --set workload.0.requests=400 --set workload.1.requests=400
	small 'No space left' run "$in/ok.yaml" --requests r.csv --set workload.0.requests=4000
	small 'No space left' trace synth "$in/synth.yaml" -o o.csv
	small 'gnuplot' report "$in/ok.db" --out page
fi

echo "$cases cases, $failures failures"
[ "$failures" = 0 ] && [ "$cases" -ge 150 ]

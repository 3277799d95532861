# Ctrl-C, SIGTERM and worse in the middle: what had finished is kept and whole, what had not is absent or says
# so, and no process is left. Long work shows its progress on a terminal, and only there.
set -eu
cat >"$TMP/long.yaml" <<'END_OF_SCENARIO'
name: long
replicas: 2
sample: 0s
engine: {kind: request, service_time: 1ms}
workload: [{rate: 1000/s, requests: 1000000000000}]
variants:
  - {name: short, set: {workload.0.requests: 500}}
  - {name: long, set: {}}
END_OF_SCENARIO
cat >"$TMP/emu.yaml" <<'END_OF_SCENARIO'
name: emu
replicas: 3
workload: [{rate: 20/s, requests: 100000, input_tokens: 100, output_tokens: 20}]
END_OF_SCENARIO
cd "$TMP" && ln -s "$OLDPWD/models" models

# Whatever happens: nothing of ours goes on filling a disk.
pid='' feeder=''
trap 'kill -9 $pid $feeder 2>/dev/null || :' EXIT
say() {
	echo "$*"
	exit 1
}
wait_for() { # COMMAND...: until it succeeds
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	say "waited 30 s for: $*"
}
ended() { # STATUS: of the last background process
	status=0
	wait "$pid" || status=$?
	pid=
	[ "$status" = "$1" ] || { cat err && say "exit status $status, expected $1"; }
}
# The runs of the store, and whether its file is sound.
runs() {
	sqlite3 "$1" "PRAGMA integrity_check; SELECT variant || ' ' || status FROM run ORDER BY id" | tr '\n' ','
}
no_parts() {
	[ -z "$(find . -name '*.part*' -o -name '*-wal' -o -name '*-shm')" ] || say "left: $(ls)"
}
children() { # PID
	for stat in /proc/[0-9]*/stat; do
		{ read -r id _ _ parent _ <"$stat"; } 2>/dev/null && [ "$parent" = "$1" ] && echo "$id"
	done
	:
}
several() { # PID: it has replicas
	[ "$(children "$1" | wc -l)" -ge 3 ]
}

for signal in INT TERM; do
	rm -f r.*
	"$SONDE" run long.yaml --out r.db --requests r.csv --tape r.tape --json >out 2>err &
	pid=$!
	wait_for sh -c 'grep -q short r.csv.part-*' # the buffer of rows has been written: the second run is under way
	kill -$signal $pid
	ended 1
	grep -q 'stopping; once more' err
	grep -q 'stopped early' err
	[ "$(runs r.db)" = "ok,short done,long interrupted," ] || say "$(runs r.db)"
	awk -F, 'NR == 1 { n = NF } NF != n { exit 1 } END { exit NR < 501 }' r.csv || say "half a row"
	[ "$(tail -c 1 r.csv | od -An -c | tr -d ' ')" = '\n' ]
	grep -q '"status": "interrupted"' out
	"$SONDE" replay r.tape | grep -q 'the same bytes'
	no_parts
done

# Before anything has finished there is nothing to keep. Two in a row end it at once.
rm -f r.*
"$SONDE" run long.yaml --variant long --out r.db --requests r.csv --tape r.tape >out 2>err &
pid=$!
wait_for test -e r.db
kill -STOP $pid
kill -INT $pid
kill -TERM $pid
kill -CONT $pid
status=0
wait $pid || status=$?
pid=
case $status in
130 | 143) ;;
*) cat err && say "a second signal: exit status $status" ;;
esac
[ ! -e r.csv ] && [ ! -e r.tape ] || say "left: $(ls)"
[ -z "$(find . -name "*.part*")" ] || say "left: $(ls)"

# Whoever reads has gone.
for json in '' --json; do
	{
		status=0
		# shellcheck disable=SC2086
		"$SONDE" run long.yaml --variant short $json 2>err || status=$?
		echo $status >status
	} | :
	[ "$(cat status)" = 1 ] || say "a closed pipe: exit status $(cat status)"
	[ "$(wc -l <err)" -le 1 ]
done

# Emulation: replicas are processes, and end with it, however it ends.
for signal in INT TERM KILL; do
	rm -f r.*
	"$SONDE" emu local emu.yaml --out r.db --requests r.csv --tape r.tape >out 2>err &
	pid=$!
	wait_for several $pid
	replicas=$(children $pid)
	sleep 0.5
	kill -$signal $pid
	case $signal in
	KILL)
		ended 137
		sleep 1
		[ ! -e r.csv ] && [ ! -e r.tape ]
		rm -f r.*
		;;
	*)
		ended 1
		[ "$(runs r.db)" = "ok, interrupted," ] || say "$(runs r.db)"
		"$SONDE" replay r.tape | grep -q 'the same bytes'
		;;
	esac
	for replica in $replicas; do
		[ ! -e "/proc/$replica/exe" ] || say "SIG$signal: replica $replica is still there"
	done
	no_parts
done

# A trace half converted is none.
mkfifo slow.csv
printf 'arrival_s,service,input_tokens,output_tokens\n0,a,1,1\n' >head.csv
{ cat head.csv && exec sleep 60; } >slow.csv &
feeder=$!
"$SONDE" trace convert slow.csv o.csv --format sonde >out 2>err &
pid=$!
wait_for sh -c 'ls o.csv.*'
sleep 0.3
kill -INT $pid
kill $feeder
ended 1
[ -z "$(find . -name 'o.csv*')" ] || say "left: $(ls)"

# Progress: on a terminal, and not in a pipe, nor where it is not wanted.
run="timeout -s INT 1.5 '$SONDE' run long.yaml --variant long"
script -qec "$run" /dev/null </dev/null | tr '\r' '\n' >screen
grep -qE 'requests \([0-9]+ %\), .*/s, .* left' screen || { cat screen && say "no progress on a terminal"; }
script -qec "$run --quiet" /dev/null </dev/null | tr '\r' '\n' >screen
! grep -q 'requests (' screen || say "progress in spite of --quiet"
sh -c "$run" >out 2>err || :
! grep -q 'requests (' err || say "progress in a pipe"

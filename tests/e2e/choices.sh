# Power of d choices and Sparrow's sampling (cases V3 and V4 of docs/accuracy.md): within three half widths of the formula,
# or of another simulation. The long runs are those of docs/accuracy.md: power of d within 2 %, jobs within 2 % where each
# task has its own duration, and within what their noise allows where a job has one.
set -eu
rows=0 outside=0
# shellcheck source=tests/e2e/lib.sh
. tests/e2e/lib.sh

near sparrow search=random duration=task load=0.5 workers=1000 requests=2000
near sparrow search=late duration=job load=0.8 requests=3000
near sparrow search=batch duration=job load=0.8 requests=3000
near sparrow search=per-task duration=job load=0.8 requests=3000
if [ "${SONDE_TEST_LONG:-}" ]; then
	TOLERANCE=0.02
	for d in 1 2 3 5; do
		near power-of-d d=$d load=0.5 requests=1000000
		near power-of-d d=$d load=0.8 requests=2000000
	done
	near power-of-d d=1 load=0.9 requests=10000000
	near power-of-d d=1 load=0.95 requests=30000000
	for d in 2 3 5; do
		near power-of-d d=$d load=0.9 requests=4000000
		near power-of-d d=$d load=0.95 requests=8000000
	done
	for search in per-task batch late omniscient; do
		near sparrow search=$search duration=task load=0.8 requests=8000
		near sparrow search=$search duration=task load=0.9 requests=15000
		near sparrow search=$search duration=task load=0.95 requests=30000
	done
	TOLERANCE=0
	# At load 0.99 one choice would take 1e9 requests to settle.
	for d in 2 3 5; do
		near power-of-d d=$d load=0.99 requests=20000000
	done
	for load in 0.8 0.9 0.95; do
		for search in per-task batch late omniscient; do
			near sparrow search=$search duration=job load=$load requests=40000
		done
	done
fi
echo "$rows systems, $outside outside"
[ $outside = 0 ]

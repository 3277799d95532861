width = 1500; height = 760
load style
variants = '"no cache" gossip perfect'
set logscale x
set xlabel 'gossip every so many service times'
set xrange [0.008:12]
set xtics ('0.01' 0.01, '0.03' 0.03, '0.1' 0.1, '0.3' 0.3, 1, 3, 10)
set multiplot layout 1, 2 title 'A stale probe cache: 50 partitions of 10 slots, load 0.9, two probes'
share(name, where) = rows("SELECT x, avg(value / 2000), min(value / 2000), max(value / 2000) FROM point WHERE " . \
	"axis = 'gossip' AND name = '" . name . "' AND value IS NOT NULL AND " . where . " GROUP BY x ORDER BY x")
set ylabel 'pods that find no room (%)'
set yrange [0:*]
set key top left
plot for [i = 1:words(variants)] share('control_plane.unschedulable', variant(word(variants, i))) using 1:2:3:4 \
	with yerrorlines ls i title word(variants, i)
set ylabel 'probes per 100 pods'
unset key
plot for [i = 1:words(variants)] share('control_plane.probes', variant(word(variants, i))) using 1:2:3:4 \
	with yerrorlines ls i title word(variants, i)
unset multiplot

width = 1500; height = 1000
load style
set multiplot layout 2,2 title 'Time until the last pod of a burst is bound, by size of the cluster' font ',22' \
	margins 0.1, 0.97, 0.1, 0.9 spacing 0.1, 0.13
variants = 'central central-sampled functional direct functional-messages'
set logscale xy
set xrange [7:150000]
set yrange [0.001:10000]
eval "set ytics ".seconds
set xtics ('10' 10, '100' 100, '1,000' 1000, '10,000' 10000, '100,000' 100000)
array nodes[4] = [100, 1000, 10000, 100000]
array label[4] = ['100 nodes', '1,000 nodes', '10,000 nodes', '100,000 nodes']
do for [n = 1:4] {
	set title label[n] font ',20' offset 0,-0.6
	set xlabel n > 2 ? 'pods in the burst' : ''
	if (n == 1) { set key at graph 1.0, 0.98 right top } else { unset key }
	plot for [i = 1:words(variants)] rows("SELECT p.value, avg(f.value) FROM figure f \
		JOIN axis n ON n.run = f.run AND n.name = 'nodes' AND n.value = ".sprintf('%d', nodes[n])." \
		JOIN axis p ON p.run = f.run AND p.name = 'count' AND p.value <= 8 * n.value \
		WHERE f.name = 'scheduling_delay_s.max' AND f.variant = '".word(variants, i)."' \
		GROUP BY p.value ORDER BY p.value") using 1:2 with linespoints ls i title word(variants, i)
}
unset multiplot

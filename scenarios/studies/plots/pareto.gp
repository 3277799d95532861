width = 1700; height = 960
load style
set multiplot layout 1,2 title 'Speed against quality: pods of half a GPU to eight on 8,000 GPUs, 92 % asked for' font ',22' \
	margins 0.08, 0.975, 0.3, 0.87 spacing 0.07, 0
array family[8] = ['central', 'functional-4', 'functional-16', 'functional-64', 'shared', 'godel', 'two-level', 'sampling']
array label[8] = ['central (10 % of nodes, all)', 'functional, 4 (d = 0, 2)', 'functional, 16 (d = 0, 2, 8)', \
	'functional, 64 (d = 0, 2, 8)', 'shared', 'godel', 'two-level', 'sampling (2, 8 nodes)']
set style line 9 lc rgb '#882255' pt 10 lw 1.4
points(f, score) = rows("SELECT avg(d.value), 100 * avg(b.value / (b.value + r.value)) AS blocked FROM figure d \
	JOIN axis a ON a.run = d.run AND a.name = 'score' AND a.text = '".score."' \
	JOIN figure b ON b.run = d.run AND b.name = 'pods.unschedulable' JOIN figure r ON r.run = d.run AND r.name = 'pods.ready' \
	WHERE d.name = 'scheduling_delay_s.mean' AND (d.variant = '".f."' OR d.variant LIKE '".f."-%') GROUP BY d.variant ORDER BY blocked")
set logscale x
set xrange [0.0006:300]
eval "set xtics ".seconds
set xlabel 'mean scheduling delay'
set yrange [-0.6:18]
set format y '%.0f %%'
unset key
do for [s = 1:2] {
	set title s == 1 ? 'spread: pods that find no room' : 'pack: pods that find no room' font ',20' offset 0,-0.5
	plot for [i = 1:8] points(family[i], s == 1 ? '1' : '0') using 1:2 with linespoints ls i, \
		points('direct', s == 1 ? '1' : '0') using 1:2 with points ls 9
}
unset title; unset xlabel; unset tics; unset border; unset logscale
set lmargin at screen 0.02; set rmargin at screen 0.98; set bmargin at screen 0.0; set tmargin at screen 0.17
set key center center horizontal maxrows 3
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:8] NaN with linespoints ls i title label[i], NaN with points ls 9 title 'direct (random, scored)'
unset multiplot

width = 1700; height = 1150
load style
set multiplot layout 2,3 title 'Speed against quality: pods of half a GPU to eight on 8,000 GPUs, 92 % asked for' font ',22' \
	margins 0.075, 0.985, 0.24, 0.89 spacing 0.02, 0.06
array family[8] = ['central', 'functional-4', 'functional-16', 'functional-64', 'shared', 'godel', 'two-level', 'sampling']
array label[8] = ['central (10 % of nodes, all)', 'functional, 4 (d = 0, 2)', 'functional, 16 (d = 0, 2, 8)', \
	'functional, 64 (d = 0, 2, 8)', 'shared', 'godel', 'two-level', 'sampling (2, 8 nodes)']
set style line 9 lc rgb '#882255' pt 10 lw 1.4
points(f, score, y) = rows("SELECT avg(d.value), ".y." AS y FROM figure d \
	JOIN axis a ON a.run = d.run AND a.name = 'score' AND a.text = '".score."' \
	JOIN figure b ON b.run = d.run AND b.name = 'pods.unschedulable' JOIN figure r ON r.run = d.run AND r.name = 'pods.ready' \
	JOIN figure f ON f.run = d.run AND f.name = 'control_plane.fragmentation' \
	WHERE d.name = 'scheduling_delay_s.mean' AND (d.variant = '".f."' OR d.variant LIKE '".f."-%') GROUP BY d.variant ORDER BY y")
array quality[2] = ['100 * avg(b.value / (b.value + r.value))', '100 * avg(f.value)']
array named[2] = ['pods that find no room', 'free GPUs, of no use']
array score[3] = ['spread', 'pack', 'fgd']
set logscale x
set xrange [0.0004:300]
unset key
do for [q = 1:2] {
	if (q == 1) { set yrange [-0.6:15] } else { set yrange [-1:27] }
	do for [s = 1:3] {
		set title q == 1 ? score[s] : '' font ',20' offset 0,-0.6
		set ylabel s == 1 ? named[q] : ''
		if (s == 1) { set ytics auto; set format y '%.0f %%' } else { set format y '' }
		set xlabel q == 2 ? 'mean scheduling delay' : ''
		if (q == 2) { set xtics ('1 ms' 1e-3, '100 ms' 0.1, '10 s' 10) } else { set xtics ('' 1e-3, '' 0.1, '' 10) }
		plot for [i = 1:8] points(family[i], score[s], quality[q]) using 1:2 with linespoints ls i, \
			points('direct', score[s], quality[q]) using 1:2 with points ls 9
	}
}
unset ylabel
unset title; unset xlabel; unset tics; unset border; unset logscale
set lmargin at screen 0.02; set rmargin at screen 0.98; set bmargin at screen 0.0; set tmargin at screen 0.14
set key center center horizontal maxrows 3
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:8] NaN with linespoints ls i title label[i], NaN with points ls 9 title 'direct (random, scored)'
unset multiplot

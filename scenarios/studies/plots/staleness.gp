width = 1700; height = 1000
load style
variants = 'shared shared-sequence godel functional functional-no-cache'
array load[2] = ['128/s', '152/s']
array label[2] = ['80 % load', '95 % load']
set multiplot layout 2,2 title 'The age of information: what is wasted, and what it costs' font ',22' \
	margins 0.085, 0.97, 0.21, 0.87 spacing 0.09, 0.13
set logscale x
set xrange [0.008:12.5]
eval "set xtics ".seconds
unset key
join = " JOIN axis l ON l.run = s.run AND l.name = 'load' JOIN axis a ON a.run = s.run AND a.name = 'age' "
wasted(v, l) = rows("SELECT a.value, avg(w), min(w), max(w) FROM (SELECT run, variant, sum(CASE WHEN name IN ('control_plane.conflicts', \
	'control_plane.probe_false_positives', 'control_plane.probe_false_negatives') THEN value END) / \
	sum(CASE WHEN name = 'control_plane.placements' THEN value END) AS w FROM figure GROUP BY run) s ".join." \
	WHERE variant = '".v."' AND l.text = '".l."' GROUP BY a.value ORDER BY a.value")
delay(v, l) = rows("SELECT a.value, avg(s.value), min(s.value), max(s.value) FROM figure s ".join." \
	WHERE s.name = 'scheduling_delay_s.mean' AND variant = '".v."' AND l.text = '".l."' GROUP BY a.value ORDER BY a.value")
set title label[1].': wasted per placement' font ',20' offset 0,-0.6
set yrange [-0.1:4]
set ytics 1
plot for [i = 1:5] wasted(word(variants, i), load[1]) using 1:2 with linespoints ls i
set title label[2].': wasted per placement'
plot for [i = 1:5] wasted(word(variants, i), load[2]) using 1:2 with linespoints ls i
set logscale y
set yrange [0.001:40]
eval "set ytics ".seconds
set xlabel 'age of information, at most'
set title label[1].': mean scheduling delay'
plot for [i = 1:5] delay(word(variants, i), load[1]) using 1:2 with linespoints ls i
set title label[2].': mean scheduling delay'
plot for [i = 1:5] delay(word(variants, i), load[2]) using 1:2 with linespoints ls i
unset title; unset xlabel; unset tics; unset border; unset logscale
set lmargin at screen 0.02; set rmargin at screen 0.98; set bmargin at screen 0.0; set tmargin at screen 0.09
set key center center horizontal maxrows 1
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:5] NaN with linespoints ls i title word(variants, i)
unset multiplot

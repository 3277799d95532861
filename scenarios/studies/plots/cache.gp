width = 1700; height = 820
load style
variants = 'no-cache answers gossip-10s gossip-1s perfect'
array label[5] = ['no cache', 'answers alone', 'gossip every 10 s', 'gossip every 1 s', 'perfect']
set multiplot layout 1,2 title '100 partitions of 10 GPUs at 90 %, two others asked: pods refused' font ',22' \
	margins 0.075, 0.975, 0.27, 0.85 spacing 0.07, 0
# Without a cache (control-plane case V8): p = ErlangB(C, load theta), theta = 1 + p (1 - p^d) / (1 - p), refused p^(d + 1).
p = 0.3
do for [n = 1:200] {
	a = 9.0 * (1 + p * (1 + p))
	b = 1.0
	do for [c = 1:10] { b = a * b / (c + a * b) }
	p = 0.5 * p + 0.5 * b
}
refused(v) = rows("SELECT x, avg(s), min(s), max(s) FROM (SELECT p.x AS x, 100 * p.value / (SELECT sum(value) FROM figure a WHERE \
	a.run = p.run AND a.name IN ('pods.ready', 'pods.unschedulable')) AS s FROM point p WHERE p.axis = 'age' AND \
	p.name = 'pods.unschedulable' AND p.variant = '".v."') GROUP BY x ORDER BY x")
cost(v) = rows("SELECT avg(m.value / d.value), avg(100 * u.value / (u.value + r.value)) FROM figure m JOIN figure d ON d.run = m.run AND \
	d.name = 'control_plane.placements' JOIN figure u ON u.run = m.run AND u.name = 'pods.unschedulable' JOIN figure r ON \
	r.run = m.run AND r.name = 'pods.ready' JOIN axis a ON a.run = m.run AND a.value = 100 WHERE m.name = \
	'control_plane.messages' AND m.variant = '".v."'")
set yrange [-0.2:6]
set format y '%.0f %%'
set logscale x
set title 'by the age to which the cache is believed' font ',20' offset 0,-0.5
set xlabel 'age of an answer, at most'
set xrange [0.8:380]
set xtics ('1 s' 1, '3 s' 3, '10 s' 10, '30 s' 30, '100 s' 100, '300 s' 300)
unset key
plot for [i = 1:5] refused(word(variants, i)) using 1:2:3:4 with yerrorlines ls i, \
	100 * p ** 3 with lines lc rgb '#888888' dt 2
set title 'by messages, believed for 100 s' font ',20'
set xlabel 'messages per placement'
set xrange [2:200]
set xtics (2, 5, 10, 20, 50, 100, 200)
plot for [i = 1:5] cost(word(variants, i)) using 1:2 with points ls i ps 2
unset title; unset xlabel; unset tics; unset border; unset logscale
set lmargin at screen 0.02; set rmargin at screen 0.98; set bmargin at screen 0.0; set tmargin at screen 0.14
set key center center horizontal maxrows 2
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:5] NaN with linespoints ls i title label[i], NaN with lines lc rgb '#888888' dt 2 title 'closed form, no cache'
unset multiplot

width = 1700; height = 800
load style
variants = 'central functional-8 functional-8-cache functional-50 functional-50-cache sampling sampling-late'
array load[3] = ['12.8/s', '14.4/s', '15.2/s']
array label[3] = ['80 % load', '90 % load', '95 % load']
set multiplot layout 1,3 title 'Messages and mean scheduling delay per placement, d = 1, 2, 4, 8' font ',22' \
	margins 0.075, 0.985, 0.24, 0.83 spacing 0.025, 0
set logscale xy
set xrange [0.8:30]
set yrange [0.0008:30]
set xtics (1, 2, 3, 5, 10, 20)
unset key
point(v, l) = rows("SELECT avg(m.value / p.value), avg(s.value), d.value FROM figure s \
	JOIN axis l ON l.run = s.run AND l.name = 'load' AND l.text = '".l."' JOIN axis d ON d.run = s.run AND d.name = 'd' \
	JOIN figure m ON m.run = s.run AND m.name = 'control_plane.messages' \
	JOIN figure p ON p.run = s.run AND p.name = 'control_plane.placements' \
	WHERE s.name = 'scheduling_delay_s.mean' AND s.variant = '".v."' GROUP BY d.value ORDER BY d.value")
do for [n = 1:3] {
	set title label[n] font ',20' offset 0,-0.6
	set xlabel 'messages per placement'
	if (n > 1) { set ytics ('' 1e-3, '' 0.01, '' 0.1, '' 1, '' 10) } else { eval "set ytics ".seconds }
	plot for [i = 1:words(variants)] point(word(variants, i), load[n]) using 1:2 with linespoints ls i, \
		for [i = 6:7] point(word(variants, i), load[n]) using 1:2:(sprintf('%.0f', $3)) with labels offset 1.2,0.5 font ',14' tc rgb colour[i]
}
unset title; unset xlabel; unset tics; unset border; unset logscale
set lmargin at screen 0.02; set rmargin at screen 0.98; set bmargin at screen 0.0; set tmargin at screen 0.12
set key center center horizontal maxrows 2
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:words(variants)] NaN with linespoints ls i title word(variants, i)
unset multiplot

width = 1600; height = 760
load style
array plane[5] = ['central', 'shared', 'functional', 'central-fast', 'functional-fast']
array label[5] = ['central', 'shared, 8', 'functional, 8', 'central, noticed in 1 s', 'functional, noticed in 1 s']
set multiplot layout 1,5 title 'A scheduler, or one of eight, dies at 40 s: delay of every pod, by when it was created (one seed)' font ',21' \
	margins 0.075, 0.99, 0.14, 0.82 spacing 0.012, 0
set xrange [34:66]
set xtics (40, 50, 60)
set logscale y
set yrange [0.003:30]
unset key
do for [p = 1:5] {
	if (p > 1) { set ytics ('' 0.01, '' 0.1, '' 1, '' 10) } else { eval "set ytics ".seconds }
	set title label[p] font ',17' offset 0,-0.6
	set xlabel p == 3 ? 'created at (s)' : ' '
	plot rows("SELECT created_ns / 1e9, (bound_ns - created_ns) / 1e9 FROM pod JOIN run ON run.id = run WHERE variant = '". \
		plane[p]."' AND seed = 1 AND created_ns BETWEEN 34e9 AND 66e9 AND bound_ns > created_ns") using 1:2 with points pt 7 ps 0.35 lc rgb colour[1]
}
unset multiplot

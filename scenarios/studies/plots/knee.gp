width = 1500; height = 800
load style
variants = 'default tuned direct workers'
names = '"central, default limits" "central, limits raised" "direct, workers for nothing" "direct, 25 sandboxes/s a worker"'
set title 'Cold starts: time to answer, p99' offset 0,-0.4
set logscale xy
set xlabel 'cold starts offered a second'
set xrange [0.45:450]
set xtics (0.5, 1, 2, 3, 5, 10, 25, 50, 100, 200, 400)
set yrange [0.12:120]
set ytics ('0.2 s' 0.2, '0.5 s' 0.5, '1 s' 1, '2 s' 2, '5 s' 5, '10 s' 10, '20 s' 20, '1 min' 60)
set key outside right center
# Dirigent's artefact, read off its plots: Knative p99 at 1/s, and p50 at 2 and 3/s; Dirigent p99 at 1, 100 and 150/s.
$knative << EOD
1|3.3
EOD
$knative50 << EOD
1|1.78
2|2.49
3|5
EOD
$dirigent << EOD
1|0.18
100|0.4
150|1.05
EOD
# PulseNet: a tuned Knative makes 50 a second.
set arrow from 50, 0.12 to 50, 120 nohead dt 2 lc rgb colour[2] lw 1
set label 'tuned Knative, published: 50/s' at 47, 0.15 right textcolor rgb colour[2]
plot for [i = 1:words(variants)] curve('rate', 'ttft_s.p99', variant(word(variants, i))) using 1:2:3:4 \
	with yerrorlines ls i title word(names, i), \
	$knative using 1:2 with points pt 2 ps 2.5 lw 2 lc rgb colour[1] title 'Knative, published p99', \
	$knative50 using 1:2 with points pt 1 ps 2.5 lw 2 lc rgb colour[1] title 'Knative, published p50', \
	$dirigent using 1:2 with points pt 2 ps 2.5 lw 2 lc rgb colour[3] title 'Dirigent, published p99'

width = 1440; height = 860
load style


set title 'Pods that find no room, 95 % offered load, 1,600 GPUs' offset 0,-0.4
set logscale xy
set xlabel 'GPUs of a partition (of 1,600)'
set ylabel 'share of pods refused'
set xrange [7:1800]
set yrange [0.0005:0.4]
set xtics (8, 16, 40, 80, 160, 320, 800, '1,600' 1600)
set ytics ('0.05 %%' 0.0005, '0.1 %%' 0.001, '0.2 %%' 0.002, '0.5 %%' 0.005, '1 %%' 0.01, '2 %%' 0.02, '5 %%' 0.05, '10 %%' 0.1, '20 %%' 0.2, '40 %%' 0.4)
set key bottom left
set style line 20 lc rgb '#888888' lw 1.2 dt 2
blocked(d) = rows("SELECT 1600.0 / x, avg(share), min(share), max(share) FROM (SELECT p.x AS x, \
	p.value / (SELECT sum(value) FROM figure a WHERE a.run = p.run AND a.name IN ('pods.ready', 'pods.unschedulable')) AS share \
	FROM point p JOIN axis d ON d.run = p.run AND d.name = 'd' AND d.value = ".d." WHERE p.axis = 'functions' AND \
	p.name = 'pods.unschedulable') GROUP BY x ORDER BY x")
array size[8] = [8, 16, 40, 80, 160, 320, 800, 1600]
set print $form
do for [i = 1:8] {
	b = 1.0
	do for [c = 1:size[i]] { b = 0.95 * size[i] * b / (c + 0.95 * size[i] * b) }
	print sprintf('%d|%g', size[i], b)
}
unset print
array probes[4] = [0, 1, 2, 4]
plot for [i = 1:4] blocked(sprintf('%d', probes[i])) using 1:2:3:4 with yerrorlines ls i \
	title i == 1 ? 'no other is asked' : i == 2 ? 'one other is asked' : sprintf('up to %d others are asked', probes[i]), \
	$form using 1:2 with lines ls 20 title "Erlang's formula for the partition"

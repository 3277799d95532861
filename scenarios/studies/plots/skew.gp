width = 1440; height = 760
load style
set title 'Half of the partitions begin nearly full: scheduling delay p99' offset 0,-0.4
set logscale y
set xlabel 'share of the free GPUs that is asked for'
set xrange [0.25:0.97]
set yrange [0.04:8]
set format x '%.0f %%'
set xtics ('29 %%' 0.288, '50 %%' 0.505, '72 %%' 0.721, '87 %%' 0.865, '94 %%' 0.9375)
eval "set ytics ".seconds
set ytics add ('50 ms' 0.05, '200 ms' 0.2, '500 ms' 0.5, '2 s' 2, '5 s' 5)
set key top left
delay(d, r) = rows("SELECT x * 30 / 416, avg(p.value), min(p.value), max(p.value) FROM point p JOIN axis d ON d.run = p.run AND d.name = 'd' \
	AND d.value = ".d." JOIN axis r ON r.run = p.run AND r.name = 'rebalance' AND r.value = ".r." WHERE p.axis = 'rate' AND \
	p.name = 'scheduling_delay_s.p99' GROUP BY x ORDER BY x")
plot delay('0', '0') using 1:2:3:4 with yerrorlines ls 2 title 'no probes, fixed partitions', \
	delay('0', '2') using 1:2:3:4 with yerrorlines ls 1 title 'no probes, nodes move', \
	delay('2', '0') using 1:2:3:4 with yerrorlines ls 3 title 'two others probed, fixed partitions', \
	delay('2', '2') using 1:2:3:4 with yerrorlines ls 5 title 'two others probed, nodes move'

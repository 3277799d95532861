width = 1440; height = 760
load style
set title 'Every service in the hands of one of eight functions: scheduling delay p99' offset 0,-0.4
set logscale y
set xlabel 'skew of popularity (Zipf exponent)'
set xrange [-0.1:1.7]
set yrange [0.005:60]
eval "set ytics ".seconds
set key top left
delay(d, r) = rows("SELECT x, avg(p.value), min(p.value), max(p.value) FROM point p JOIN axis d ON d.run = p.run AND d.name = 'd' \
	AND d.value = ".d." JOIN axis r ON r.run = p.run AND r.name = 'rebalance' AND r.value = ".r." WHERE p.axis = 'zipf' AND \
	p.name = 'scheduling_delay_s.p99' GROUP BY x ORDER BY x")
plot delay('0', '0') using 1:2:3:4 with yerrorlines ls 2 title 'no probes, fixed partitions', \
	delay('0', '2') using 1:2:3:4 with yerrorlines ls 1 title 'no probes, nodes move', \
	delay('2', '0') using 1:2:3:4 with yerrorlines ls 3 title 'two others probed, fixed partitions', \
	delay('2', '2') using 1:2:3:4 with yerrorlines ls 5 title 'two others probed, nodes move'

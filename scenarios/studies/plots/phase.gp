width = 1700; height = 1500
load style
array kind[7] = ['autoscaler decides', 'control plane', 'nodes provisioned', 'sandbox, readiness', 'weights', 'engine init', 'queueing']
array paint[7] = [0xBBBBBB, 0xCC6677, 0x332288, 0xDDCC77, 0x88CCEE, 0x44AA99, 0xAA4499]
array ink[7] = [0x222222, 0x222222, 0xFFFFFF, 0x222222, 0x222222, 0x222222, 0x222222]
array plane[3] = ['central-default', 'central-tuned', 'functional-tuned']
array name[3] = ['central, default limits', 'central, tuned limits', 'functional, tuned limits']
array case[3] = ['restored', 'from-nothing', 'new-nodes']
array what[3] = ['engine restored, 3 s', 'engine from nothing, 40 s', 'engine restored, new nodes']
largest(v, case) = rows("WITH part AS (SELECT run, CASE substr(name, 17) \
	WHEN 'cold_start.decision' THEN 1 WHEN 'cold_start.control' THEN 2 WHEN 'cold_start.scheduling' THEN 2 \
	WHEN 'cold_start.endpoint' THEN 2 WHEN 'cold_start.provision' THEN 3 WHEN 'cold_start.image' THEN 5 \
	WHEN 'cold_start.weights' THEN 5 WHEN 'cold_start.init' THEN 6 WHEN 'activator' THEN 7 WHEN 'gateway' THEN 7 \
	WHEN 'queue_proxy' THEN 7 WHEN 'batch_wait' THEN 7 WHEN 'decode' THEN 0 ELSE 4 END AS kind, sum(value) AS s \
	FROM figure WHERE variant = '".v."' AND name LIKE 'latency_parts_s.%' GROUP BY run, kind) \
	SELECT b.value, w.value, kind, max(s), round(100 * max(s) / sum(s)) FROM part \
	JOIN axis b ON b.run = part.run AND b.name = 'burst' JOIN axis w ON w.run = part.run AND w.name = 'weights' \
	JOIN axis c ON c.run = part.run AND c.name = 'case' AND c.text = '".case."' WHERE kind > 0 GROUP BY part.run")
# Ready-made scenarios: pods wanted in their busiest second, and the mean of image and weights together.
spot(scenario) = from(placed, "SELECT max(n), (SELECT sum(value) FROM metric m JOIN run ON run.id = m.run WHERE scenario = \
	'".scenario."' AND service = '' AND name IN ('cold_start_phases_s.image.mean', 'cold_start_phases_s.weights.mean')) \
	FROM (SELECT count(*) AS n FROM pod JOIN run ON run.id = pod.run WHERE scenario = '".scenario."' GROUP BY \
	wanted_ns / 1000000000)")
# The values go 1, 3, 10, 32, ...: borders half way between them, in logarithms.
below(x) = x / (log10(x) - floor(log10(x) + 0.01) > 0.4 ? 1.75 : 1.8)
above(x) = x * (log10(x) - floor(log10(x) + 0.01) > 0.4 ? 1.8 : 1.75)
# Each stands where engines start as its own do.
array known[6] = ['azure-conv', 'quickstart', 'flash-crowd', 'rolling-upgrade', 'shrunk-pool', 'zone-loss']
array at[6] = [2, 1, 1, 1, 1, 2]
array sign[6] = [6, 12, 4, 8, 10, 14]
do for [i = 1:6] { set style line 10 + i pt sign[i] ps 2.1 lw 1.6 lc rgb '#000000' }
set multiplot title 'The largest part of the mean TTFT, and its share in percent' font ',24'
set logscale xy
set xrange [0.55:18000]
set yrange [0.166:176]
set ytics ('0.3 s' 0.3, '1 s' 1, '3 s' 3, '10 s' 10, '30 s' 30, '100 s' 100) scale 0.4
unset grid
unset key
set style fill solid 0.8 noborder
do for [row = 1:3] {
	set tmargin at screen 0.89 - (row - 1) * 0.265
	set bmargin at screen 0.675 - (row - 1) * 0.265
	set xtics ('1' 1, '10' 10, '100' 100, '1,000' 1000, '10,000' 10000) scale 0.4
	do for [p = 1:3] {
		set lmargin at screen 0.12 + (p - 1) * 0.295
		set rmargin at screen 0.395 + (p - 1) * 0.295
		if (p == 1) { set format y '%h' } else { set format y '' }
		if (p > 1) { set ytics ('' 0.3, '' 1, '' 3, '' 10, '' 30, '' 100) } else { \
			set ytics ('0.3 s' 0.3, '1 s' 1, '3 s' 3, '10 s' 10, '30 s' 30, '100 s' 100) }
		set title row == 1 ? name[p] : '' font ',20' offset 0,-0.5
		set xlabel row == 3 ? 'requests in the burst, a pod each' : '' font ',18'
		if (p == 1) { set label 1 what[row] at screen 0.015, 0.782 - (row - 1) * 0.265 rotate center font ',20'; \
			set label 2 'weights take' at screen 0.045, 0.782 - (row - 1) * 0.265 rotate center font ',17' }
		cells = largest(plane[p], case[row])
		plot cells using 1:2:(below($1)):(above($1)):(below($2)):(above($2)):(paint[int($3)]) with boxxyerror \
			lc rgb variable, cells using 1:2:(sprintf('%.0f', $5)):(ink[int($3)]) with labels font ',14' tc rgb variable, \
			for [i = 1:6] (row == at[i] ? spot(known[i]) : rows('SELECT 1e9, 1e9')) with points ls 10 + i
	}
}
# The key has the width of the page.
unset title; unset xlabel; unset tics; unset border; unset label 1; unset label 2; unset logscale
set lmargin at screen 0.02; set rmargin at screen 0.98; set bmargin at screen 0.0; set tmargin at screen 0.075
set key center center horizontal maxrows 3 width 0.5 font ',18'
set xrange [0:1]; set yrange [0:1]
plot for [k = 1:7] NaN with boxes lc rgb paint[k] title kind[k], for [i = 1:6] NaN with points ls 10 + i title known[i]
unset multiplot

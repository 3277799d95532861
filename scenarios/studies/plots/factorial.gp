width = 1700; height = 900
load style
schedulers = 'central functional shared godel two-level lean'
set multiplot layout 2,2 title 'Scheduler x state path x client limits, one flash crowd' font ',22' \
	margins 0.09, 0.96, 0.17, 0.87 spacing 0.12, 0.16
array state[4] = ['api', 'api', 'api', 'direct']
array limits[4] = ['default', 'tuned', 'unlimited', 'tuned']
array label[4] = ['API server, default limits', 'API server, tuned limits', 'API server, no limits', 'messages']
unset key
set yrange [6.6:0.4]
set ytics ('central' 1, 'functional' 2, 'shared' 3, 'godel' 4, 'two-level' 5, 'lean' 6)
of(i, name) = "SELECT f.variant AS v, ".name." AS y FROM figure f JOIN axis s ON s.run = f.run AND s.name = 'state' AND \
	s.text = '".state[i]."' JOIN axis l ON l.run = f.run AND l.name = 'limits' AND l.text = '".limits[i]."'"
place = "instr('central    functional shared     godel      two-level  lean', v) / 11 + 1"
dots(i, name) = rows("SELECT ".place.", avg(y), min(y), max(y) FROM (".of(i, 'f.value')." WHERE f.name = '".name."') GROUP BY v")
busiest(i) = rows("SELECT ".place.", avg(y), min(y), max(y) FROM (".of(i, "(SELECT max(n) FROM (SELECT count(*) AS n \
	FROM pod WHERE pod.run = f.run AND bound_ns IS NOT NULL GROUP BY bound_ns / 1000000000))")." WHERE f.name = 'cold_starts') GROUP BY v")
shift(i) = (i - 2.5) * 0.14
set title 'TTFT p99' offset 0,-0.6
set logscale x
set xrange [4:30]
set xtics ('4 s' 4, '6 s' 6, '10 s' 10, '20 s' 20, '30 s' 30)
plot for [i = 1:4] dots(i, 'ttft_s.p99') using 2:($1 + shift(i)):3:4 with xerrorbars ls i
set title 'Requests within 5 s to the first token, per second'
unset logscale x
set xrange [0:400]
set xtics 100
plot for [i = 1:4] dots(i, 'goodput_requests_per_s') using 2:($1 + shift(i)):3:4 with xerrorbars ls i
set title 'Scheduling delay p99'
set logscale x
set xrange [0.002:0.3]
eval "set xtics ".seconds
plot for [i = 1:4] dots(i, 'scheduling_delay_s.p99') using 2:($1 + shift(i)):3:4 with xerrorbars ls i
set title 'Pods bound in the busiest second'
set xrange [10:1000]
set xtics (10, 20, 50, 100, 200, 500, '1,000' 1000)
plot for [i = 1:4] busiest(i) using 2:($1 + shift(i)):3:4 with xerrorbars ls i
# The key has the width of the page.
unset title; unset tics; unset border; unset logscale
set size 1, 0.08; set origin 0, 0
set lmargin at screen 0.02; set rmargin at screen 0.98; set bmargin at screen 0.0; set tmargin at screen 0.08
set key center center horizontal maxrows 1
set xrange [0:1]; set yrange [0:1]
plot for [i = 1:4] NaN with points ls i title label[i]
unset multiplot

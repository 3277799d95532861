width = 1440; height = 760
load style
variants = 'central functional shared godel sampling'
set title '79 % load, nodes fail, a scheduler dies every 5 minutes: mean scheduling delay' offset 0,-0.4
set logscale xy
set xlabel 'time between two failures of nodes (each for 10 minutes, of 200)'
set xrange [800:15]
set xtics ('10 min' 600, '200 s' 200, '60 s' 60, '30 s' 30, '20 s' 20)
set yrange [0.01:3]
eval "set ytics ".seconds
set key outside right center
delay(v) = rows("SELECT CAST(substr(text, 5) AS REAL) AS every, avg(value), min(value), max(value) FROM point WHERE \
	axis = 'between-failures' AND name = 'scheduling_delay_s.mean' AND ".variant(v)." GROUP BY every ORDER BY every")
plot for [i = 1:words(variants)] delay(word(variants, i)) using 1:2:3:4 with yerrorlines ls i title word(variants, i)

width = 1500; height = 640
load style
set multiplot layout 1,2 title 'Six quiet hours' font ',22' margins 0.2, 0.97, 0.16, 0.82 spacing 0.05, 0
array plane[7] = ['central', 'functional', 'functional-16', 'shared-8', 'godel', 'two-level', 'direct']
unset key
set yrange [7.6:0.4]
set ytics ('central' 1, 'functional, 1 to 16' 2, 'functional, 16' 3, 'shared, 8' 4, 'godel' 5, 'two-level' 6, 'direct' 7)
dot(i, name) = rows("SELECT ".i.", avg(value), min(value), max(value) FROM figure WHERE name = '".name."' AND ".variant(plane[i]))
set title 'core-hours that the control plane held, idle' font ',18' offset 0,-0.4
set logscale x
set xrange [4:130]
set xtics (6, 12, 24, 48, 96)
plot for [i = 1:7] dot(i, 'control_plane.idle_core_hours') using 2:1:3:4 with xerrorbars ls 1
set title 'TTFT p50 of requests, nearly all of them cold' font ',18'
unset logscale x
set xrange [0:6]
set xtics ('0 s' 0, '1 s' 1, '2 s' 2, '3 s' 3, '4 s' 4, '5 s' 5, '6 s' 6)
set ytics ('' 1, '' 2, '' 3, '' 4, '' 5, '' 6, '' 7)
plot for [i = 1:7] dot(i, 'ttft_s.p50') using 2:1:3:4 with xerrorbars ls 2
unset multiplot

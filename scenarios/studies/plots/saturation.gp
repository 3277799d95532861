width = 1500; height = 760
load style
variants = 'central-default central-tuned functional-tuned central-64-servers functional-64-servers central-messages direct functional-messages'
set title 'Sleeping services are woken: cold start p99, wanted to routable' offset 0,-0.4
set logscale xy
set xlabel 'services woken a second'
set xrange [0.8:2500]
set xtics (1, 2, 5, 10, 20, 50, 100, 200, 500, '1k' 1000, '2k' 2000)
set yrange [0.5:400]
set ytics ('0.5 s' 0.5, '1 s' 1, '2 s' 2, '5 s' 5, '10 s' 10, '20 s' 20, '1 min' 60, '5 min' 300)
set key outside right center
plot for [i = 1:words(variants)] curve('offered', 'cold_start_s.p99', variant(word(variants, i))) using 1:2:3:4 \
	with yerrorlines ls i title word(variants, i)

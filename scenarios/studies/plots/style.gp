# How the pictures of the studies look, and where their numbers come from: `db` is the results file, `out` the picture,
# `views` the file views.sql.
set encoding utf8
set terminal pngcairo size width, height font 'DejaVu Sans,20' linewidth 2 pointscale 1.6 noenhanced background '#ffffff'
set output out
set border 3 lw 0.8 lc rgb '#444444'
set tics nomirror textcolor rgb '#222222'
set grid xtics ytics lc rgb '#dddddd' lw 0.8 dt 1
set key reverse Left samplen 2
set datafile separator '|'
# Okabe & Ito, "Color Universal Design" (2008).
array colour[8] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#000000', '#B8A800']
array mark[8] = [7, 5, 9, 11, 13, 6, 4, 8]
do for [i = 1:8] { set style line i lc rgb colour[i] pt mark[i] lw 1.4 }
from(file, sql) = '< sqlite3 -init "'.views.'" "'.file.'" "'.sql.'"'
rows(sql) = from(db, sql)
# A curve: the mean over seeds of a figure along an axis, with the least and the greatest seed.
curve(axis, name, where) = rows("SELECT x, avg(value), min(value), max(value) FROM point WHERE axis = '".axis. \
	"' AND name = '".name."' AND value IS NOT NULL AND ".where." GROUP BY x ORDER BY x")
variant(v) = "variant = '".v."'"
# Tics of a logarithmic axis of times.
seconds = "('1 µs' 1e-6, '10 µs' 1e-5, '100 µs' 1e-4, '1 ms' 1e-3, '10 ms' 1e-2, '100 ms' 0.1, '1 s' 1, '10 s' 10, ".\
	"'100 s' 100, '17 min' 1000, '2.8 h' 10000, '28 h' 100000)"

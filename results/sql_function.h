/* sql_function.h - what SQL lacks for the figures of a report; every connection of results/store
 * has it.
 *
 * hist_merge(data)        aggregate: packed histograms added into one hist_quantile(data, q)  a
 * quantile of one, in ns; NULL when empty hist_count(data)        how many values are in it
 * half_width_95(x)        aggregate: half width of the mean's 95 % interval (Student's t); NULL
 * for fewer than two
 *
 * With these a figure is a SELECT. */
#ifndef RESULTS_SQL_FUNCTION_H
#define RESULTS_SQL_FUNCTION_H
#include <sqlite3.h>

/* Makes the functions known to a connection; an SQLite result code. */
int sql_function_register(sqlite3 *db);
#endif

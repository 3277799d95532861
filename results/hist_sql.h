/* hist_sql.h - histograms inside SQL: hist_merge(data), an aggregate that adds packed histograms into one, and
 * hist_quantile(data, q), a quantile of one in ns (NULL when empty), and hist_count(data).
 *
 * With these a figure is a SELECT.  Every connection of results/store has them. */
#ifndef RESULTS_HIST_SQL_H
#define RESULTS_HIST_SQL_H
#include <sqlite3.h>

/* Makes the functions known to a connection; an SQLite result code. */
int hist_sql_register(sqlite3 *db);
#endif

/* Arrows without a head, which gnuplot draws again in each panel of a multiplot.  The same event of
 * several variants is one line; where there are many, lines stand close and labels are left out. */
#include "results/figure_mark.h"
#include "results/store.h"

enum {
	MARKS_MAX = 200,
	LABELS_MAX = 12,   /* more would cover each other */
	LABEL_FIRST = 100, /* gnuplot's tags from here on */
};

/* The runs are those of the picture. */
static const char sql[] = "SELECT at_ns, kind, over FROM event WHERE run IN\n"
			  "  (SELECT min(run) FROM shown WHERE rank < 8 GROUP BY rank, label)\n"
			  "  GROUP BY at_ns, kind, over ORDER BY over, at_ns LIMIT ?";

/* A store of an older schema has no such table. */
static bool knows_events(struct store *store, bool *knows, struct err *err)
{
	sqlite3_stmt *query =
		store_prepare(store, "SELECT 1 FROM sqlite_schema WHERE name = 'event'", err);
	bool failed = false;

	*knows = query && store_step(store, query, &failed, err);
	sqlite3_finalize(query);
	return query && !failed;
}

bool figure_marks(struct store *store, struct plot *plot, double second, struct err *err)
{
	bool knows, failed = false;
	sqlite3_stmt *query;
	int labels = 0;

	if (!knows_events(store, &knows, err))
		return false;
	if (!knows)
		return true;
	query = store_prepare(store, sql, err);
	if (!query)
		return false;
	sqlite3_bind_int(query, 1, MARKS_MAX);
	while (store_step(store, query, &failed, err)) {
		double at = (double)sqlite3_column_int64(query, 0) / 1e9 / second;
		bool over = sqlite3_column_int(query, 2);

		fprintf(plot->body,
			"set arrow from first %.9g, graph 0 to first %.9g, graph 1 nohead back lw "
			"0.8 lc rgb '%s' dt (3,3)\n",
			at, at, over ? "#cccccc" : "#777777");
		if (over || labels == LABELS_MAX)
			continue;
		fprintf(plot->body, "set label %d ", LABEL_FIRST + labels++);
		plot_text(plot->body, (const char *)sqlite3_column_text(query, 1));
		fprintf(plot->body,
			" at first %.9g, graph 0.97 left rotate by -90 offset 0.6,0 font ',9' "
			"textcolor rgb '#777777'\n",
			at);
	}
	sqlite3_finalize(query);
	return !failed;
}

void figure_marks_unlabel(struct plot *plot)
{
	for (int i = 0; i < LABELS_MAX; i++)
		fprintf(plot->body, "unset label %d\n", LABEL_FIRST + i);
}

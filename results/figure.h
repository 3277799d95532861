/* figure.h - the figures of a report: each is a SELECT on a store and a way to draw its rows.
 *
 * They read the temporary table `shown` (figure_show): which runs, under which name. */
#ifndef RESULTS_FIGURE_H
#define RESULTS_FIGURE_H
#include "results/store.h"

enum { FIGURE_LABELS_MAX = 8 };  /* variants in one picture: as many as have a colour */

enum figure_kind {
	FIGURE_CDF,              /* label, seconds, percent */
	FIGURE_TIME,             /* label, second, arrivals/s, desired, ready, waiting */
	FIGURE_STACK,            /* label, part, seconds */
	FIGURE_SWEEP             /* label, x, y, low and high end of its interval, what x is */
};

struct figure {
	const char *name;        /* of its files */
	const char *title, *caption;
	enum figure_kind kind;
	const char *axis;        /* what the values are, with unit */
	const char *slo;         /* CDF: objectives drawn as lines, a metric's name; or NULL */
	const char *nothing;     /* said instead when there are no rows; NULL: left out */
	const char *sql;
};

extern const struct figure figures[];
extern const uint32_t figure_count;

/* A figure of any metric of the runs `shown` (its path in the JSON) along their sweep, as those of
 * figures[]; its texts are freed by figure_release.  False: no run shown has such a metric; the
 * message names the nearest. */
bool figure_sweep(struct store *store, const char *metric, struct figure *figure, struct err *err);
void figure_release(struct figure *figure);

/* Makes `shown` of the runs with these ids, or with n = 0 of the latest run of each scenario,
 * variant, point, seed and world.  False: an id is not in the store, or it has no runs. */
bool figure_show(struct store *store, const int64_t *ids, uint32_t n, struct err *err);
/* The statement behind it, for people (when n = 0). */
extern const char figure_show_sql[];
/* Draws a figure into folder; *drawn = false when there was nothing to draw. */
bool figure_draw(struct store *store, const struct figure *figure, const char *folder, bool *drawn,
		 struct err *err);
#endif

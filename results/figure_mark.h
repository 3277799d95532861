/* figure_mark.h - the events of a scenario in a picture over time: where something went wrong, or
 * was done. */
#ifndef RESULTS_FIGURE_MARK_H
#define RESULTS_FIGURE_MARK_H
#include "results/plot.h"
#include "results/store.h"

/* Draws a line at each event of the runs shown, dotted where it begins and pale where it ends, in
 * every panel to come, and writes what it is above the next one (until figure_marks_unlabel).
 * second: of the picture's unit of time.  False with err where the store cannot be read; nothing
 * where it knows no events. */
bool figure_marks(struct store *store, struct plot *plot, double second, struct err *err);
/* No more labels from here on. */
void figure_marks_unlabel(struct plot *plot);
#endif

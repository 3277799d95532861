/* timeline.h - a run as a timeline that Perfetto (ui.perfetto.dev) and chrome://tracing open: a
 * file of Chrome trace events in JSON.
 *
 * Processes are the cluster as a whole, the control functions that decided, and the nodes that
 * pods were bound to.  Slices are thoughts of functions, and pods on their nodes with their phases
 * inside; flows lead from the function without room to the one that found it, and on to the node;
 * counters are pods that wait for a node, queues of functions, and pods and requests of services.
 * Times are us of the run with three digits behind the point, so that no ns is lost.  Rows are
 * read and written one by one: memory goes with nodes and functions, not with pods.  Without
 * recorded decisions there are pods and counters alone. */
#ifndef RESULTS_TIMELINE_H
#define RESULTS_TIMELINE_H
#include "results/explain.h"

/* Writes the run's timeline, whole or not at all; *events is how many (may be NULL). */
bool timeline_write(struct explain *explain, const char *path, uint64_t *events, struct err *err);
#endif

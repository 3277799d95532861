/* view.h - what one scheduler believes of the cluster: a copy of its nodes that is brought up to
 * date now and then.
 *
 * The true cluster logs which nodes changed (cluster_log); a view reads on from where it stopped,
 * so that a refresh costs what has changed and not the whole cluster.  It is a cluster of its own,
 * searched as any other: pool 0 has all nodes, or those of one pool of the truth, and pool 1 the
 * others.  It decides nothing. */
#ifndef MODELS_CONTROL_VIEW_H
#define MODELS_CONTROL_VIEW_H
#include "models/cluster/cluster.h"

struct view {
	struct cluster cluster;
	uint32_t own;           /* the pool of the truth that is pool 0 here; NO_POOL = all are */
	uint64_t seen;          /* changes of the truth that it knows of */
	int64_t synced_ns;      /* when it was last up to date; -1 = never */
};

/* A view that knows nothing yet, of a cluster that logs its changes. */
void view_init(struct view *view, const struct cluster *of, uint32_t own);
/* Frees it. */
void view_release(struct view *view);
/* Brings it up to date if it is so old, or older. */
void view_sync(struct view *view, const struct cluster *of, int64_t age_ns, int64_t now);
/* Brings one node up to date. */
void view_learn(struct view *view, const struct cluster *of, uint32_t node);
/* Whether nothing has changed since it was brought up to date. */
bool view_current(const struct view *view, const struct cluster *of);
#endif

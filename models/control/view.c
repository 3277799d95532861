/* A view follows the log of changes; one that has fallen behind further than the log goes back
 * copies every node, which is no more work than the changes that it missed. */
#include "models/control/view.h"
#include <assert.h>

void view_init(struct view *view, const struct cluster *of, uint32_t own)
{
	*view = (struct view){ .own = own, .synced_ns = -1 };
	cluster_init(&view->cluster, &of->config, &of->place, 2);
	cluster_models(&view->cluster, 64 * of->local_words);
}

void view_release(struct view *view)
{
	cluster_release(&view->cluster);
}

void view_learn(struct view *view, const struct cluster *of, uint32_t node)
{
	uint32_t pool = view->own != NO_POOL && of->node[node].pool != view->own;

	while (view->cluster.n <= node)
		cluster_own(&view->cluster, cluster_add(&view->cluster), 0);
	cluster_copy(&view->cluster, node, of);
	if (view->cluster.node[node].pool == pool)
		return;
	cluster_disown(&view->cluster, node, 0);
	cluster_own(&view->cluster, node, pool);
}

void view_sync(struct view *view, const struct cluster *of, int64_t age_ns, int64_t now)
{
	uint64_t behind = of->changes - view->seen;

	assert(of->log_cap);
	if (view->synced_ns >= 0 && now - view->synced_ns < age_ns)
		return;
	if (view->synced_ns < 0 || behind > of->log_cap)
		for (uint32_t i = 0; i < of->n; i++)
			view_learn(view, of, i);
	else
		for (uint64_t at = view->seen; at < of->changes; at++)
			view_learn(view, of, of->log[at & (of->log_cap - 1)]);
	view->seen = of->changes;
	view->synced_ns = now;
}

bool view_current(const struct view *view, const struct cluster *of)
{
	return view->seen == of->changes;
}

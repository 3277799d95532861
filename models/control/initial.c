/* The pods that are there from the start: placed before the nodes are divided, the largest first so
 * that they fit if they can, by the same search and scores as any other. */
#include "models/control/preempt.h"
#include "models/control/state.h"

static bool place_set(struct control *c, uint32_t id, struct rng *ties, struct err *err)
{
	struct set *s = &c->set[id];
	struct found found;
	struct pod *pod;
	uint32_t at;

	for (int32_t i = 0; i < s->desired; i++) {
		found = search_pool(c->cluster, 0, &s->need, ties);
		if (found.node == NO_NODE)
			return err_set(
				err,
				"service \"%s\": %d of its %d replicas fit the %u nodes of the "
				"cluster (each takes %.3g GPUs, %u milli-CPUs, %lld bytes)",
				s->service->name, i, s->desired, c->cluster->n,
				s->need.gpu_milli / (double)GPU_MILLI, s->need.cpu_milli,
				(long long)s->need.memory_bytes);
		cluster_take(c->cluster, found.node, &s->need);
		cluster_learn(c->cluster, found.node, s->need.model);
		at = pod_new(c, id, c->next_pod++, &s->need, 0);
		pod = &c->pods.at[at];
		pod->record.node = found.node;
		pod->record.created_ns = pod->record.bound_ns = 0;
		for (int phase = 0; phase < PHASES; phase++)
			pod->record.phase_end_ns[phase] = 0;
		pod->record.end = POD_READY;
		pod->state = POD_SERVING;
		pod->routable = pod->reported = true;
		set_adopt(c, id, at);
		preempt_link(c, at);
		set_serves(c, at, 1);
	}
	return true;
}

/* The widest request that is narrower than *milli; false if there is none. */
static bool next_widest(const struct control *c, uint32_t *milli)
{
	int64_t widest = -1;

	for (uint32_t i = 0; i < c->sets; i++)
		if (c->set[i].need.gpu_milli < *milli && c->set[i].need.gpu_milli > widest)
			widest = c->set[i].need.gpu_milli;
	*milli = (uint32_t)widest;
	return widest >= 0;
}

bool initial_place(struct control *c, struct err *err)
{
	/* The same whatever the seed: what control_check found to fit will fit. */
	struct rng ties = rng_stream(0, "control/initial", 0);
	uint32_t milli = UINT32_MAX;

	while (next_widest(c, &milli))
		for (uint32_t i = 0; i < c->sets; i++)
			if (c->set[i].need.gpu_milli == milli && !place_set(c, i, &ties, err))
				return false;
	return true;
}

void initial_announce(struct control *c)
{
	for (uint32_t i = 0; i < c->pods.n; i++) {
		pod_tell(c, MSG_POD_START, i)->pod.phase = PHASES;
		endpoint_up(c, i);
	}
}

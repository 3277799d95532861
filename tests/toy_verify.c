/* What must hold between any two messages of a control plane: every table agrees with every other.
 */
#include "tests/toy_world.h"
#include "models/control/sampling.h"
#include <assert.h>
#include <string.h>

/* What pods and reservations take of each node is what the node says is taken. */
static void verify_taken(const struct control *c)
{
	struct need *taken = calloc(c->cluster->n + 1, sizeof(*taken));
	int32_t *pods = calloc(c->cluster->n + 1, sizeof(*pods));
	uint32_t *holds = calloc(c->cluster->n + 1, sizeof(*holds));

	for (uint32_t i = 0; i < c->pods.n; i++) {
		const struct pod *pod = &c->pods.at[i];
		uint32_t node = pod->record.node;

		if (!pod_has_node(pod))
			continue;
		taken[node].gpu_milli += pod->need.gpu_milli;
		taken[node].cpu_milli += pod->need.cpu_milli;
		taken[node].memory_bytes += pod->need.memory_bytes;
		pods[node]++;
	}
	for (uint32_t i = 0; i < c->holds.n; i++) {
		const struct hold *hold = &c->holds.at[i];

		if (!hold->live)
			continue;
		/* Those of the functional plane expire from the moment that they are made. */
		assert(hold->expires_ns ? hold->expires_ns >= c->now : !c->crews);
		taken[hold->node].gpu_milli += hold->need.gpu_milli;
		taken[hold->node].cpu_milli += hold->need.cpu_milli;
		taken[hold->node].memory_bytes += hold->need.memory_bytes;
		pods[hold->node]++;
		holds[hold->node]++;
	}
	for (uint32_t i = 0; i < c->cluster->n; i++) {
		const struct node *node = &c->cluster->node[i];
		const struct group_config *group = cluster_group(&c->cluster->config, node->group);

		assert(node->gpus * GPU_MILLI - node->free_gpu_milli ==
		       (int32_t)taken[i].gpu_milli);
		assert(node->cpu_milli - node->free_cpu_milli == taken[i].cpu_milli);
		assert(node->memory_bytes - node->free_memory_bytes ==
		       (int64_t)taken[i].memory_bytes);
		assert(group->pods - node->free_pods == pods[i]);
		assert(group->ips - node->free_ips == pods[i]);
		assert(node->holds == holds[i]);
	}
	free(taken);
	free(pods);
	free(holds);
}

static void verify_list(const struct control *c, const struct list *list, uint32_t function,
			enum pod_state state)
{
	uint32_t n = 0;

	for (uint32_t at = list->n ? list->head : NONE; at != NONE; at = c->pods.at[at].next, n++) {
		assert(c->pods.at[at].state == (uint8_t)state);
		assert(state == POD_UNUSED || c->pods.at[at].function == function);
		assert(n < list->n);
	}
	assert(n == list->n);
}

static void verify_sets(const struct control *c)
{
	for (uint32_t i = 0; i < c->sets; i++) {
		const struct set *s = &c->set[i];
		int32_t existing = 0, serving = 0, fresh = 0, fresh_serving = 0;
		uint32_t unanswered = 0;

		for (uint32_t at = s->oldest; at != NONE; at = c->pods.at[at].younger) {
			const struct pod *pod = &c->pods.at[at];

			assert(pod->record.service == i && pod->state != POD_UNUSED);
			existing += pod->counted;
			serving += pod->counted && pod->routable;
			fresh += pod->counted && pod->revision == s->revision;
			fresh_serving +=
				pod->counted && pod->routable && pod->revision == s->revision;
			unanswered += !pod->replied;
			assert(pod->counted == (!pod->doomed && pod->state != POD_DEAD));
		}
		assert(existing == s->existing && serving == s->serving);
		assert(fresh == s->fresh && fresh_serving == s->fresh_serving);
		assert(unanswered == s->unanswered);
	}
}

/* What is asked of the functions that do not schedule: each service and each binding is seen to by
 * one function at most, and by one if it needs it and one is up. */
static void verify_crews(const struct control *c)
{
	uint8_t *asked = calloc(c->sets + 1, sizeof(*asked));
	uint8_t *handed = calloc(c->pods.n + 1, sizeof(*handed));

	for (uint32_t i = c->functions; i < c->slots; i++) {
		const struct function *f = &c->function[i];
		uint32_t n = f->inbox.n;

		assert(f->state >= FUNCTION_UP || (!n && !f->thinking));
		assert(f->state < FUNCTION_UP || f->thinking || !n);
		for (uint32_t at = 0; at < n + f->thinking; at++) {
			const struct task *task =
				&f->inbox.at[(f->inbox.head + at) & (f->inbox.cap - 1)];
			uint32_t id = at < n ? task->id : f->pod;
			uint32_t gen = at < n ? task->gen : f->pod_gen;

			if (f->kind != FUNCTION_BIND) {
				assert(!(asked[id] >> f->kind & 1));
				asked[id] |= (uint8_t)(1u << f->kind);
			} else if (c->pods.at[id].gen == gen &&
				   c->pods.at[id].state == POD_BINDING) {
				assert(!handed[id]);
				handed[id] = 1;
			}
		}
	}
	for (uint32_t i = 0; i < c->sets; i++) {
		assert(asked[i] == c->set[i].asked);
		for (int k = FUNCTION_AUTOSCALE; k < FUNCTION_KINDS; k++)
			assert(!c->crew[k].lives || k == FUNCTION_BIND || asked[i] >> k & 1 ||
			       !set_wants(c, i, (enum function_kind)k) ||
			       /* its back-off is over, and the tick that says so to come */
			       c->set[i].hold_ns == c->now);
	}
	for (uint32_t i = 0; c->crews && i < c->pods.n; i++) {
		const struct pod *pod = &c->pods.at[i];

		if (pod->state != POD_BINDING)
			continue;
		assert(handed[i] == (pod->handed == HANDED_QUEUED));
		assert(pod->handed != HANDED_NOT || !c->crew[FUNCTION_BIND].lives);
	}
	free(asked);
	free(handed);
}

/* A node is kept for the pod that it was promised to, and for nobody else. */
static void verify_kept(const struct control *c)
{
	uint32_t kept = 0, nominated = 0;

	for (uint32_t i = 0; i < c->cluster->n; i++) {
		const struct node *node = &c->cluster->node[i];
		uint32_t pod = i < c->on_node.n ? c->on_node.at[i].nominee : NONE;

		assert(node->kept == (pod != NONE));
		assert(!node->kept || c->pods.at[pod].nominated == i);
		kept += node->kept;
	}
	for (uint32_t i = 0; i < c->pods.n; i++) {
		const struct pod *pod = &c->pods.at[i];

		assert(pod->state != POD_UNUSED || pod->nominated == NONE);
		nominated += pod->state != POD_UNUSED && pod->nominated != NONE;
	}
	assert(kept == nominated);
}

/* A gang counts its pods that are not bound, and gathers fewer than all of them. */
static void verify_gangs(const struct control *c)
{
	uint32_t *pods = calloc(c->gangs.n + 1, sizeof(*pods)), gathering = 0;

	for (uint32_t i = 0; i < c->pods.n; i++) {
		const struct pod *pod = &c->pods.at[i];

		gathering += pod->state == POD_GATHERING;
		if (pod->state == POD_UNUSED || pod->gang == NONE)
			continue;
		assert(pod->state < POD_BINDING);
		pods[pod->gang]++;
	}
	for (uint32_t i = 0; i < c->gangs.n; i++) {
		const struct gang *gang = &c->gangs.at[i];

		/* The last of them may be yet to come. */
		assert(pods[i] == gang->size || (i == c->gang && pods[i] < gang->size));
		verify_list(c, &gang->waiting, NONE, POD_GATHERING);
		assert(!gang->size || gang->waiting.n < gang->size);
		gathering -= gang->waiting.n;
	}
	assert(!gathering);
	free(pods);
}

void toy_verify(const struct control *c)
{
	uint32_t in_states[POD_STATES] = { 0 }, queued = c->orphans.n, parked = 0, live = 0;

	control_audit(c);
	verify_taken(c);
	verify_sets(c);
	verify_kept(c);
	verify_list(c, &c->free_pods, NONE, POD_UNUSED);
	verify_list(c, &c->orphans, NONE, POD_QUEUED);
	for (uint32_t i = 0; i < c->functions; i++) {
		const struct function *f = &c->function[i];

		verify_list(c, &f->queue, i, POD_QUEUED);
		verify_list(c, &f->parked, i, POD_PARKED);
		verify_list(c, &f->backoff, i, POD_PARKED);
		verify_list(c, &f->gang, i, POD_DECIDING);
		queued += f->queue.n;
		parked += f->parked.n + f->backoff.n;
		live += f->state == FUNCTION_UP;
		assert(c->queued[i] == (f->state == FUNCTION_UP ? f->queue.n : NONE));
		/* Who is not there owns nothing. */
		if (f->state < FUNCTION_UP && c->plane == &plane_functional)
			assert(!c->cluster->pool[i].n && !f->queue.n && !f->holds && !f->thinking);
		/* Who could work does. */
		assert(f->state < FUNCTION_UP || f->thinking || !f->queue.n || c->plane->ready);
	}
	verify_crews(c);
	verify_gangs(c);
	for (uint32_t i = 0; i < c->pods.n; i++)
		in_states[c->pods.at[i].state]++;
	assert(in_states[POD_QUEUED] == queued && in_states[POD_PARKED] == parked);
	assert(in_states[POD_UNUSED] == c->free_pods.n && live == c->crew->lives);
	if (c->sampling)
		sampling_verify(c);
}

/* A rolling update, as the Deployment controller does it.  The new revision's ReplicaSet grows as
 * long as all pods together are at most `surge` above the wanted number; the older ones' shrink as
 * long as no more than `unavailable` of the wanted pods lack, those first that do not serve anyway.
 * One step at a time, each a write like any change of scale; the next follows when a pod becomes
 * ready or goes.  Source: kubernetes pkg/controller/deployment/rolling.go and
 * util/deployment_util.go, NewRSNewReplicas; the older ReplicaSets are one here, and make none anew
 * of the pods that they lose. */
#include "models/control/state.h"
#include <assert.h>
#include <math.h>

static int32_t least(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

void rollout_start(struct control *c, uint32_t id)
{
	struct set *s = &c->set[id];

	s->revision++;
	s->older = s->existing;
	s->fresh = s->fresh_serving = s->replicas = 0;
	s->to_create = 0; /* of a sync under way: what is left would be of the old revision */
	/* A write under way speaks of sizes that are no more. */
	s->deploying = false;
	s->deploy_seq++;
	set_drive(c, id);
}

void rollout_sizes(const struct control *c, uint32_t id, int32_t *fresh, int32_t *older)
{
	const struct set *s = &c->set[id];
	int32_t surge = (int32_t)ceil(c->config.rollout.surge * s->spec - 1e-9),
		unavailable = (int32_t)floor(c->config.rollout.unavailable * s->spec + 1e-9),
		old = least(s->older, s->existing - s->fresh), all = s->replicas + old, down, idle,
		spare;

	*older = old;
	*fresh = old ? s->replicas : s->spec;
	if (!old)
		return;
	if (!surge && !unavailable)
		unavailable = 1;
	if (s->replicas > s->spec) {
		*fresh = s->spec;
		return;
	}
	if (all < s->spec + surge && s->replicas < s->spec) {
		*fresh += least(s->spec + surge - all, s->spec - s->replicas);
		return;
	}
	down = all - (s->spec - unavailable) - (s->replicas - s->fresh_serving);
	if (down <= 0)
		return;
	idle = least(old - (s->serving - s->fresh_serving), down);
	*older -= idle > 0 ? idle : 0;
	spare = s->serving - (s->spec - unavailable);
	if (spare > 0)
		*older -= least(spare, *older);
	assert(*older >= 0);
}

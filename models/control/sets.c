/* A service's pods: desired -> Deployment -> ReplicaSet -> pods, each stage a controller that
 * compares what it is told with what there is and has one write under way at most.  A number that
 * changes meanwhile is picked up when the write is seen: level-triggered, so that messages that
 * come twice or late change nothing. */
#include "models/control/functional.h"
#include <assert.h>

static void drive_scale(struct control *c, uint32_t id)
{
	struct set *s = &c->set[id];

	if (s->scaling || s->desired == s->spec)
		return;
	s->scaling = true;
	s->spec_writing = s->desired;
	s->scale_ns = c->now;
	control_write(c, VERB_SCALE, CLIENT_AUTOSCALER, id, ++s->scale_seq,
		      c->config.visits.autoscale);
}

/* Whether the ReplicaSets are to have other sizes than they do, or will. */
static bool resized(const struct control *c, uint32_t id, int32_t *fresh, int32_t *older)
{
	const struct set *s = &c->set[id];

	rollout_sizes(c, id, fresh, older);
	return !s->deploying && (*fresh != s->replicas || *older != s->older);
}

static void drive_deployment(struct control *c, uint32_t id)
{
	struct set *s = &c->set[id];
	int32_t fresh, older;

	if (!resized(c, id, &fresh, &older))
		return;
	s->deploying = true;
	s->replicas_writing = fresh;
	s->older_writing = older;
	if (older)
		s->lost_ns = c->now; /* pods of the new revision are wanted from now on */
	s->deploy_ns = c->now;
	control_write(c, VERB_DEPLOYMENT, CLIENT_DEPLOYMENT, id, ++s->deploy_seq,
		      c->config.visits.deployment);
}

static void link_pod(struct control *c, struct set *s, uint32_t pod)
{
	c->pods.at[pod].older = s->youngest;
	if (s->youngest != NONE)
		c->pods.at[s->youngest].younger = pod;
	else
		s->oldest = pod;
	s->youngest = pod;
	c->pods.at[pod].counted = true;
	c->pods.at[pod].revision = s->revision;
	s->existing++;
	s->fresh++;
}

void set_unlink(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct set *s = &c->set[pod->record.service];

	if (pod->older != NONE)
		c->pods.at[pod->older].younger = pod->younger;
	else
		s->oldest = pod->younger;
	if (pod->younger != NONE)
		c->pods.at[pod->younger].older = pod->older;
	else
		s->youngest = pod->older;
	pod->older = pod->younger = NONE;
}

void set_uncount(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct set *s = &c->set[pod->record.service];

	if (!pod->counted)
		return;
	pod->counted = false;
	assert(s->existing > 0);
	s->existing--;
	s->fresh -= pod->revision == s->revision;
	if (pod->routable)
		set_serves(c, id, -1);
}

void set_serves(struct control *c, uint32_t id, int32_t by)
{
	const struct pod *pod = &c->pods.at[id];
	struct set *s = &c->set[pod->record.service];

	s->serving += by;
	s->fresh_serving += pod->revision == s->revision ? by : 0;
}

void set_answered(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	if (pod->replied)
		return;
	pod->replied = true;
	assert(c->set[pod->record.service].unanswered > 0);
	c->set[pod->record.service].unanswered--;
}

void set_adopt(struct control *c, uint32_t id, uint32_t pod)
{
	c->pods.at[pod].replied = true;
	link_pod(c, &c->set[id], pod);
}

/* When the need for the pod of this rank arose: the level was last reached, or one was lost. */
static int64_t wanted_since(const struct set *s, int32_t rank, int64_t now)
{
	for (uint32_t i = 0; i < s->rises; i++)
		if (s->rise[i].level >= rank)
			return s->rise[i].at_ns > s->lost_ns ? s->rise[i].at_ns : s->lost_ns;
	return now;
}

static void create_batch(struct control *c, uint32_t id)
{
	struct set *s = &c->set[id];
	int32_t n = s->batch < s->to_create ? s->batch : s->to_create;

	s->to_create -= n;
	s->batch *= 2;
	for (; n > 0; n--) {
		uint32_t pod = pod_new(c, id, c->next_pod++, &s->need,
				       wanted_since(s, s->fresh + 1, c->now));

		link_pod(c, s, pod);
		s->unanswered++;
		control_write(c, VERB_POD_CREATE, CLIENT_REPLICASET, pod, c->pods.at[pod].gen,
			      c->config.visits.create);
	}
}

/* 0 .. 4: how late in the order of deletion a pod comes.  Source: kubernetes controller_utils.go,
 * ActivePodsWithRanks: unassigned, then pending, then not ready pods go first; the retired before
 * all, as a pod-deletion-cost would have it among pods that are ready. */
static int rank_of(const struct pod *pod)
{
	if (pod->retired)
		return 0;
	if (pod->state < POD_BINDING)
		return 1;
	if (pod->state <= POD_STARTING)
		return pod->record.phase_end_ns[PHASE_START] < 0 ? 2 : 3;
	return 4;
}

/* Of the present revision's pods, or of the older ones'.  Of equal rank the younger goes first. */
static void delete_some(struct control *c, uint32_t id, int32_t n, bool fresh)
{
	struct set *s = &c->set[id];

	for (int rank = 0; rank < 5 && n > 0; rank++) {
		for (uint32_t at = s->youngest, older; at != NONE && n > 0; at = older) {
			const struct pod *pod = &c->pods.at[at];

			older = pod->older;
			if (!pod->counted || rank_of(pod) != rank ||
			    (pod->revision == s->revision) != fresh)
				continue;
			pod_doom(c, at);
			n--;
		}
	}
}

/* Pods that the present revision lacks, those below 0 too many; that older ones have too many. */
static int32_t lack(const struct set *s)
{
	return s->replicas - s->fresh;
}

static int32_t surplus(const struct set *s)
{
	return s->existing - s->fresh - s->older;
}

/* The ReplicaSet controller.  A sync creates at most `burst` pods in batches of 1, 2, 4, ..., the
 * next when the last is answered, or deletes as many at once; another sync follows if the numbers
 * still differ.  Source: kubernetes replica_set.go, manageReplicas and slowStartBatch. */
static void drive_replicaset(struct control *c, uint32_t id)
{
	struct set *s = &c->set[id];
	int32_t burst = (int32_t)c->config.burst, more = surplus(s);

	if (more > 0)
		delete_some(c, id, more < burst ? more : burst, false);
	if (s->unanswered)
		return;
	if (s->batch && !s->to_create) {
		s->batch = 0;
		control_write(c, VERB_REPLICASET, CLIENT_REPLICASET, id, 0,
			      c->config.visits.replicaset);
	}
	more = lack(s);
	if (!s->batch && more > 0 && c->now >= s->hold_ns) {
		s->batch = (int32_t)c->config.slow_start;
		s->to_create = more < burst ? more : burst;
	}
	if (s->batch)
		create_batch(c, id);
	else if (more < 0)
		delete_some(c, id, -more < burst ? -more : burst, true);
}

bool set_wants(const struct control *c, uint32_t id, enum function_kind kind)
{
	const struct set *s = &c->set[id];
	int32_t fresh, older;

	if (kind == FUNCTION_AUTOSCALE)
		return !s->scaling && s->desired != s->spec;
	if (kind == FUNCTION_ENDPOINT)
		return !s->publishing && s->changed != NONE;
	if (surplus(s) > 0 || resized(c, id, &fresh, &older))
		return true;
	return !s->unanswered && (s->batch || lack(s) < 0 || (lack(s) > 0 && c->now >= s->hold_ns));
}

/* Pods that a sync would make or delete now. */
static int32_t expansion(const struct control *c, const struct set *s)
{
	int32_t burst = (int32_t)c->config.burst, start = (int32_t)c->config.slow_start, n;

	if (surplus(s) > 0)
		return surplus(s) < burst ? surplus(s) : burst;
	if (s->unanswered)
		return 0;
	if (s->to_create)
		return s->batch < s->to_create ? s->batch : s->to_create;
	n = lack(s);
	if (n > 0 && c->now < s->hold_ns)
		return 0;
	if (n < 0)
		return -n < burst ? -n : burst;
	n = n < burst ? n : burst;
	return n < start ? n : start;
}

uint32_t set_size(const struct control *c, uint32_t id, enum function_kind kind)
{
	const struct set *s = &c->set[id];
	uint32_t n = 0;

	if (kind == FUNCTION_EXPAND)
		return (uint32_t)expansion(c, s);
	for (uint32_t at = s->changed; kind == FUNCTION_ENDPOINT && at != NONE; n++)
		at = c->pods.at[at].endpoint_next;
	return n;
}

void set_work(struct control *c, uint32_t id, enum function_kind kind)
{
	if (kind == FUNCTION_ENDPOINT) {
		endpoint_publish(c, id);
		return;
	}
	if (kind == FUNCTION_AUTOSCALE) {
		drive_scale(c, id);
	} else {
		drive_deployment(c, id);
		drive_replicaset(c, id);
	}
	set_drive(c, id);
}

void set_drive(struct control *c, uint32_t id)
{
	if (c->crews) {
		crew_ask(c, FUNCTION_AUTOSCALE, id);
		crew_ask(c, FUNCTION_EXPAND, id);
		return;
	}
	drive_scale(c, id);
	drive_deployment(c, id);
	drive_replicaset(c, id);
}

void set_retire(struct control *c, uint32_t id, uint32_t pod)
{
	if (pod < c->pods.n && c->pods.at[pod].state == POD_SERVING &&
	    c->pods.at[pod].record.service == id)
		c->pods.at[pod].retired = true;
}

void set_desire(struct control *c, uint32_t id, int32_t desired)
{
	struct set *s = &c->set[id];

	assert(desired >= 0);
	while (s->rises && s->rise[s->rises - 1].level > desired) {
		if (s->rises > 1 && s->rise[s->rises - 2].level >= desired) {
			s->rises--;
		} else {
			s->rise[s->rises - 1].level = desired;
			break;
		}
	}
	if (desired > s->desired) {
		/* Full: the two oldest become one, the earlier. */
		if (s->rises == RISES) {
			s->rise[1].at_ns = s->rise[0].at_ns;
			for (int i = 1; i < RISES; i++)
				s->rise[i - 1] = s->rise[i];
			s->rises--;
		}
		s->rise[s->rises++] = (struct rise){ c->now, desired };
	}
	s->desired = desired;
	set_drive(c, id);
}

void set_seen(struct control *c, uint32_t id, const struct msg *msg)
{
	struct set *s = &c->set[id];

	if (msg->write.verb == VERB_SCALE && s->scaling && msg->write.gen == s->scale_seq) {
		s->scaling = false;
		s->spec = s->spec_writing;
	} else if (msg->write.verb == VERB_DEPLOYMENT && s->deploying &&
		   msg->write.gen == s->deploy_seq) {
		s->deploying = false;
		s->replicas = s->replicas_writing;
		s->older = s->older_writing;
	} else {
		return;
	}
	set_drive(c, id);
}

void set_resync(struct control *c, uint32_t id, int64_t stale_ns)
{
	struct set *s = &c->set[id];

	if (s->scaling && s->scale_ns <= stale_ns)
		s->scaling = false;
	if (s->deploying && s->deploy_ns <= stale_ns)
		s->deploying = false;
	endpoint_resync(c, id, stale_ns);
	set_drive(c, id);
}

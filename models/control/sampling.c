/* sampling: Sparrow.  Many schedulers, none of which knows the cluster.  What waits together (pods
 * of a job, or of a service) is a job: for its m pods a scheduler asks ratio x m nodes drawn at
 * random and places the pods on the m least loaded of them (batch), or does so pod by pod
 * (per-task). Under late binding it leaves reservations instead, and the first m nodes whose turn
 * comes get the pods.  A pod without room waits in the node's queue (agents.c), at most
 * sampling.wait, and is then unschedulable for a while: it backs off, and draws anew.
 *
 * Source: radlab/sparrow afb8efad, simulation/simulation_batch.py (V4). */
#include "models/control/sampling.h"
#include "models/control/whole.h"
#include "models/control/note.h"
#include <assert.h>
#include <math.h>
#include <string.h>

struct sampling *sampling_new(void)
{
	struct sampling *s = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*s));

	*s = (struct sampling){ .free_job = NONE };
	return s;
}

void sampling_free(struct sampling *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->jobs.n; i++)
		vec_release(&s->jobs.at[i].targets);
	for (uint32_t i = 0; i < s->agents.n; i++)
		free(s->agents.at[i].reserved.at);
	vec_release(&s->jobs);
	vec_release(&s->agents);
	vec_release(&s->order);
	free(s);
}

/* ---- jobs ---- */

static uint32_t job_new(struct control *c, uint32_t function, const struct need *need)
{
	struct sampling *s = c->sampling;
	uint32_t id = s->free_job;
	struct job *job;

	if (id == NONE) {
		id = s->jobs.n;
		vec_push(&s->jobs, (struct job){ 0 });
	} else {
		s->free_job = s->jobs.at[id].next;
	}
	job = &s->jobs.at[id];
	job->pods = (struct list){ 0 };
	job->wish = (struct wish){ need->memory_bytes, need->gpu_milli, need->cpu_milli,
				   need->types, 0 };
	job->function = function;
	job->answers = job->targets.n = 0;
	job->live = true;
	return id;
}

static void job_free(struct control *c, uint32_t id)
{
	struct job *job = &c->sampling->jobs.at[id];

	assert(job->live);
	job->live = false;
	job->gen++;
	job->next = c->sampling->free_job;
	c->sampling->free_job = id;
}

static struct job *job_at(struct control *c, uint32_t id, uint32_t gen)
{
	struct job *job;

	if (id >= c->sampling->jobs.n)
		return NULL;
	job = &c->sampling->jobs.at[id];
	return job->live && job->gen == gen ? job : NULL;
}

static void join(struct control *c, uint32_t id, uint32_t at)
{
	struct pod *pod = &c->pods.at[at];

	pod->state = POD_PROBING;
	pod->since_ns = c->now;
	pod->asked = id;
	pod->probe++;
	list_push(c, &c->sampling->jobs.at[id].pods, at);
}

/* Whether two pods look for nodes together. */
static bool together(const struct pod *a, const struct pod *b)
{
	bool same = a->record.service == b->record.service &&
		    (a->record.service != NONE || (a->job && a->job == b->job));

	return same && a->need.gpu_milli == b->need.gpu_milli &&
	       a->need.cpu_milli == b->need.cpu_milli &&
	       a->need.memory_bytes == b->need.memory_bytes && a->need.types == b->need.types;
}

/* ---- whom to ask ---- */

static uint32_t draw(struct control *c, struct job *job, uint32_t want)
{
	struct sampling *s = c->sampling;

	for (uint32_t id = s->order.n; id < c->cluster->n; id++)
		vec_push(&s->order, id);
	/* The beginning of a shuffle, which may go on from any order. */
	for (uint32_t i = 0; i < s->order.n && job->targets.n < want; i++) {
		uint32_t j = i + rng_below(&c->choices, s->order.n - i), node = s->order.at[j];
		struct target target = { .node = node, .load = LOAD_NEVER, .order = i };

		s->order.at[j] = s->order.at[i];
		s->order.at[i] = node;
		if (c->cluster->node[node].up)
			vec_push(&job->targets, target);
	}
	return job->targets.n;
}

/* To a node: for its queue, or for the room that it keeps, which value names. */
static void send_pod(struct control *c, uint32_t id, uint32_t node, uint32_t late, int64_t value)
{
	struct pod *pod = &c->pods.at[id];
	struct msg *msg;

	pod->state = POD_MIGRATING;
	pod->since_ns = c->now;
	pod->asked = node;
	pod->probe++;
	msg = control_send(c, pod->function, to_node(node), VERB_PLACE, NULL, 0);
	msg->send.task = id;
	msg->send.gen = pod->gen;
	msg->send.flag = (uint16_t)(late | (pod->probe & PLACE_NUMBER));
	msg->send.value = value;
}

static void give_up(struct control *c, uint32_t id)
{
	struct job *job = &c->sampling->jobs.at[id];

	while (job->pods.n) {
		uint32_t pod = job->pods.head;

		list_remove(c, &job->pods, pod);
		pod_unplaced(c, pod);
	}
	job_free(c, id);
}

static int by_load(const void *a, const void *b)
{
	const struct target *s = a, *t = b;

	if (s->load != t->load)
		return s->load < t->load ? -1 : 1;
	return s->order < t->order ? -1 : 1;
}

/* Early binding: to the least loaded of those that have answered; in turns, if they are fewer than
 * the pods. */
static void place(struct control *c, uint32_t id)
{
	struct job *job = &c->sampling->jobs.at[id];
	uint32_t n = 0;

	for (uint32_t i = 0; i < job->targets.n; i++)
		if (job->targets.at[i].load != LOAD_NEVER)
			job->targets.at[n++] = job->targets.at[i];
	if (!n) {
		give_up(c, id);
		return;
	}
	qsort(job->targets.at, n, sizeof(*job->targets.at), by_load);
	for (uint32_t i = 0; job->pods.n; i++) {
		uint32_t pod = job->pods.head, node = job->targets.at[i % n].node;
		struct found found = { node, job->answers, n };

		list_remove(c, &job->pods, pod);
		note_search(c, DECISION_SEARCHED, job->function, pod, &found, -1,
			    c->now - job->asked_ns);
		note_thought(c, job->function);
		send_pod(c, pod, node, 0, 0);
	}
	job_free(c, id);
}

/* Asks each target once, or in turns until `n` have been: a reservation fetches one pod. */
static void ask(struct control *c, uint32_t id, enum verb verb, uint32_t n)
{
	const struct job *job = &c->sampling->jobs.at[id];
	uint32_t each = n / job->pods.n, more = n % job->pods.n;

	for (uint32_t at = job->pods.head; at != NONE; at = c->pods.at[at].next) {
		c->pods.at[at].record.probes += each + (more > 0);
		more -= more > 0;
	}
	c->totals.probes += n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t node = job->targets.at[i % job->targets.n].node;
		struct msg *msg = control_send(c, job->function, to_node(node), verb, &job->wish,
					       sizeof(job->wish));

		msg->send.task = id;
		msg->send.gen = job->gen;
		msg->send.value = i;
	}
}

/* The job is complete: its nodes are drawn and asked.  Whoever asks no more nodes than it needs
 * need not ask. */
static void probe_for(struct control *c, uint32_t id)
{
	const struct sampling_config *config = &c->config.sampling;
	struct job *job = &c->sampling->jobs.at[id];
	uint32_t want = (uint32_t)ceil(config->ratio * job->pods.n);

	if (!draw(c, job, want)) {
		give_up(c, id);
		return;
	}
	job->asked_ns = c->now;
	if (config->late_binding) {
		for (uint32_t at = job->pods.head; config->wait_ns && at != NONE;
		     at = c->pods.at[at].next)
			control_arm(c, c->now + config->wait_ns + config->timeout_ns, TIMER_PROBE,
				    at, c->pods.at[at].gen, c->pods.at[at].probe);
		ask(c, id, VERB_RESERVE, want);
	} else if (want <= job->pods.n) {
		for (uint32_t i = 0; i < job->targets.n; i++)
			job->targets.at[i].load = 0;
		place(c, id);
	} else {
		control_arm(c, c->now + config->timeout_ns, TIMER_JOB, id, job->gen, 0);
		ask(c, id, VERB_PROBE, job->targets.n);
	}
}

/* ---- the plane ---- */

/* Pods that belong together meet in one queue. */
static void dispatch(struct control *c, uint32_t at)
{
	const struct pod *pod = &c->pods.at[at];
	uint32_t key = pod->record.service != NONE ? pod->record.service + 1 : pod->job,
		 to = key % c->functions;

	if (key && c->function[to].state == FUNCTION_UP)
		pod_enqueue(c, at, to);
	else
		whole_dispatch(c, at);
}

/* There is nothing to look at yet. */
static struct found search(struct control *c, uint32_t id, uint32_t pod)
{
	(void)c, (void)id, (void)pod;
	return (struct found){ .node = NO_NODE };
}

/* What has come meanwhile and belongs to the pod goes with it. */
static void decided(struct control *c, uint32_t id, uint32_t at)
{
	const struct list *queue = &c->function[id].queue;
	uint32_t job = job_new(c, id, &c->pods.at[at].need);

	join(c, job, at);
	while (c->config.sampling.mode == SAMPLING_BATCH && queue->n &&
	       together(&c->pods.at[at], &c->pods.at[queue->head])) {
		uint32_t next = queue->head;

		pod_unqueue(c, next);
		c->totals.retries += c->pods.at[next].tried;
		c->pods.at[next].tried = true;
		join(c, job, next);
	}
	probe_for(c, job);
}

static void forget(struct control *c, uint32_t at)
{
	struct pod *pod = &c->pods.at[at];
	struct job *job;

	if (pod->state == POD_WAITING) {
		agent_forget(c, at);
		agent_serve(c, pod->asked);
	} else if (pod->state == POD_PROBING) {
		job = &c->sampling->jobs.at[pod->asked];
		list_remove(c, &job->pods, at);
		if (!job->pods.n)
			job_free(c, pod->asked);
	}
}

static void answered(struct control *c, const struct msg *in)
{
	struct job *job = job_at(c, in->send.task, in->send.gen);
	uint32_t load = (uint32_t)in->send.value,
		 order = (uint32_t)((uint64_t)in->send.value >> 32);

	if (!job || job->targets.at[order].answered)
		return;
	job->targets.at[order].answered = true;
	job->targets.at[order].load = load;
	if (++job->answers == job->targets.n)
		place(c, in->send.task);
}

/* Late binding: a node keeps room and wants a pod for it. */
static void asked(struct control *c, uint32_t id, const struct msg *in)
{
	struct job *job = job_at(c, in->send.task, in->send.gen);
	uint32_t hold = (uint32_t)in->send.value, gen = (uint32_t)((uint64_t)in->send.value >> 32);
	uint32_t node = in->send.from & ~NODE_BIT, pod;
	struct found found = { node, 1, 1 };
	struct msg *msg;

	if (!job) {
		msg = control_send(c, id, in->send.from, VERB_NOTHING, NULL, 0);
		msg->send.task = hold;
		msg->send.gen = gen;
		return;
	}
	job->answers++;
	pod = job->pods.head;
	list_remove(c, &job->pods, pod);
	if (!job->pods.n)
		job_free(c, in->send.task);
	note_search(c, DECISION_SEARCHED, id, pod, &found, -1, 0);
	note_thought(c, id);
	send_pod(c, pod, node, PLACE_LATE, in->send.value);
}

/* A node had no room for so long. */
static void returned(struct control *c, uint32_t id, const struct msg *in)
{
	const struct pod *pod = pod_at(c, in->send.task, in->send.gen);

	if (!pod || pod->state != POD_MIGRATING || pod->function != id ||
	    in->send.flag != (pod->probe & PLACE_NUMBER))
		return;
	if (c->function[id].state == FUNCTION_UP)
		pod_unplaced(c, in->send.task);
	else
		dispatch(c, in->send.task);
}

static void received(struct control *c, uint32_t id, const struct msg *in, const void *load)
{
	if (is_node(id)) {
		agent_received(c, in, load);
		return;
	}
	/* Nobody is there: what it had is dispatched again, what it was asked for expires. */
	if (c->function[id].state < FUNCTION_UP && in->send.verb != VERB_RETURN)
		return;
	switch (in->send.verb) {
	case VERB_LOAD: answered(c, in); break;
	case VERB_ASK: asked(c, id, in); break;
	case VERB_RETURN: returned(c, id, in); break;
	default: assert(!"a message to a scheduler has a verb of theirs");
	}
}

static void freed(struct control *c, uint32_t node)
{
	agent_serve(c, node);
}

/* Its pods have been taken from its jobs already, without regard for the lists. */
static void lost(struct control *c, uint32_t function)
{
	for (uint32_t i = 0; i < c->sampling->jobs.n; i++)
		if (c->sampling->jobs.at[i].live && c->sampling->jobs.at[i].function == function)
			job_free(c, i);
	function_start(c, FUNCTION_SCHEDULE);
}

static void start(struct control *c)
{
	(void)c;
}

/* Nodes have not answered in time; a pod has waited for long enough. */
static void timer(struct control *c, const struct timer *timer)
{
	const struct job *job;

	if (timer->kind == TIMER_JOB) {
		job = job_at(c, timer->id, timer->gen);
		if (job)
			place(c, timer->id);
	} else if (c->pods.at[timer->id].state == POD_WAITING) {
		agent_return(c, timer->id);
	} else {
		forget(c, timer->id);
		pod_unplaced(c, timer->id);
	}
}

void sampling_verify(const struct control *c)
{
	const struct sampling *s = c->sampling;
	uint32_t probing = 0, waiting = 0;

	for (uint32_t i = 0; i < s->jobs.n; i++) {
		const struct job *job = &s->jobs.at[i];
		uint32_t n = 0;

		if (!job->live)
			continue;
		assert(job->pods.n && c->function[job->function].state == FUNCTION_UP);
		for (uint32_t at = job->pods.head; at != NONE; at = c->pods.at[at].next, n++)
			assert(c->pods.at[at].state == POD_PROBING && c->pods.at[at].asked == i);
		assert(n == job->pods.n);
		probing += n;
	}
	for (uint32_t i = 0; i < s->agents.n; i++) {
		const struct agent *agent = &s->agents.at[i];
		uint32_t gpu_milli = 0, n = 0, at = agent->pods.n ? agent->pods.head : NONE;

		/* Who could start has. */
		assert(at == NONE || (c->cluster->node[i].up &&
				      !cluster_fits(&c->cluster->node[i], &c->pods.at[at].need)));
		for (; at != NONE; at = c->pods.at[at].next, n++) {
			assert(c->pods.at[at].state == POD_WAITING && c->pods.at[at].asked == i);
			gpu_milli += c->pods.at[at].need.gpu_milli;
		}
		assert(n == agent->pods.n && gpu_milli == agent->queued.gpu_milli);
		waiting += n;
	}
	for (uint32_t i = 0; i < c->pods.n; i++) {
		probing -= c->pods.at[i].state == POD_PROBING;
		waiting -= c->pods.at[i].state == POD_WAITING;
	}
	assert(!probing && !waiting);
}

const struct plane plane_sampling = {
	.think = THINK_LEAN,
	.search = search,
	.decided = decided,
	.forget = forget,
	.start = start,
	.dispatch = dispatch,
	.full = whole_full,
	.parked = pod_back_off,
	.retry = whole_retry,
	.freed = freed,
	.probe = whole_probe,
	.answer = whole_answer,
	.received = received,
	.idle = whole_idle,
	.function_up = whole_function_up,
	.function_lost = lost,
	.node_up = whole_node_up,
	.node_down = agent_down,
	.timer = timer,
};

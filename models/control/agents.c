/* Nodes of the sampling plane: each has a queue, first come, first served.  Its head starts as soon
 * as there is room for it, and what is behind it waits, whether it would fit or not.  A reservation
 * whose turn has come keeps its room while the node asks for a pod. */
#include "models/control/note.h"
#include "models/control/sampling.h"
#include <assert.h>
#include <string.h>

static struct agent *agent_at(struct control *c, uint32_t node)
{
	struct sampling *s = c->sampling;

	while (s->agents.n <= node)
		vec_push(&s->agents, (struct agent){ 0 });
	return &s->agents.at[node];
}

/* ---- what a node says of itself ---- */

/* Millionths of `all` that are taken with `more`; LOAD_NEVER if it is more than all. */
static uint32_t share(int64_t taken, int64_t more, int64_t all)
{
	int64_t load;

	if (!more)
		return 0;
	if (more > all)
		return LOAD_NEVER;
	load = (int64_t)((double)(taken + more) * 1e6 / (double)all);
	return load < LOAD_NEVER ? (uint32_t)load : LOAD_NEVER - 1;
}

/* How full the node would be with such a pod, its queue included, in what the pod asks for. */
static uint32_t load_of(struct control *c, uint32_t id, const struct wish *wish)
{
	const struct agent *agent = agent_at(c, id);
	const struct node *node = &c->cluster->node[id];
	const struct need *queued = &agent->queued;
	int64_t pods = cluster_group(&c->cluster->config, node->group)->pods;
	int64_t gpu_milli = (int64_t)node->gpus * GPU_MILLI;
	uint32_t shares[] = {
		share(pods - node->free_pods + agent->pods.n, 1, pods),
		share(gpu_milli - node->free_gpu_milli + queued->gpu_milli, wish->gpu_milli,
		      gpu_milli),
		share(node->cpu_milli - node->free_cpu_milli + queued->cpu_milli, wish->cpu_milli,
		      node->cpu_milli),
		share(node->memory_bytes - node->free_memory_bytes + (int64_t)queued->memory_bytes,
		      (int64_t)wish->memory_bytes, node->memory_bytes),
	};
	uint32_t most = wish->types && !(wish->types & node->type) ? LOAD_NEVER : 0;

	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		if (shares[i] > most)
			most = shares[i];
	return most;
}

static void probed(struct control *c, const struct msg *in, const void *load)
{
	uint32_t node = in->who & ~NODE_BIT;
	struct wish wish;
	struct msg *msg;

	memcpy(&wish, load, sizeof(wish));
	msg = control_send(c, in->who, in->send.from, VERB_LOAD, NULL, 0);
	msg->send.task = in->send.task;
	msg->send.gen = in->send.gen;
	msg->send.value = (int64_t)((uint64_t)in->send.value << 32 | load_of(c, node, &wish));
}

/* ---- its queue ---- */

static struct need need_of(const struct wish *wish)
{
	return (struct need){ .gpu_milli = wish->gpu_milli,
			      .cpu_milli = wish->cpu_milli,
			      .memory_bytes = wish->memory_bytes,
			      .types = wish->types };
}

static void start(struct control *c, uint32_t node, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];

	cluster_take(c->cluster, node, &pod->need);
	pod->record.node = node;
	note(c, DECISION_TAKEN, id, NONE, pod->function, node);
	pod_bind(c, id, pod->function);
}

static struct reservation pop(struct agent *agent)
{
	struct reservation first = agent->reserved.at[agent->reserved.head];

	agent->reserved.head = (agent->reserved.head + 1) & (agent->reserved.cap - 1);
	agent->reserved.n--;
	return first;
}

/* Keeps room and asks for a pod to fill it. */
static void ask(struct control *c, uint32_t node, const struct reservation *r)
{
	struct need need = need_of(&r->wish);
	uint32_t hold = hold_room(c, &need, node, r->function);
	struct msg *msg;

	control_arm(c, c->now + c->config.sampling.timeout_ns, TIMER_HOLD, hold,
		    c->holds.at[hold].gen, 0);
	msg = control_send(c, to_node(node), r->function, VERB_ASK, NULL, 0);
	msg->send.task = r->job;
	msg->send.gen = r->gen;
	msg->send.value = (int64_t)((uint64_t)c->holds.at[hold].gen << 32 | hold);
}

/* Reservations are looked at when their turn comes, and forgotten then if they are too old: their
 * job has given up. */
static void serve_reservations(struct control *c, uint32_t id)
{
	struct agent *agent = agent_at(c, id);
	int64_t wait_ns = c->config.sampling.wait_ns;

	while (agent->reserved.n) {
		const struct reservation *head = &agent->reserved.at[agent->reserved.head];
		struct need need = need_of(&head->wish);
		struct reservation r;

		if (wait_ns && c->now - head->since_ns >= wait_ns) {
			pop(agent);
			continue;
		}
		if (!cluster_fits(&c->cluster->node[id], &need))
			return;
		r = pop(agent);
		ask(c, id, &r);
	}
}

void agent_serve(struct control *c, uint32_t id)
{
	struct agent *agent = agent_at(c, id);

	if (!c->cluster->node[id].up)
		return;
	while (agent->pods.n) {
		uint32_t pod = agent->pods.head;

		if (!cluster_fits(&c->cluster->node[id], &c->pods.at[pod].need))
			return;
		agent_forget(c, pod);
		start(c, id, pod);
	}
	serve_reservations(c, id);
}

static void enqueue(struct control *c, uint32_t node, uint32_t id)
{
	struct agent *agent = agent_at(c, node);
	struct pod *pod = &c->pods.at[id];

	pod->state = POD_WAITING;
	pod->since_ns = c->now;
	note_waiting(c, id, node, agent->pods.n);
	list_push(c, &agent->pods, id);
	agent->queued.gpu_milli += pod->need.gpu_milli;
	agent->queued.cpu_milli += pod->need.cpu_milli;
	agent->queued.memory_bytes += pod->need.memory_bytes;
	agent_serve(c, node);
	if (pod->state == POD_WAITING && c->config.sampling.wait_ns)
		control_arm(c, c->now + c->config.sampling.wait_ns, TIMER_PROBE, id, pod->gen,
			    pod->probe);
}

void agent_forget(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct agent *agent = agent_at(c, pod->asked);

	assert(pod->state == POD_WAITING);
	list_remove(c, &agent->pods, id);
	agent->queued.gpu_milli -= pod->need.gpu_milli;
	agent->queued.cpu_milli -= pod->need.cpu_milli;
	agent->queued.memory_bytes -= pod->need.memory_bytes;
}

void agent_return(struct control *c, uint32_t id)
{
	struct pod *pod = &c->pods.at[id];
	struct msg *msg;

	agent_forget(c, id);
	note(c, DECISION_RETURNED, id, NONE, pod->function, pod->asked);
	pod->state = POD_MIGRATING;
	pod->since_ns = c->now;
	pod->probe++;
	msg = control_send(c, to_node(pod->asked), pod->function, VERB_RETURN, NULL, 0);
	msg->send.task = id;
	msg->send.gen = pod->gen;
	msg->send.flag = pod->probe & PLACE_NUMBER;
	agent_serve(c, pod->asked);
}

void agent_down(struct control *c, uint32_t node)
{
	struct agent *agent = agent_at(c, node);

	agent->reserved.n = 0;
	while (agent->pods.n) {
		uint32_t pod = agent->pods.head;

		agent_forget(c, pod);
		c->plane->dispatch(c, pod);
	}
	/* On their way to it, or back from it. */
	for (uint32_t i = 0; i < c->pods.n; i++)
		if (c->pods.at[i].state == POD_MIGRATING && c->pods.at[i].asked == node)
			c->plane->dispatch(c, i);
}

/* ---- messages ---- */

static void reserved(struct control *c, const struct msg *in, const void *load)
{
	uint32_t node = in->who & ~NODE_BIT;
	struct agent *agent = agent_at(c, node);
	struct reservation r = { .job = in->send.task,
				 .gen = in->send.gen,
				 .function = in->send.from,
				 .since_ns = c->now };
	uint32_t had = agent->reserved.cap;

	memcpy(&r.wish, load, sizeof(r.wish));
	/* It will never have room: as good as lost on the way. */
	if (load_of(c, node, &r.wish) == LOAD_NEVER)
		return;
	if (agent->reserved.n == had) {
		agent->reserved.at =
			vec_grow(agent->reserved.at, &agent->reserved.cap, had + 1, sizeof(r));
		/* What lay before the head now follows what lay behind it. */
		for (uint32_t i = 0; i < agent->reserved.head; i++)
			agent->reserved.at[had + i] = agent->reserved.at[i];
	}
	agent->reserved
		.at[(agent->reserved.head + agent->reserved.n++) & (agent->reserved.cap - 1)] = r;
	agent_serve(c, node);
}

/* A pod for its queue, or for the room that it keeps; one that comes too late for that queues. */
static void placed(struct control *c, const struct msg *in)
{
	struct pod *pod = pod_at(c, in->send.task, in->send.gen);
	uint32_t hold = (uint32_t)in->send.value, gen = (uint32_t)((uint64_t)in->send.value >> 32);
	uint32_t node = in->who & ~NODE_BIT;
	bool kept = (in->send.flag & PLACE_LATE) && hold_alive(c, hold, gen);

	if (!pod || pod->state != POD_MIGRATING || pod->asked != node ||
	    (in->send.flag & PLACE_NUMBER) != (pod->probe & PLACE_NUMBER)) {
		if (kept)
			hold_drop(c, hold);
		return;
	}
	if (!c->cluster->node[node].up) {
		c->plane->dispatch(c, in->send.task);
		return;
	}
	if (!kept) {
		enqueue(c, node, in->send.task);
		return;
	}
	hold_end(c, hold);
	pod->need = c->holds.at[hold].need;
	pod->record.node = node;
	note(c, DECISION_TAKEN, in->send.task, NONE, pod->function, node);
	pod_bind(c, in->send.task, pod->function);
}

void agent_received(struct control *c, const struct msg *in, const void *load)
{
	bool up = c->cluster->node[in->who & ~NODE_BIT].up;

	switch (in->send.verb) {
	case VERB_PROBE:
		if (up)
			probed(c, in, load);
		break;
	case VERB_RESERVE:
		if (up)
			reserved(c, in, load);
		break;
	case VERB_PLACE: placed(c, in); break;
	case VERB_NOTHING:
		if (hold_alive(c, in->send.task, in->send.gen))
			hold_drop(c, in->send.task);
		break;
	default: assert(!"a message to a node has a verb of theirs");
	}
}

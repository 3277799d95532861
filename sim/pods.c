/* Pods from the world's side: engines that compute, requests that are served, pods that come and
 * go.
 *
 * An engine's iterations up to the one asked for are one event.  When it fires, everything else
 * that is due at that time goes first (the pass), and engines that end at the same time go by pod:
 * an order that does not depend on how many iterations ran as one. */
#include "sim/loop.h"
#include <assert.h>
#include <string.h>

struct pod *loop_pod(struct world *world, uint32_t slot)
{
	while (slot >= world->pods.n) {
		struct pod *block = vec_grow(NULL, &(uint32_t){ 0 }, POD_BLOCK, sizeof(*block));

		memset(block, 0, POD_BLOCK * sizeof(*block));
		for (uint32_t i = 0; i < POD_BLOCK; i++) {
			block[i].boundary = SIM_EVENT(pods_boundary);
			block[i].drained = SIM_EVENT(pods_drain_due);
			block[i].slot = world->pods.n;
			vec_push(&world->pods, &block[i]);
		}
	}
	return world->pods.at[slot];
}

struct pod *loop_pod_of(struct world *world, uint32_t slot, uint32_t gen)
{
	struct pod *pod = slot < world->pods.n ? world->pods.at[slot] : NULL;

	return pod && pod->gen == gen && (pod->up || pod->holds) ? pod : NULL;
}

/* ---- engines ---- */

void pods_iterate(struct world *world, const struct msg *msg, const void *load)
{
	struct pod *pod = loop_pod_of(world, msg->who, msg->iterate.gen);
	const struct batch_shape *shape = load;

	if (!pod)
		return;
	assert(!pod->k && msg->iterate.k_max);
	pod->k = msg->iterate.k_max;
	pod->run_start_ns = sim_now(world->sim);
	gpu_series_run(&pod->series, &world->config->costs[pod->service], shape, pod->run_start_ns);
	pod->stall.n = 0;
	vec_reserve(&pod->stall, shape->stall_groups);
	if (shape->stall_groups)
		memcpy(pod->stall.at, shape + 1, shape->stall_groups * sizeof(struct stall));
	pod->stall.n = shape->stall_groups;
	sim_arm(world->sim, &pod->boundary,
		gpu_series_end(&pod->series, pod->series.done + pod->k));
}

void pods_interrupt(struct world *world, const struct msg *msg)
{
	struct pod *pod = loop_pod_of(world, msg->who, msg->iterate.gen);
	uint64_t at;

	if (!pod || !pod->k || pod->due)
		return;
	at = gpu_series_at(&pod->series, sim_now(world->sim));
	if (at < pod->series.done + pod->k) {
		pod->k = (uint32_t)(at - pod->series.done);
		sim_arm(world->sim, &pod->boundary, gpu_series_end(&pod->series, at));
	}
}

/* The gaps between tokens of the iterations just ended: the first after each sequence's last token,
 * the others after one another, equal ones in one call. */
static void record_gaps(struct world *world, const struct pod *pod, uint32_t k)
{
	const struct gpu_series *series = &pod->series;
	int64_t end = gpu_series_end(series, series->done + 1), gap = 0;
	uint64_t n = 0;

	for (uint32_t i = 0; i < pod->stall.n; i++)
		world->sink.gap(world->sink.ctx, pod->service, end - pod->stall.at[i].last_token_ns,
				pod->stall.at[i].seqs);
	for (uint32_t i = 2; i <= k; i++) {
		int64_t next = gpu_series_end(series, series->done + i), now = next - end;

		if (n && now != gap) {
			world->sink.gap(world->sink.ctx, pod->service, gap,
					n * series->decode_seqs);
			n = 0;
		}
		gap = now;
		n++;
		end = next;
	}
	if (n)
		world->sink.gap(world->sink.ctx, pod->service, gap, n * series->decode_seqs);
}

static void end_run(struct world *world, struct pod *pod)
{
	struct msg msg = { .kind = MSG_ITERATED, .who = pod->slot };
	uint32_t k = pod->k;
	int64_t now = sim_now(world->sim);

	if (world->sink.gap && (pod->stall.n || k > 1))
		record_gaps(world, pod, k);
	pod->series.done += k;
	if (pod->series.next_kv_tokens)
		pod->series.next_kv_tokens += (uint64_t)pod->series.decode_seqs * k;
	world->gpu_busy_ns += loop_gpu_ns(pod, now - pod->run_start_ns);
	world->iterations += k;
	pod->k = 0;
	pod->due = false;
	msg.iterated.gen = pod->gen;
	msg.iterated.k = k;
	loop_post(world, MACHINE_REPLICA, pod->slot, &msg, NULL);
}

void pods_cut(struct world *world, struct pod *pod)
{
	uint64_t ended;

	if (!pod->k)
		return;
	ended = gpu_series_at(&pod->series, sim_now(world->sim)) - 1 - pod->series.done;
	assert(ended <= pod->k);
	world->iterations += ended;
	if (world->sink.gap && ended)
		record_gaps(world, pod, (uint32_t)ended);
}

/* Asks for the memory of the engines whose turn comes soon: first for what lies in the pod, then
 * for what that points to. */
void pods_look_ahead(struct world *world)
{
	struct sim_event *event;
	const struct pod *pod;

	if (world->pods.n <= POD_BLOCK)
		return; /* few enough to stay in the cache */
	event = sim_peek(world->sim, 3);
	if (event && event->fn == pods_boundary) {
		pod = SIM_OWNER(event, struct pod, boundary);
		__builtin_prefetch(&pod->series, 1);
		__builtin_prefetch(&pod->stall, 1);
		if (pod->replica)
			replica_fetch(pod->replica);
	}
	event = sim_peek(world->sim, 1);
	if (event && event->fn == pods_boundary) {
		pod = SIM_OWNER(event, struct pod, boundary);
		__builtin_prefetch(pod->stall.at, 1);
		if (pod->replica)
			replica_fetch_rows(pod->replica);
	}
}

void pods_boundary(struct sim *sim, struct sim_event *event)
{
	struct pod *pod = SIM_OWNER(event, struct pod, boundary);
	struct world *world = sim_user(sim);

	if (!pod->k)
		return;
	if (!world->due.n && sim_next(sim) > sim_now(sim)) {
		end_run(world, pod);
		return;
	}
	pod->due = true;
	vec_push(&world->due, pod->slot);
	if (!sim_armed(&world->pass))
		sim_arm(sim, &world->pass, sim_now(sim));
}

/* Ends the runs that are due now, by pod; if more became due at this very time meanwhile, they get
 * a pass of their own. */
void pods_pass(struct world *world)
{
	uint32_t *due = world->due.at, n = world->due.n;

	for (uint32_t i = 1; i < n; i++) {
		uint32_t slot = due[i], j = i;

		for (; j && due[j - 1] > slot; j--)
			due[j] = due[j - 1];
		due[j] = slot;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct pod *pod = world->pods.at[world->due.at[i]];

		if (pod->due && pod->k)
			end_run(world, pod);
	}
	world->due.n = 0;
}

void pods_serve(struct world *world, const struct msg *msg)
{
	struct pod *pod = loop_pod_of(world, msg->who, msg->serve.gen);
	const struct engine_config *engine;
	struct msg answer = *msg;
	int64_t work;

	if (!pod)
		return;
	engine = &world->config->services[pod->service].engine;
	work = dist_draw_int(&engine->service_time, &world->service_time) +
	       msg->serve.output_tokens * engine->token_time_ns;
	answer.kind = MSG_SERVED;
	if (!pod->serving++)
		pod->run_start_ns = sim_now(world->sim);
	later_post(world->later, work, MACHINE_REPLICA, pod->slot, &answer, NULL);
}

/* One is served: the pod's GPUs are busy while any of its slots is. */
void pods_served(struct world *world, const struct msg *msg)
{
	struct pod *pod = loop_pod_of(world, msg->who, msg->serve.gen);

	if (pod && pod->serving && !--pod->serving)
		world->gpu_busy_ns += loop_gpu_ns(pod, sim_now(world->sim) - pod->run_start_ns);
}

/* ---- pods ---- */

static void come_up(struct world *world, struct pod *pod)
{
	pod->up = true;
	if (pod->service == NONE)
		return;
	if (world->hosted) {
		world->host.start(world->host.ctx, pod->slot, pod->gen, pod->service);
		return;
	}
	pod->replica = replica_new(&world->config->services[pod->service], pod->slot, pod->gen);
	if (world->tape.born)
		world->tape.born(world->tape.ctx, pod->slot, pod->gen, pod->service);
}

void pods_start(struct world *world, const struct msg *msg, const void *load)
{
	struct pod *pod = loop_pod(world, msg->who);
	uint64_t id;

	if (pod->gen == msg->pod.gen && pod->holds)
		return; /* told twice */
	if (world->faults && faults_node_off(world->faults, msg->pod.node)) {
		/* There is nobody to hear it; a plain pod is not told again. */
		if (msg->pod.service == NONE) {
			memcpy(&id, load, sizeof(id));
			pods_task_over(world, id, false);
		}
		return;
	}
	assert(!pod->up && !pod->holds);
	pod->gen = msg->pod.gen;
	pod->service = msg->pod.service;
	pod->node = msg->pod.node;
	pod->held_since_ns = sim_now(world->sim);
	pod->holds = true;
	if (world->faults)
		faults_pod(world->faults, pod, true);
	pod->draining = pod->gone_asked = pod->due = pod->silent = false;
	pod->k = 0;
	pod->series = (struct gpu_series){ 0 };
	pod->serving = 0;
	if (load)
		memcpy(&pod->id, load, sizeof(pod->id));
	pod->gpu_milli = pod->service == NONE
			       ? plain_gpu_milli(&world->config->pods, pod->id)
			       : service_gpu_milli(&world->config->services[pod->service]);
	kubelet_start(world->kubelet, msg);
	if (msg->pod.phase == PHASES)
		come_up(world, pod);
}

/* No request is inside and none can be on its way: the kubelet ends it. */
void pods_end(struct world *world, struct pod *pod)
{
	pod->gone_asked = true;
	pod->up = false;
	if (world->hosted && pod->service != NONE)
		world->host.stop(world->host.ctx, pod->slot, pod->gen);
	if (pod->replica && world->tape.died)
		world->tape.died(world->tape.ctx, pod->slot);
	replica_free(pod->replica);
	pod->replica = NULL;
	kubelet_stop(world->kubelet, pod->slot, pod->gen, pod->node);
}

void pods_lost(struct world *world, struct pod *pod, struct outbox *ended)
{
	int64_t now = sim_now(world->sim);

	assert(pod->holds);
	pods_cut(world, pod);
	if ((pod->k || pod->serving) && now > pod->run_start_ns)
		world->gpu_busy_ns += loop_gpu_ns(pod, now - pod->run_start_ns);
	world->gpu_held_ns += loop_gpu_ns(pod, now - pod->held_since_ns);
	pod->k = pod->serving = 0;
	sim_disarm(&pod->boundary);
	sim_disarm(&pod->drained);
	if (world->hosted && pod->up && pod->service != NONE)
		world->host.kill(world->host.ctx, pod->slot, pod->gen, ended);
	if (pod->replica) {
		replica_fail(pod->replica, ended);
		if (world->tape.died)
			world->tape.died(world->tape.ctx, pod->slot);
	}
	replica_free(pod->replica);
	pod->replica = NULL;
	if (pod->service == NONE && !pod->draining)
		pods_task_over(world, pod->id, false);
	faults_pod(world->faults, pod, false);
	pod->silent = pod->up && pod->service != NONE;
	pod->up = pod->holds = pod->draining = pod->due = false;
}

void pods_check_drained(struct world *world, struct pod *pod)
{
	bool idle = world->hosted ? world->host.idle(world->host.ctx, pod->slot, pod->gen)
				  : pod->replica && !replica_in_flight(pod->replica);

	if (pod->draining && !pod->gone_asked && !sim_armed(&pod->drained) && idle)
		pods_end(world, pod);
}

void pods_drain_due(struct sim *sim, struct sim_event *event)
{
	struct pod *pod = SIM_OWNER(event, struct pod, drained);

	if (!pod->up || pod->service == NONE)
		pods_end(sim_user(sim), pod); /* it never came up, or takes no requests */
	else
		pods_check_drained(sim_user(sim), pod);
}

void pods_stop(struct world *world, const struct msg *msg)
{
	struct pod *pod = loop_pod_of(world, msg->who, msg->pod.gen);

	if (!pod || pod->draining)
		return;
	pod->draining = true;
	sim_arm(world->sim, &pod->drained, sim_now(world->sim) + world->config->hop_ns + 1);
}

/* A plain pod lives for a while. Its draw is its own, so that it lives as long under any plane. */
static void live_and_end(struct world *world, const struct pod *pod)
{
	struct msg over = { .kind = MSG_POD_STOP, .who = pod->slot };

	over.pod.gen = pod->gen;
	later_post(world->later, plain_lifetime_ns(world, pod->id), MACHINES, 0, &over, NULL);
}

void pods_task_over(struct world *world, uint64_t id, bool done)
{
	struct job_record over;

	if (world->config->pods.job == 1 ||
	    !jobs_end(&world->jobs, id / (uint64_t)world->config->pods.job, done,
		      sim_now(world->sim), &over))
		return;
	if (world->sink.job)
		world->sink.job(world->sink.ctx, &over);
	if (loop_ends(world))
		sim_stop(world->sim);
}

void pods_lived(struct world *world, const struct msg *msg)
{
	const struct pod *pod = loop_pod_of(world, msg->who, msg->pod.gen);

	if (pod && !pod->draining)
		pods_task_over(world, pod->id, true);
	pods_stop(world, msg);
}

/* What the kubelet tells goes on to control; here it brings the engine up and ends the books of the
 * GPUs. */
void pods_told(struct world *world, const struct msg *msg)
{
	struct pod *pod = msg->kind == MSG_NODE_UP || msg->kind == MSG_NODE_DOWN
				? NULL
				: loop_pod_of(world, msg->who, msg->pod.gen);

	if (pod && msg->kind == MSG_POD_READY && !pod->up && !pod->draining) {
		come_up(world, pod);
		if (pod->service == NONE)
			live_and_end(world, pod);
	} else if (pod && (msg->kind == MSG_POD_GONE || msg->kind == MSG_POD_FAILED)) {
		world->gpu_held_ns += loop_gpu_ns(pod, sim_now(world->sim) - pod->held_since_ns);
		if (world->faults && pod->holds)
			faults_pod(world->faults, pod, false);
		pod->holds = false;
		pod->up = false;
		if (pod->service == NONE && !pod->draining)
			pods_task_over(world, pod->id, false);
	}
	loop_post(world, MACHINE_CONTROL, 0, msg, NULL);
}

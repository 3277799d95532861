/* The loop of the virtual world: deliver a message, carry out what the step asked for, deliver what
 * that brought about, and only then let time pass. */
#include "sim/loop.h"
#include <assert.h>
#include <string.h>

/* ---- what a step asked for ---- */

static void record_request(struct world *world, const void *load)
{
	const struct request_record *record = load;

	if (world->config->users && world->config->users->retries) {
		struct request_record seen = *record;

		users_ended(world, record);
		seen.id = user_request(record->id);
		if (world->sink.request)
			world->sink.request(world->sink.ctx, &seen);
	} else if (world->sink.request) {
		world->sink.request(world->sink.ctx, record);
	}
	world->recorded++;
	if (world->progress && !(world->recorded & 1023))
		world->progress(world->progress_ctx, (double)world->recorded);
	if (loop_ends(world))
		sim_stop(world->sim);
}

static void record_pod(struct world *world, const void *load)
{
	const struct pod_record *record = load;

	if (world->sink.pod)
		world->sink.pod(world->sink.ctx, record);
	world->pods_recorded += record->service == NONE;
	if (record->service == NONE && record->end != POD_READY)
		pods_task_over(world, record->id, false);
	if (loop_ends(world))
		sim_stop(world->sim);
}

static void fail_request(struct world *world, const struct msg *submit, int64_t after_ns)
{
	struct msg lost = { .kind = MSG_FINISHED, .who = submit->who };

	lost.finished.gen = submit->submit.gen;
	lost.finished.pod = submit->submit.pod;
	lost.finished.outcome = OUT_FAILED;
	if (after_ns)
		later_post(world->later, after_ns, MACHINE_SERVING, 0, &lost, NULL);
	else
		loop_post(world, MACHINE_SERVING, 0, &lost, NULL);
}

/* Whether the message goes to a pod that died without a word: then nobody answers. */
static bool into_silence(struct world *world, const struct msg *msg)
{
	bool cancel = msg->kind == MSG_CANCEL;
	uint32_t slot = cancel ? msg->cancel.pod : msg->submit.pod;
	const struct pod *pod = slot < world->pods.n ? world->pods.at[slot] : NULL;

	if (!pod || !pod->silent || !faults_node_off(world->faults, pod->node) ||
	    pod->gen != (cancel ? msg->cancel.pod_gen : msg->submit.pod_gen))
		return false;
	if (!cancel)
		fail_request(world, msg, world->config->detection->reset_ns);
	return true;
}

/* Gateway to pod: a constant latency, so a queue with one event for its head. */
static void hop(struct world *world, const struct msg *msg)
{
	if (world->hosted) {
		if (!into_silence(world, msg))
			world->host.submit(world->host.ctx, msg);
		return;
	}
	if (world->hops_head == world->hops.n)
		world->hops_head = world->hops.n = 0;
	vec_push(&world->hops, (struct hop){ sim_now(world->sim) + world->config->hop_ns, *msg });
	if (!sim_armed(&world->submit_due))
		sim_arm(world->sim, &world->submit_due, world->hops.at[world->hops_head].at);
}

static void to_pod(struct world *world, const struct msg *msg)
{
	bool cancel = msg->kind == MSG_CANCEL;
	uint32_t slot = cancel ? msg->cancel.pod : msg->submit.pod;
	struct pod *pod =
		loop_pod_of(world, slot, cancel ? msg->cancel.pod_gen : msg->submit.pod_gen);

	if (pod && pod->replica)
		loop_post(world, MACHINE_REPLICA, slot, msg, NULL);
	else if (!into_silence(world, msg) && !cancel)
		fail_request(world, msg, 0);
}

void loop_hops_due(struct sim *sim, struct sim_event *event)
{
	struct world *world = sim_user(sim);
	int64_t now = sim_now(sim);

	(void)event;
	while (world->hops_head < world->hops.n && world->hops.at[world->hops_head].at <= now) {
		struct msg msg = world->hops.at[world->hops_head++].msg;

		to_pod(world, &msg);
	}
	if (world->hops_head < world->hops.n)
		sim_arm(sim, &world->submit_due, world->hops.at[world->hops_head].at);
	if (world->hops_head > 4096) {
		memmove(world->hops.at, world->hops.at + world->hops_head,
			(world->hops.n - world->hops_head) * sizeof(*world->hops.at));
		world->hops.n -= world->hops_head;
		world->hops_head = 0;
	}
}

static void scale(struct world *world, const struct msg *msg)
{
	struct scale_record record = {
		sim_now(world->sim), msg->who,	       msg->scale.from,
		msg->scale.desired,  msg->scale.ready, msg->scale.panic != 0
	};

	if (world->sink.scale)
		world->sink.scale(world->sink.ctx, &record);
	loop_post(world, MACHINE_CONTROL, 0, msg, NULL);
}

static int64_t thought_ns(struct world *world, const struct msg *msg)
{
	const struct decision_cost *cost = &world->config->decision;
	const struct {
		const struct dist *task, *each; /* of what it examines */
	} price[THINKS] = {
		[THINK_SCHEDULE] = { &cost->base, &cost->per_node },
		[THINK_PROBE] = { &cost->base, &cost->per_node },
		[THINK_LEAN] = { &cost->lean, &cost->lean_per_node },
		[THINK_AUTOSCALE] = { &cost->autoscale, NULL },
		[THINK_EXPAND] = { &cost->expand, &cost->expand_per_pod },
		[THINK_BIND] = { &cost->bind, NULL },
		[THINK_ENDPOINT] = { &cost->endpoint, &cost->endpoint_per_pod },
	}, *of = &price[msg->think.what];
	int64_t ns = dist_draw_int(of->task, &world->decide);

	if (of->each && msg->think.examined)
		ns += (int64_t)(dist_draw(of->each, &world->decide) * msg->think.examined + 0.5);
	return ns;
}

/* Decisions, messages and instances of the control plane take time. */
static void control_work(struct world *world, const struct msg *msg, const void *load)
{
	const struct decision_cost *cost = &world->config->decision;
	struct msg answer = *msg;
	int64_t delay = 0;

	if (world->faults && faults_swallow(world->faults, msg))
		return;
	if (msg->kind == MSG_THINK) {
		delay = thought_ns(world, msg);
		answer.kind = MSG_THOUGHT;
	} else if (msg->kind == MSG_SEND) {
		delay = dist_draw_int(&cost->message, &world->decide);
		if (msg->send.verb == VERB_MIGRATE)
			delay += dist_draw_int(&cost->migration, &world->decide);
		answer.kind = MSG_RECEIVED;
	} else {
		delay = dist_draw_int(&cost->function_start, &world->decide);
		if (world->faults)
			delay += faults_function_wait(world->faults, msg->who);
		answer.kind = MSG_FUNCTION_UP;
	}
	later_post(world->later, delay, MACHINE_CONTROL, 0, &answer, load);
}

static void carry_out(struct world *world, const struct msg *msg, const void *load)
{
	switch ((enum msg_kind)msg->kind) {
	case MSG_SUBMIT:
	case MSG_CANCEL: hop(world, msg); break;
	case MSG_FIRST_TOKEN:
	case MSG_FINISHED:
		serving_fetch(world->serving, msg->who);
		loop_post(world, MACHINE_SERVING, 0, msg, load);
		break;
	case MSG_ENDPOINT: loop_post(world, MACHINE_SERVING, 0, msg, load); break;
	case MSG_RECORD_REQUEST: record_request(world, load); break;
	case MSG_ITERATE: pods_iterate(world, msg, load); break;
	case MSG_INTERRUPT: pods_interrupt(world, msg); break;
	case MSG_SERVE: pods_serve(world, msg); break;
	case MSG_SCALE: scale(world, msg); break;
	case MSG_WRITE: api_write(world->api, msg); break;
	case MSG_THINK:
	case MSG_SEND:
	case MSG_FUNCTION_START: control_work(world, msg, load); break;
	case MSG_FUNCTION_STOP:
		if (world->faults)
			faults_swallow(world->faults, msg);
		break;
	case MSG_POD_START: pods_start(world, msg, load); break;
	case MSG_POD_STOP: pods_stop(world, msg); break;
	case MSG_NODE_WANT: kubelet_provision(world->kubelet, msg); break;
	case MSG_RECORD_POD: record_pod(world, load); break;
	case MSG_RECORD_DECISION:
		if (world->sink.decision && world->config->decisions)
			world->sink.decision(world->sink.ctx, load);
		break;
	default: assert(!"a machine sent what only a world sends");
	}
}

/* ---- delivering ---- */

static void wake(struct world *world, struct sim_event *event, int64_t at)
{
	int64_t now = sim_now(world->sim);

	if (at == TIME_NEVER)
		sim_disarm(event);
	else if (at != event->at)
		sim_arm(world->sim, event, at < now ? now : at);
}

/* One step of one machine, and what it asked for. */
static void step(struct world *world, enum machine machine, uint32_t instance,
		 const struct msg *msg, const void *load)
{
	int64_t now = sim_now(world->sim);
	struct pod *pod = NULL;
	const unsigned char *at;

	outbox_clear(&world->out);
	if (machine == MACHINE_SERVING) {
		serving_step(world->serving, now, msg, load, &world->out);
	} else if (machine == MACHINE_CONTROL) {
		control_step(world->control, now, msg, load, &world->out);
	} else {
		pod = world->pods.at[instance];
		if (!pod->replica)
			return;
		replica_step(pod->replica, now, msg, load, &world->out);
	}
	if (world->tape.step) {
		struct taped_step taped = { machine, instance, now, msg, load, &world->out };

		world->tape.step(world->tape.ctx, &taped);
	}
	at = world->out.loads;
	for (uint32_t i = 0; i < world->out.n; i++) {
		const struct msg *act = &world->out.at[i];

		carry_out(world, act, act->load_bytes ? at : NULL);
		at += (act->load_bytes + 7u) & ~7u;
	}
	if (machine == MACHINE_SERVING)
		wake(world, &world->serving_tick, serving_wakeup(world->serving));
	else if (machine == MACHINE_CONTROL)
		wake(world, &world->control_tick, control_wakeup(world->control));
	else
		pods_check_drained(world, pod);
}

static void mail_push(struct world *world, enum machine machine, uint32_t instance,
		      const struct msg *msg, const void *load)
{
	uint32_t at = world->mail_loads.n, room = (msg->load_bytes + 7u) & ~7u;

	assert(!room || load);
	if (room) {
		vec_reserve(&world->mail_loads, at + room);
		memcpy(world->mail_loads.at + at, load, msg->load_bytes);
		world->mail_loads.n += room;
	}
	vec_push(&world->mail, (struct mail){ *msg, instance, at, (uint8_t)machine });
}

void loop_post(struct world *world, enum machine machine, uint32_t instance, const struct msg *msg,
	       const void *load)
{
	if (world->busy) {
		mail_push(world, machine, instance, msg, load);
		return;
	}
	world->busy = true;
	pods_look_ahead(world);
	step(world, machine, instance, msg, load);
	while (world->mail_head < world->mail.n) {
		struct mail mail = world->mail.at[world->mail_head++];

		/* a copy, because the step may move what it came from */
		vec_reserve(&world->mail_copy, mail.msg.load_bytes);
		if (mail.msg.load_bytes)
			memcpy(world->mail_copy.at, world->mail_loads.at + mail.load_at,
			       mail.msg.load_bytes);
		step(world, mail.machine, mail.instance, &mail.msg,
		     mail.msg.load_bytes ? world->mail_copy.at : NULL);
	}
	world->mail.n = world->mail_head = world->mail_loads.n = 0;
	world->busy = false;
}

/* One poll loop: the socket on one side, the end of the iteration under way on the other. The GPU's
 * time is the cost model's: an iteration is slept through, and its tokens are sent when it ends.
 * What follows an iteration begins at the time at which it should have ended, so that late wake-ups
 * do not add up. */
#include "emu/replica_process.h"
#include "base/dist.h"
#include "models/engine/replica.h"
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A request of the request-level engine being served. */
struct serving_slot {
	int64_t end_ns;
	struct msg msg;
};

struct process {
	const struct world_config *config;
	const struct gpu_cost *cost;
	struct wall wall;
	struct wire wire;
	struct replica *replica;
	struct outbox out;
	uint32_t pod, gen, service;
	bool taped, running;
	struct gpu_series series;
	uint64_t at, target; /* iterations of the series: ended; to end */
	VEC(struct serving_slot) served;
	struct rng service_time;
	VEC(unsigned char) scratch;
};

static void send_token(void *ctx, uint32_t request, uint32_t gen)
{
	struct process *process = ctx;
	struct token_frame token = { request, gen };

	wire_put(&process->wire, FRAME_TOKEN, &token, sizeof(token), NULL, 0);
}

static void iterate(struct process *process, const struct msg *msg, const void *load, int64_t now)
{
	gpu_series_run(&process->series, process->cost, load, now);
	process->at = process->series.done;
	process->target = process->at + msg->iterate.k_max;
	process->running = true;
}

static void serve(struct process *process, const struct msg *msg, int64_t now)
{
	const struct engine_config *engine = &process->config->services[process->service].engine;
	int64_t work = dist_draw_int(&engine->service_time, &process->service_time) +
		       msg->serve.output_tokens * engine->token_time_ns;
	struct serving_slot slot = { now + work, *msg };

	slot.msg.kind = MSG_SERVED;
	vec_push(&process->served, slot);
}

static void tape(struct process *process, int64_t now, const struct msg *in)
{
	const struct outbox *out = &process->out;
	uint32_t bytes = out->n * (uint32_t)sizeof(*out->at);

	process->scratch.n = 0;
	vec_reserve(&process->scratch, 16 + (uint32_t)sizeof(*in) + bytes + out->loads_n);
	memcpy(process->scratch.at, &now, 8);
	memcpy(process->scratch.at + 8, &out->n, 4);
	memcpy(process->scratch.at + 12, &out->loads_n, 4);
	memcpy(process->scratch.at + 16, in, sizeof(*in));
	if (bytes)
		memcpy(process->scratch.at + 16 + sizeof(*in), out->at, bytes);
	wire_put(&process->wire, FRAME_STEP, process->scratch.at,
		 16 + (uint32_t)sizeof(*in) + bytes, out->loads, out->loads_n);
}

static void step(struct process *process, int64_t now, const struct msg *in)
{
	const unsigned char *load;

	outbox_clear(&process->out);
	replica_step(process->replica, now, in, NULL, &process->out);
	if (process->taped)
		tape(process, now, in);
	load = process->out.loads;
	for (uint32_t i = 0; i < process->out.n; i++) {
		const struct msg *msg = &process->out.at[i];

		if (msg->kind == MSG_ITERATE)
			iterate(process, msg, load, now);
		else if (msg->kind == MSG_INTERRUPT && process->running)
			process->target = process->at + 1;
		else if (msg->kind == MSG_SERVE)
			serve(process, msg, now);
		else if (msg->kind == MSG_FIRST_TOKEN || msg->kind == MSG_FINISHED)
			wire_put(&process->wire, FRAME_MSG, msg, sizeof(*msg), NULL, 0);
		load += (msg->load_bytes + 7u) & ~7u;
	}
}

/* One iteration has ended: its tokens go out; after the last one asked for, the engine decides
 * anew. */
static void iteration_ended(struct process *process)
{
	struct gpu_series *series = &process->series;
	int64_t end = gpu_series_end(series, process->at + 1),
		busy = end - gpu_series_end(series, process->at);
	struct msg msg = { .kind = MSG_ITERATED, .who = process->pod };

	replica_tokens(process->replica, send_token, process);
	wire_put(&process->wire, FRAME_BUSY, &busy, sizeof(busy), NULL, 0);
	if (++process->at < process->target)
		return;
	msg.iterated.gen = process->gen;
	msg.iterated.k = (uint32_t)(process->target - series->done);
	series->done = process->target;
	if (series->next_kv_tokens)
		series->next_kv_tokens += (uint64_t)series->decode_seqs * msg.iterated.k;
	process->running = false;
	step(process, end, &msg);
}

/* Ends what the request-level engine has served by now. */
static void served_ended(struct process *process, int64_t now)
{
	for (uint32_t i = 0; i < process->served.n;) {
		struct serving_slot slot = process->served.at[i];

		if (slot.end_ns > now) {
			i++;
			continue;
		}
		process->served.at[i] = vec_pop(&process->served);
		step(process, slot.end_ns, &slot.msg);
		i = 0;
	}
}

/* The time of the next thing due, or TIME_NEVER. */
static int64_t next_due(const struct process *process)
{
	int64_t due =
		process->running ? gpu_series_end(&process->series, process->at + 1) : TIME_NEVER;

	for (uint32_t i = 0; i < process->served.n; i++)
		if (process->served.at[i].end_ns < due)
			due = process->served.at[i].end_ns;
	return due;
}

static void catch_up(struct process *process, int64_t now)
{
	while (process->running && gpu_series_end(&process->series, process->at + 1) <= now)
		iteration_ended(process);
	served_ended(process, now);
}

static void take_frames(struct process *process)
{
	const unsigned char *payload;
	struct frame frame;
	struct msg msg;
	int64_t now;

	while (wire_next(&process->wire, &frame, &payload)) {
		assert(frame.bytes >= sizeof(msg));
		memcpy(&msg, payload, sizeof(msg));
		assert(frame.kind != FRAME_SUBMIT ||
		       frame.bytes ==
			       sizeof(msg) + (uint64_t)msg.submit.input_tokens * PROMPT_BYTES);
		/* One now for both, or an iteration could end before what is taken here. */
		now = wall_now(&process->wall);
		catch_up(process, now);
		step(process, now, &msg);
	}
}

/* Waits for the socket or for what is due, whichever comes first; false when the gateway is gone.
 */
static bool wait_and_read(struct process *process)
{
	struct pollfd poll = { .fd = process->wire.fd, .events = POLLIN };
	int64_t due = next_due(process), wait;
	struct timespec timeout;

	if (wire_pending(&process->wire))
		poll.events |= POLLOUT;
	wait = due == TIME_NEVER ? 0 : wall_when(&process->wall, due) - wall_clock_ns();
	if (wait < 0)
		wait = 0;
	timeout = (struct timespec){ wait / 1000000000, wait % 1000000000 };
	if (ppoll(&poll, 1, due == TIME_NEVER ? NULL : &timeout, NULL) < 0 && errno != EINTR)
		return false;
	return !(poll.revents & (POLLIN | POLLHUP | POLLERR)) || wire_fill(&process->wire);
}

_Noreturn void replica_process(const struct world_config *config, const struct wall *wall,
			       int listen_fd, uint32_t pod, uint32_t gen, uint32_t service,
			       bool taped)
{
	struct process process = { .config = config,
				   .cost = &config->costs[service],
				   .wall = *wall,
				   .pod = pod,
				   .gen = gen,
				   .service = service,
				   .taped = taped };

	process.service_time = rng_stream(config->seed, "service_time", pod);
	process.replica = replica_new(&config->services[service], pod, gen);
	process.wire.fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK);
	setsockopt(process.wire.fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	close(listen_fd);
	while (process.wire.fd >= 0 && wait_and_read(&process)) {
		take_frames(&process);
		catch_up(&process, wall_now(&process.wall));
		if (!wire_flush(&process.wire))
			break;
	}
	_exit(0);
}

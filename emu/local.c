/* The live loop: epoll over the replicas' sockets and a timer for the virtual world's next event.
 *
 * The virtual world is driven to the wall clock's now before anything that comes from outside is
 * delivered, so that one `now` holds in a step. Each replica is forked when its pod comes up, and
 * ends when its socket closes; the kernel kills it if this process dies. */
#include "emu/local.h"
#include "emu/replica_process.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 64 };

/* A replica's process, by pod slot. */
struct peer {
	struct wire wire;
	pid_t pid; /* 0 = none */
	uint32_t gen, service, in_flight;
	bool writing; /* waits for the socket to take more */
};

/* What was sent where, by request slot, to check that every token came and to time the gaps. */
struct flight {
	uint32_t gen, pod, tokens, asked;
	int64_t last_token_ns;
	bool open;
};

struct live {
	const struct world_config *config;
	const struct sink *sink;
	struct tape_hook tape;
	struct world *world;
	struct wall wall;
	int epoll, timer;
	VEC(struct peer) peers;
	VEC(struct flight) flights;
	VEC(unsigned char) prompt;
	bool failed;
	struct err *err;
};

static bool fail(struct live *live, const char *what)
{
	if (!live->failed)
		err_system(live->err, "%s: %s", what, strerror(errno));
	live->failed = true;
	return false;
}

/* ---- replicas ---- */

/* In the child: only the listening socket stays open; the parent's death is its own. */
static _Noreturn void child(struct live *live, int listen_fd, pid_t parent, uint32_t pod,
			    const struct peer *peer)
{
	struct world_config config = *live->config;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	if (dup2(listen_fd, 3) != 3 || close_range(4, ~0u, 0) != 0)
		_exit(1);
	replica_process(&config, &live->wall, 3, pod, peer->gen, peer->service,
			live->tape.step != NULL);
}

static int listen_on_loopback(struct sockaddr_in *address)
{
	socklen_t n = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd >= 0 && (bind(fd, (struct sockaddr *)address, n) != 0 || listen(fd, 1) != 0 ||
			getsockname(fd, (struct sockaddr *)address, &n) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool connect_peer(struct live *live, uint32_t pod, const struct sockaddr_in *address)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = pod };
	struct peer *peer = &live->peers.at[pod];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	peer->wire.fd = fd;
	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		return false;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return epoll_ctl(live->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void start(void *ctx, uint32_t pod, uint32_t gen, uint32_t service)
{
	struct live *live = ctx;
	struct sockaddr_in address;
	pid_t parent = getpid();
	struct peer *peer;
	int listen_fd;

	while (pod >= live->peers.n)
		vec_push(&live->peers, (struct peer){ .wire.fd = -1 });
	peer = &live->peers.at[pod];
	peer->gen = gen;
	peer->service = service;
	peer->in_flight = 0;
	peer->writing = false;
	listen_fd = listen_on_loopback(&address);
	if (listen_fd < 0) {
		fail(live, "cannot open a socket for a replica");
		return;
	}
	peer->pid = fork();
	if (peer->pid == 0)
		child(live, listen_fd, parent, pod, peer);
	if (peer->pid < 0 || !connect_peer(live, pod, &address))
		fail(live, "cannot start a replica's process");
	close(listen_fd);
	if (live->tape.born)
		live->tape.born(live->tape.ctx, pod, gen, service);
}

static void end_peer(struct live *live, uint32_t pod)
{
	struct peer *peer = &live->peers.at[pod];

	if (peer->wire.fd < 0)
		return;
	wire_release(&peer->wire);
	if (live->tape.died)
		live->tape.died(live->tape.ctx, pod);
}

/* What was inside has failed: MSG_FINISHED for each request. */
static void fail_flights(struct live *live, uint32_t pod, struct outbox *ended)
{
	for (uint32_t i = 0; i < live->flights.n; i++) {
		struct flight *flight = &live->flights.at[i];
		struct msg *msg;

		if (!flight->open || flight->pod != pod)
			continue;
		flight->open = false;
		msg = outbox_add(ended, MSG_FINISHED, i);
		msg->finished.gen = flight->gen;
		msg->finished.pod = pod;
		msg->finished.outcome = OUT_FAILED;
	}
	live->peers.at[pod].in_flight = 0;
}

static void stop(void *ctx, uint32_t pod, uint32_t gen)
{
	struct live *live = ctx;

	if (pod < live->peers.n && live->peers.at[pod].gen == gen)
		end_peer(live, pod);
}

/* Its node lost power: the process dies, and those inside with it. */
static void kill_pod(void *ctx, uint32_t pod, uint32_t gen, struct outbox *ended)
{
	struct live *live = ctx;

	if (pod >= live->peers.n || live->peers.at[pod].gen != gen ||
	    live->peers.at[pod].wire.fd < 0)
		return;
	kill(live->peers.at[pod].pid, SIGKILL);
	fail_flights(live, pod, ended);
	end_peer(live, pod);
}

static bool idle(void *ctx, uint32_t pod, uint32_t gen)
{
	const struct live *live = ctx;

	return pod >= live->peers.n || live->peers.at[pod].gen != gen ||
	       !live->peers.at[pod].in_flight;
}

static void flush(struct live *live, uint32_t pod)
{
	struct peer *peer = &live->peers.at[pod];
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = pod };

	wire_flush(&peer->wire); /* an end of the stream is seen when it is read */
	if (wire_pending(&peer->wire) == peer->writing)
		return;
	peer->writing = !peer->writing;
	if (peer->writing)
		event.events |= EPOLLOUT;
	epoll_ctl(live->epoll, EPOLL_CTL_MOD, peer->wire.fd, &event);
}

/* A request, with its prompt, goes to its replica. */
static void submit(void *ctx, const struct msg *msg)
{
	struct live *live = ctx;
	bool cancel = msg->kind == MSG_CANCEL;
	uint32_t pod = cancel ? msg->cancel.pod : msg->submit.pod, bytes;
	struct msg lost = { .kind = MSG_FINISHED, .who = msg->who };

	if (pod >= live->peers.n || live->peers.at[pod].wire.fd < 0 ||
	    live->peers.at[pod].gen != (cancel ? msg->cancel.pod_gen : msg->submit.pod_gen)) {
		lost.finished.gen = msg->submit.gen;
		lost.finished.pod = pod;
		lost.finished.outcome = OUT_FAILED;
		if (!cancel)
			world_post(live->world, MACHINE_SERVING, 0, &lost, NULL);
		return;
	}
	if (cancel) {
		wire_put(&live->peers.at[pod].wire, FRAME_CANCEL, msg, sizeof(*msg), NULL, 0);
		live->flights.at[msg->who].open = false;
		flush(live, pod);
		if (!--live->peers.at[pod].in_flight)
			world_pod_idle(live->world, pod, live->peers.at[pod].gen);
		return;
	}
	while (msg->who >= live->flights.n)
		vec_push(&live->flights, (struct flight){ 0 });
	live->flights.at[msg->who] = (struct flight){
		.gen = msg->submit.gen, .pod = pod, .asked = msg->submit.output_tokens, .open = true
	};
	live->peers.at[pod].in_flight++;
	bytes = msg->submit.input_tokens * PROMPT_BYTES;
	if (bytes > live->prompt.n) {
		vec_reserve(&live->prompt, bytes);
		memset(live->prompt.at + live->prompt.n, 's', bytes - live->prompt.n);
		live->prompt.n = bytes;
	}
	wire_put(&live->peers.at[pod].wire, FRAME_SUBMIT, msg, sizeof(*msg), live->prompt.at,
		 bytes);
	flush(live, pod);
}

/* ---- what comes back ---- */

static struct flight *flight_of(struct live *live, uint32_t request, uint32_t gen)
{
	struct flight *flight = request < live->flights.n ? &live->flights.at[request] : NULL;

	return flight && flight->open && flight->gen == gen ? flight : NULL;
}

static void token(struct live *live, const unsigned char *payload, int64_t now)
{
	struct token_frame frame;
	struct flight *flight;

	memcpy(&frame, payload, sizeof(frame));
	flight = flight_of(live, frame.request, frame.gen);
	if (!flight)
		return;
	if (flight->tokens++ && live->sink->gap)
		live->sink->gap(live->sink->ctx, live->peers.at[flight->pod].service,
				now - flight->last_token_ns, 1);
	flight->last_token_ns = now;
}

static void message(struct live *live, uint32_t pod, const unsigned char *payload)
{
	struct peer *peer = &live->peers.at[pod];
	struct flight *flight;
	struct msg msg;

	memcpy(&msg, payload, sizeof(msg));
	if (msg.kind == MSG_FINISHED) {
		flight = flight_of(live, msg.who, msg.finished.gen);
		if (!flight)
			return;
		/* every token that was asked for must have come over the socket */
		if (msg.finished.outcome == OUT_COMPLETED &&
		    flight->tokens != (flight->asked ? flight->asked : 1) &&
		    live->config->services[peer->service].engine.kind == ENGINE_LLM)
			msg.finished.outcome = OUT_FAILED;
		flight->open = false;
		peer->in_flight--;
	}
	world_post(live->world, MACHINE_SERVING, 0, &msg, NULL);
	peer = &live->peers.at[pod]; /* a pod may have come up meanwhile, and the array moved */
	if (msg.kind == MSG_FINISHED && !peer->in_flight)
		world_pod_idle(live->world, pod, peer->gen);
}

/* A step of the replica's machine, for the tape. */
static void taped(struct live *live, uint32_t pod, const unsigned char *payload)
{
	struct outbox out = { 0 };
	struct taped_step step = { .machine = MACHINE_REPLICA, .instance = pod, .out = &out };
	struct msg in;
	uint32_t n, loads;

	memcpy(&step.now, payload, 8);
	memcpy(&n, payload + 8, 4);
	memcpy(&loads, payload + 12, 4);
	memcpy(&in, payload + 16, sizeof(in));
	out.at = vec_grow(NULL, &out.cap, n + 1, sizeof(*out.at));
	out.loads = vec_grow(NULL, &out.loads_cap, loads + 1, 1);
	out.n = n;
	out.loads_n = loads;
	memcpy(out.at, payload + 16 + sizeof(in), n * sizeof(*out.at));
	memcpy(out.loads, payload + 16 + sizeof(in) + n * sizeof(*out.at), loads);
	step.in = &in;
	live->tape.step(live->tape.ctx, &step);
	outbox_release(&out);
}

/* The process died: its requests have failed, and so has its pod. */
static void lost(struct live *live, uint32_t pod)
{
	struct msg gone = { .kind = MSG_POD_FAILED, .who = pod };
	struct outbox ended = { 0 };

	fail_flights(live, pod, &ended);
	for (uint32_t i = 0; i < ended.n; i++)
		world_post(live->world, MACHINE_SERVING, 0, &ended.at[i], NULL);
	outbox_release(&ended);
	gone.pod.gen = live->peers.at[pod].gen;
	end_peer(live, pod);
	world_pod_lost(live->world, &gone);
}

static void readable(struct live *live, uint32_t pod)
{
	const unsigned char *payload;
	bool there = wire_fill(&live->peers.at[pod].wire);
	struct frame frame;
	int64_t now, busy;

	world_advance(live->world, wall_now(&live->wall));
	now = wall_now(&live->wall);
	while (live->peers.at[pod].wire.fd >= 0 &&
	       wire_next(&live->peers.at[pod].wire, &frame, &payload)) {
		if (frame.kind == FRAME_TOKEN) {
			token(live, payload, now);
		} else if (frame.kind == FRAME_MSG) {
			message(live, pod, payload);
		} else if (frame.kind == FRAME_BUSY) {
			memcpy(&busy, payload, sizeof(busy));
			world_pod_busy(live->world, pod, busy);
		} else if (frame.kind == FRAME_STEP && live->tape.step) {
			taped(live, pod, payload);
		}
	}
	if (!there && live->peers.at[pod].wire.fd >= 0)
		lost(live, pod);
}

/* ---- the loop ---- */

static void arm(struct live *live)
{
	int64_t next = world_next(live->world),
		at = next == TIME_NEVER ? 0 : wall_when(&live->wall, next);
	struct itimerspec when = { .it_value = { at / 1000000000, at % 1000000000 } };

	timerfd_settime(live->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void loop(struct live *live, const volatile int *stop,
		 void (*progress)(void *ctx, double done), void *ctx)
{
	const int look_up_ms = 200; /* between looks at *stop and for children that ended */
	struct epoll_event events[EVENTS];
	uint64_t expirations;

	while (!live->failed && !world_over(live->world) && !world_failed(live->world) && !*stop) {
		world_advance(live->world, wall_now(&live->wall));
		arm(live);
		int n = epoll_wait(live->epoll, events, EVENTS, look_up_ms);

		for (int i = 0; i < n; i++) {
			uint32_t pod = events[i].data.u32;

			if (pod == NONE) {
				if (read(live->timer, &expirations, sizeof(expirations)) < 0 &&
				    errno != EAGAIN)
					fail(live, "cannot read the timer");
				continue;
			}
			if (live->peers.at[pod].wire.fd < 0)
				continue;
			if (events[i].events & EPOLLOUT)
				flush(live, pod);
			if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				readable(live, pod);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (progress)
			progress(ctx, (double)world_totals(live->world).requests);
	}
}

static void release(struct live *live)
{
	for (uint32_t i = 0; i < live->peers.n; i++) {
		if (live->peers.at[i].wire.fd >= 0 && live->peers.at[i].pid > 0)
			kill(live->peers.at[i].pid, SIGKILL);
		wire_release(&live->peers.at[i].wire);
	}
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	vec_release(&live->peers);
	vec_release(&live->flights);
	vec_release(&live->prompt);
	if (live->epoll >= 0)
		close(live->epoll);
	if (live->timer >= 0)
		close(live->timer);
}

bool emu_local(const struct world_config *config, const struct workload *workload,
	       const struct sink *sink, const struct tape_hook *tape, double speed,
	       const volatile int *stop_now, void (*progress)(void *ctx, double done), void *ctx,
	       struct world **world, struct err *err)
{
	struct live live = { .config = config, .sink = sink, .err = err };
	struct pod_host host = { &live, start, stop, submit, idle, kill_pod };
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = NONE };

	*world = NULL;
	if (tape)
		live.tape = *tape;
	live.epoll = epoll_create1(EPOLL_CLOEXEC);
	live.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (live.epoll < 0 || live.timer < 0 ||
	    epoll_ctl(live.epoll, EPOLL_CTL_ADD, live.timer, &event) != 0) {
		fail(&live, "cannot make a timer");
	} else {
		live.world = world_new(config, workload, sink, tape, &host);
		live.wall = (struct wall){ wall_clock_ns(), speed };
		loop(&live, stop_now, progress, ctx);
	}
	release(&live);
	if (live.world && (live.failed || world_failed(live.world))) {
		world_free(live.world);
		return false;
	}
	*world = live.world;
	return !live.failed;
}

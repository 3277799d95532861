/* One row a message, with one event that stands for what it waits for; two FIFO lists through the
 * rows, of those waiting for a server and of those waiting for a commit. */
#include "sim/api.h"
#include "sim/bucket.h"
#include "sim/rows.h"

#define API(f) offsetof(struct api_config, f)

const struct opt api_options[] = {
	{ "servers", OPT_INT, UNIT_NONE, API(servers), "8", 1, 1e6,
	  .help = "writes that the API server works on at once",
	  .source = "assumption: 8 cores; with the service time 2,200 writes/s, above the 1,000 "
		    "that a tuned Knative's 50 cold starts/s need (PulseNet) and the 810 binds/s "
		    "of scheduler_perf; sweep 2 to 64" },
	{ "service", OPT_DIST, UNIT_TIME, API(service), "LN(3ms,8ms)", 0, 6e10,
	  .help = "the API server's work per write",
	  .source = "assumption: decoding, admission and encoding of pods of some 17 KB "
		    "(KubeDirect); sweep 0.5 to 20 ms" },
	{ "commit", OPT_DIST, UNIT_TIME, API(commit), "LN(2ms,6ms)", 0, 6e10,
	  .help = "etcd's time for one group of writes",
	  .source = "etcd's FAQ wants a WAL fsync p99 below 10 ms: here 9.5 ms; sweep 1 to 20" },
	{ "hop", OPT_INT, UNIT_TIME, API(hop_ns), "250us", 0, 6e10,
	  .help = "from a client to the API server, one way",
	  .source = "assumption: one hop within a data centre, TLS kept open; sweep 0.1 to 2 ms" },
	{ "watch", OPT_DIST, UNIT_TIME, API(watch), "LN(5ms,25ms)", 0, 6e10,
	  .help = "from a commit to whoever watches",
	  .source = "assumption: watch cache, encoding per watcher, informer; sweep 1 to 100 ms" },
	{ "kubelet_qps", OPT_REAL, UNIT_PER_S, API(kubelet_qps), "50/s", 0, 1e9,
	  .help = "token bucket of each node's kubelet; 0 = no limit",
	  .source = "Kubernetes 1.36 kubelet defaults (5 before 1.27)" },
	{ "kubelet_burst", OPT_REAL, UNIT_NONE, API(kubelet_burst), "100", 1, 1e9,
	  .help = "its size", .source = "Kubernetes 1.36 kubelet defaults (10 before 1.27)" },
	{ "retry", OPT_INT, UNIT_TIME, API(retry_ns), "5ms", 1e3, 3.6e12,
	  .help = "a write that the API server is not there for comes again after this, doubled "
		  "with each time",
	  .source = "client-go workqueue, DefaultTypedControllerRateLimiter: 5 ms" },
	{ "retry_max", OPT_INT, UNIT_TIME, API(retry_max_ns), "1000s", 1e3, 8.64e13,
	  .help = "longest such wait", .source = "the same: 1000 s" },
	OPT_END
};

enum stage { STAGE_HOP, STAGE_BACK_OFF, STAGE_SERVER, STAGE_COMMIT, STAGE_ANSWER };

struct write {
	struct sim_event event;
	struct api *api;
	struct sim_event *seen; /* of a kubelet; NULL otherwise, or forgotten */
	struct msg msg;
	double mark;		      /* of its tokens in the bucket */
	sim_time since;		      /* it waits in the present queue */
	sim_time written_at, seen_at; /* SIM_NEVER: not wanted, or sent */
	uint32_t id, next, bucket;
	uint16_t writes, done;
	uint8_t stage, refusals; /* on end */
	bool of_node;
};

struct list {
	uint32_t head, tail, n;
};

struct api {
	struct sim *sim;
	const struct api_config *config;
	world_deliver *deliver;
	void *ctx;
	struct rows writes;
	struct bucket *buckets; /* of the clients, then of the nodes */
	uint32_t clients, nodes;
	struct list queue, waiting, group;
	struct list held;	 /* answers that wait for the end of an outage */
	struct sim_event commit; /* armed while etcd commits the group */
	uint32_t busy;
	bool up;
	struct rng service_rng, commit_rng, watch_rng;
	VEC(sim_time) seen; /* by verb: when its watch delivers the last event */
	sim_time node_seen;
	struct api_totals totals;
};

static inline struct write *write_at(const struct api *api, uint32_t id)
{
	return rows_at(&api->writes, id);
}

static void list_add(struct api *api, struct list *list, struct write *write)
{
	write->next = NONE;
	if (list->n++)
		write_at(api, list->tail)->next = write->id;
	else
		list->head = write->id;
	list->tail = write->id;
}

static struct write *list_take(struct api *api, struct list *list)
{
	struct write *write = write_at(api, list->head);

	list->head = write->next;
	list->n--;
	return write;
}

/* The next pass sets out from its client at `from`, or when its token has come. */
static void set_out(struct write *write, sim_time from)
{
	struct api *api = write->api;
	sim_time token = bucket_at(&api->buckets[write->bucket], write->mark, write->done + 1);

	if (token > from) {
		api->totals.bucket_wait_ns += token - from;
		from = token;
	}
	write->stage = STAGE_HOP;
	sim_arm(api->sim, &write->event, from + api->config->hop_ns);
}

/* Servers that are free take the first who wait. */
static void serve(struct api *api)
{
	sim_time now = sim_now(api->sim);

	while (api->up && api->queue.n && api->busy < api->config->servers) {
		struct write *write = list_take(api, &api->queue);
		int64_t work = dist_draw_int(&api->config->service, &api->service_rng);

		api->busy++;
		api->totals.server_wait_ns += now - write->since;
		api->totals.server_busy_ns += work;
		write->stage = STAGE_SERVER;
		sim_arm(api->sim, &write->event, now + work);
	}
}

static void commit_start(struct api *api)
{
	sim_time now = sim_now(api->sim);

	if (sim_armed(&api->commit) || !api->waiting.n)
		return;
	api->group = api->waiting;
	api->waiting.n = 0;
	for (uint32_t id = api->group.head; id != NONE; id = write_at(api, id)->next)
		api->totals.commit_wait_ns += now - write_at(api, id)->since;
	api->totals.commits++;
	sim_arm(api->sim, &api->commit,
		now + dist_draw_int(&api->config->commit, &api->commit_rng));
}

static void answer_arm(struct write *write)
{
	sim_time at = write->written_at < write->seen_at ? write->written_at : write->seen_at;

	write->stage = STAGE_ANSWER;
	if (at == SIM_NEVER ||
	    at < sim_now(write->api->sim)) /* nobody waits; an outage held it up */
		at = sim_now(write->api->sim);
	sim_arm(write->api->sim, &write->event, at);
}

/* A watch keeps the order: an event comes after the one before it. */
static sim_time watched(struct api *api, const struct write *write)
{
	sim_time at = sim_now(api->sim) + dist_draw_int(&api->config->watch, &api->watch_rng);
	sim_time *last = &api->node_seen;

	if (!write->of_node) {
		while (api->seen.n <= write->msg.write.verb)
			vec_push(&api->seen, -1);
		last = &api->seen.at[write->msg.write.verb];
	}
	*last = at > *last ? at : *last + 1;
	return *last;
}

static void committed(struct sim *sim, struct sim_event *event)
{
	struct api *api = SIM_OWNER(event, struct api, commit);
	sim_time now = sim_now(sim);

	while (api->group.n) {
		struct write *write = list_take(api, &api->group);
		bool node = write->of_node;

		if (++write->done < write->writes) {
			set_out(write, now + api->config->hop_ns);
			continue;
		}
		if (node || write->msg.write.watch)
			write->seen_at = watched(api, write);
		if (!node && write->msg.write.reply)
			write->written_at = now + api->config->hop_ns;
		answer_arm(write);
	}
	commit_start(api);
}

/* Sends what is due; the row is free before the last message goes out. */
static void answer(struct write *write)
{
	struct api *api = write->api;
	sim_time now = sim_now(api->sim);
	struct sim_event *seen = write->seen;
	struct msg msg = write->msg;
	bool node = write->of_node, wanted = true;

	if (write->written_at <= now) {
		msg.kind = MSG_WRITTEN;
		write->written_at = SIM_NEVER;
	} else {
		msg.kind = MSG_SEEN;
		wanted = write->seen_at <= now;
		write->seen_at = SIM_NEVER;
	}
	if (write->written_at != SIM_NEVER || write->seen_at != SIM_NEVER) {
		answer_arm(write);
	} else {
		api->totals.answered++;
		rows_give(&api->writes, write->id);
	}
	if (!wanted)
		return;
	if (!node)
		api->deliver(api->ctx, &msg);
	else if (seen)
		seen->fn(api->sim, seen);
}

/* Nobody is there: it comes again, later each time. */
static void refuse(struct write *write)
{
	const struct api_config *config = write->api->config;
	int64_t wait = config->retry_ns;

	write->api->totals.refused++;
	for (uint8_t i = 0; i < write->refusals && wait < config->retry_max_ns; i++)
		wait *= 2;
	write->refusals += write->refusals < UINT8_MAX;
	write->stage = STAGE_BACK_OFF;
	sim_arm(write->api->sim, &write->event,
		sim_now(write->api->sim) +
			(wait < config->retry_max_ns ? wait : config->retry_max_ns));
}

/* The next try takes a token, too. */
static void try_again(struct write *write)
{
	struct api *api = write->api;
	struct bucket *bucket = &api->buckets[write->bucket];
	sim_time now = sim_now(api->sim), token = bucket_at(bucket, bucket_take(bucket, now, 1), 1);

	write->stage = STAGE_HOP;
	sim_arm(api->sim, &write->event, (token > now ? token : now) + api->config->hop_ns);
}

static void write_event(struct sim *sim, struct sim_event *event)
{
	struct write *write = SIM_OWNER(event, struct write, event);
	struct api *api = write->api;

	switch ((enum stage)write->stage) {
	case STAGE_HOP:
		if (!api->up) {
			refuse(write);
			break;
		}
		write->refusals = 0;
		write->since = sim_now(sim);
		list_add(api, &api->queue, write);
		serve(api);
		if (api->queue.n > api->totals.queue_max)
			api->totals.queue_max = api->queue.n;
		break;
	case STAGE_SERVER:
		api->busy--;
		write->since = sim_now(sim);
		write->stage = STAGE_COMMIT;
		list_add(api, &api->waiting, write);
		commit_start(api);
		serve(api);
		break;
	case STAGE_ANSWER:
		if (api->up)
			answer(write);
		else
			list_add(api, &api->held, write);
		break;
	case STAGE_BACK_OFF: try_again(write); break;
	case STAGE_COMMIT: assert(!"a write that waits for etcd has no event of its own");
	}
}

static struct write *write_new(struct api *api, uint32_t bucket, uint16_t writes)
{
	uint32_t id = rows_take(&api->writes);
	struct write *write = write_at(api, id);

	if (!write->api) {
		write->event = SIM_EVENT(write_event);
		write->api = api;
		write->id = id;
	}
	write->seen = NULL;
	write->bucket = bucket;
	write->writes = writes;
	write->done = write->refusals = 0;
	write->written_at = write->seen_at = SIM_NEVER;
	write->mark = bucket_take(&api->buckets[bucket], sim_now(api->sim), writes);
	api->totals.messages++;
	api->totals.writes += writes;
	return write;
}

void api_write(struct api *api, const struct msg *msg)
{
	sim_time now = sim_now(api->sim);
	struct write *write;

	assert(msg->write.client < api->clients);
	write = write_new(api, msg->write.client, msg->write.writes);
	write->msg = *msg;
	write->of_node = false;
	if (msg->write.writes) {
		set_out(write, now);
		return;
	}
	write->written_at = msg->write.reply ? now : SIM_NEVER;
	write->seen_at = msg->write.watch ? now : SIM_NEVER;
	answer_arm(write);
}

uint32_t api_node_write(struct api *api, uint32_t node, uint16_t writes, struct sim_event *seen)
{
	struct write *write;

	assert(node < api->nodes && writes);
	write = write_new(api, api->clients + node, writes);
	write->of_node = true;
	write->seen = seen;
	set_out(write, sim_now(api->sim));
	return write->id;
}

void api_forget(struct api *api, uint32_t id)
{
	assert(write_at(api, id)->of_node);
	write_at(api, id)->seen = NULL;
}

void api_set_up(struct api *api, bool up)
{
	api->up = up;
	while (up && api->held.n)
		answer_arm(list_take(api, &api->held));
	serve(api);
}

struct api_totals api_totals(const struct api *api)
{
	return api->totals;
}

struct api *api_new(struct sim *sim, const struct api_config *config,
		    const struct api_client *clients, uint32_t n, uint32_t nodes, uint64_t seed,
		    world_deliver *deliver, void *ctx)
{
	struct api *api = calloc(1, sizeof(*api));

	assert(api);
	api->sim = sim;
	api->config = config;
	api->deliver = deliver;
	api->ctx = ctx;
	api->writes.row_bytes = sizeof(struct write);
	api->clients = n;
	api->nodes = nodes;
	api->buckets = calloc((size_t)n + nodes + 1, sizeof(*api->buckets));
	assert(api->buckets);
	for (uint32_t i = 0; i < n; i++)
		api->buckets[i] = bucket_new(clients[i].qps, clients[i].burst);
	for (uint32_t i = 0; i < nodes; i++)
		api->buckets[n + i] = bucket_new(config->kubelet_qps, config->kubelet_burst);
	api->commit = SIM_EVENT(committed);
	api->up = true;
	api->service_rng = rng_stream(seed, "api", 0);
	api->commit_rng = rng_stream(seed, "api", 1);
	api->watch_rng = rng_stream(seed, "api", 2);
	api->node_seen = -1;
	return api;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	rows_release(&api->writes);
	vec_release(&api->seen);
	free(api->buckets);
	free(api);
}

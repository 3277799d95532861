/* A run from its first event to its last: the events of the world's own, making, driving and
 * closing. */
#include "sim/loop.h"
#include <assert.h>
#include <string.h>

#define COST(f) offsetof(struct decision_cost, f)

/* The longest mean of a distribution of times: 1000 h of the clock's 292 years leave room for sums
 * and tails. */
#define MAX_NS 3.6e15

const struct opt decision_cost_options[] = {
	{ "base", OPT_DIST, UNIT_TIME, COST(base), "1ms", 0, MAX_NS,
	  .help = "time of one scheduling decision, beside the nodes",
	  .source = "kubernetes scheduler_perf: about 1.1 to 1.25 ms a cycle at 500 nodes" },
	{ "per_node", OPT_DIST, UNIT_TIME, COST(per_node), "9.1us", 0, MAX_NS,
	  .help = "further time per node examined",
	  .source = "kubernetes scheduler_perf, pods with extended resources (as GPUs are): 180 "
		    "pods/s "
		    "at 5000 nodes, 500 of them "
		    "sampled: (5.56 ms - 1 ms) / 500; without extended resources about 0.7 us" },
	{ "lean", OPT_DIST, UNIT_TIME, COST(lean), "0.4ms", 0, MAX_NS,
	  .help = "time of a decision that filters and scores nothing (kind direct)",
	  .source = "Dirigent: 2500 sandboxes/s of one control plane (arXiv 2404.16393); an upper "
		    "bound, for that is all of its work" },
	{ "lean_per_node", OPT_DIST, UNIT_TIME, COST(lean_per_node), "50ns", 0, MAX_NS,
	  .help = "further time per node that such a decision looks at",
	  .source = "assumption: a comparison of a node's row in memory, some cache misses" },
	{ "autoscale", OPT_DIST, UNIT_TIME, COST(autoscale), "0.1ms", 0, MAX_NS,
	  .help = "functional: an autoscale function's look at a service",
	  .source = "assumption; swept: reads three objects, makes two" },
	{ "expand", OPT_DIST, UNIT_TIME, COST(expand), "0.1ms", 0, MAX_NS,
	  .help = "functional: an expand function's look at a service, beside the pods",
	  .source = "assumption; swept: as autoscale" },
	{ "expand_per_pod", OPT_DIST, UNIT_TIME, COST(expand_per_pod), "0.17ms", 0, MAX_NS,
	  .help = "further time for each pod that it makes or deletes",
	  .source = "assumption; swept: 17 KB a pod object (KubeDirect, arXiv 2601.19160) encoded "
		    "at 100 MB/s" },
	{ "bind", OPT_DIST, UNIT_TIME, COST(bind), "0.1ms", 0, MAX_NS,
	  .help = "functional: a bind function's work on one binding",
	  .source = "assumption; swept: one small object" },
	{ "endpoint", OPT_DIST, UNIT_TIME, COST(endpoint), "0.1ms", 0, MAX_NS,
	  .help = "functional: an endpoint function's look at a service, beside the pods",
	  .source = "assumption; swept: as autoscale" },
	{ "endpoint_per_pod", OPT_DIST, UNIT_TIME, COST(endpoint_per_pod), "10us", 0, MAX_NS,
	  .help = "further time for each pod that comes or goes",
	  .source = "assumption; swept: 1 KB a pod encoded at 100 MB/s" },
	{ "message", OPT_DIST, UNIT_TIME, COST(message), "LN(0.3ms,1ms)", 0, MAX_NS,
	  .help = "a message between control functions, or to a node, one way",
	  .source = "assumption: one gRPC hop within a data centre; swept" },
	{ "migration", OPT_DIST, UNIT_TIME, COST(migration), "0s", 0, MAX_NS,
	  .help = "further time of the message by which a pod migrates",
	  .source = "assumption; swept: its object is in every function's watch already" },
	{ "function_start", OPT_DIST, UNIT_TIME, COST(function_start), "LN(1.1s,2.1s)", 0, MAX_NS,
	  .help = "from wanting a control function to its first decision",
	  .source = "pod start without a pull: p50 1.1 s, p99 2.06 s (kubernetes#56053)" },
	OPT_END
};

/* What comes by timer or from physics; the world's own messages have no machine. */
static void deliver(void *ctx, enum machine machine, uint32_t instance, const struct msg *msg,
		    const void *load)
{
	struct world *world = ctx;

	if (machine == MACHINES) {
		pods_lived(world, msg);
		return;
	}
	if (msg->kind == MSG_SERVED)
		pods_served(world, msg);
	if (msg->kind == MSG_REQUEST) { /* once more */
		world->requests++;
		world->users.retries++;
		world->retries_coming--;
	}
	if (machine == MACHINE_CONTROL && world->faults) {
		int64_t in_vain_ns = faults_in_vain(world->faults, msg);

		if (in_vain_ns)
			later_post(world->later, in_vain_ns, machine, 0, msg, load);
		if (in_vain_ns || faults_swallow(world->faults, msg))
			return;
	}
	loop_post(world, machine, instance, msg, load);
}

static void told(void *ctx, const struct msg *msg)
{
	struct world *world = ctx;

	if (msg->kind == MSG_NODE_UP && world->faults)
		faults_node_came(world->faults, msg->who);
	if (msg->kind == MSG_WRITTEN || msg->kind == MSG_SEEN)
		loop_post(world, MACHINE_CONTROL, 0, msg, NULL);
	else
		pods_told(world, msg);
}

/* ---- events ---- */

static void tick_serving(struct sim *sim, struct sim_event *event)
{
	struct msg tick = { .kind = MSG_TICK };

	(void)event;
	loop_post(sim_user(sim), MACHINE_SERVING, 0, &tick, NULL);
}

static void tick_control(struct sim *sim, struct sim_event *event)
{
	struct msg tick = { .kind = MSG_TICK };

	(void)event;
	loop_post(sim_user(sim), MACHINE_CONTROL, 0, &tick, NULL);
}

/* Last in its instant: what was armed for now after it goes first. */
static void pass_due(struct sim *sim, struct sim_event *event)
{
	if (sim_next(sim) == sim_now(sim))
		sim_arm(sim, event, sim_now(sim));
	else
		pods_pass(sim_user(sim));
}

/* Reads the next request; the run ends when there is none and all have ended. */
static void next_request(struct world *world)
{
	int got =
		world->workload.next ? world->workload.next(world->workload.ctx, &world->next) : 0;

	world->failed = got < 0;
	world->more = got > 0;
	if (world->more)
		sim_arm(world->sim, &world->arrive,
			world->next.at_ns > sim_now(world->sim) ? world->next.at_ns
								: sim_now(world->sim));
}

static void request_due(struct sim *sim, struct sim_event *event)
{
	struct world *world = sim_user(sim);
	struct msg msg = { .kind = MSG_REQUEST, .who = world->next.service };

	(void)event;
	msg.request.id = world->next.id;
	msg.request.input_tokens = world->next.input_tokens;
	msg.request.output_tokens = world->next.output_tokens;
	msg.request.session = world->next.session;
	world->requests++;
	next_request(world);
	loop_post(world, MACHINE_SERVING, 0, &msg, NULL);
	if (world->failed)
		sim_stop(sim);
}

static void sample_due(struct sim *sim, struct sim_event *event)
{
	struct world *world = sim_user(sim);

	for (uint32_t s = 0; s < world->config->n_services; s++) {
		struct series_record record = { .at_ns = sim_now(sim), .service = s };

		serving_sample(world->serving, s, sim_now(sim), &record);
		control_sample(world->control, s, &record);
		if (world->sink.series)
			world->sink.series(world->sink.ctx, &record);
	}
	sim_arm(sim, event, sim_now(sim) + world->config->sample_ns);
	if (loop_ends(world))
		sim_stop(sim);
}

static void end_due(struct sim *sim, struct sim_event *event)
{
	struct world *world = sim_user(sim);

	(void)event;
	world->over = true;
	sim_stop(sim);
}

/* ---- life ---- */

/* The buckets of the control plane's clients, as the API server's physics wants them. */
static void make_api(struct world *world, uint32_t nodes)
{
	struct client_limit limits[CLIENTS];
	struct api_client clients[CLIENTS];

	client_limits((enum limits)world->config->control->limits, world->config->control->clients,
		      limits);
	for (uint32_t i = 0; i < CLIENTS; i++)
		clients[i] = (struct api_client){ client_name((enum client)i), limits[i].qps,
						  limits[i].burst };
	world->api = api_new(world->sim, world->config->api, clients, CLIENTS, nodes,
			     world->config->seed, told, world);
}

static void make_machines(struct world *world)
{
	const struct world_config *config = world->config;
	const struct cluster_config *cluster = config->cluster;
	int64_t start = cluster_nodes(cluster), max = cluster->provision.max_nodes;
	uint32_t nodes = (uint32_t)(max > start ? max : start);
	uint64_t seed = config->seed;

	world->serving = serving_new(config->services, config->n_services, seed, config->hop_ns);
	world->control =
		control_new(config->control, cluster, config->services, config->n_services, seed);
	world->later = later_new(world->sim, deliver, world);
	world->net = net_new(world->sim, config->net, nodes, (uint32_t)cluster->rack_nodes);
	world->storage = storage_new(world->net, config->storage, nodes, seed);
	make_api(world, nodes);
	world->kubelet = kubelet_new(world->sim, config->cold_start, world->storage, world->api,
				     config->services, config->n_services, (uint32_t)start, nodes,
				     seed, told, world);
	if (control_is_direct(config->control))
		kubelet_by_message(world->kubelet, &config->decision.message);
	world->decide = rng_stream(seed, "decide", 0);
	world->service_time = rng_stream(seed, "service_time", 0);
	world->pod_gap = rng_stream(seed, "pod_arrivals", 0);
}

struct world *world_new(const struct world_config *config, const struct workload *workload,
			const struct sink *sink, const struct tape_hook *tape,
			const struct pod_host *host)
{
	struct world *world = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*world));

	memset(world, 0, sizeof(*world));
	world->config = config;
	world->workload = *workload;
	world->sink = *sink;
	if (tape)
		world->tape = *tape;
	if (host)
		world->host = *host;
	world->hosted = host != NULL;
	world->sim = sim_new();
	sim_user_set(world->sim, world);
	world->arrive = SIM_EVENT(request_due);
	world->serving_tick = SIM_EVENT(tick_serving);
	world->control_tick = SIM_EVENT(tick_control);
	world->pass = SIM_EVENT(pass_due);
	world->sample = SIM_EVENT(sample_due);
	world->submit_due = SIM_EVENT(loop_hops_due);
	world->end = SIM_EVENT(end_due);
	make_machines(world);
	sim_arm(world->sim, &world->control_tick,
		0); /* control places static replicas at time 0, before any request */
	sim_arm(world->sim, &world->serving_tick, 0);
	world->faults = faults_new(world);
	next_request(world);
	plain_start(world);
	if (config->sample_ns > 0)
		sim_arm(world->sim, &world->sample, config->sample_ns);
	if (config->duration_ns > 0)
		sim_arm(world->sim, &world->end, config->duration_ns);
	return world;
}

/* Without a duration the run ends when the source is dry, every request has ended, every plain pod
 * was bound or given up, and every job has ended. */
bool world_over(const struct world *world)
{
	const struct pod_workload *pods = &world->config->pods;
	bool pods_done = !plain_pods(pods) ||
			 (pods->count && world->pods_arrived >= (uint64_t)pods->count &&
			  world->pods_recorded >= world->pods_arrived && !world->jobs.open);

	return world->over || (!world->config->duration_ns && !world->more && pods_done &&
			       !world->retries_coming && world->recorded == world->requests);
}

bool loop_ends(const struct world *world)
{
	return world_over(world) || (world->stop && *world->stop);
}

bool world_failed(const struct world *world)
{
	return world->failed;
}

bool world_run(struct world *world, const volatile int *stop,
	       void (*progress)(void *ctx, double done), void *ctx)
{
	const int64_t look_up_ns = 60000000000; /* of simulated time between looks at *stop */

	world->stop = stop;
	world->progress = progress;
	world->progress_ctx = ctx;
	while (!world->failed && !loop_ends(world)) {
		int64_t next = sim_next(world->sim);

		if (next == SIM_NEVER)
			break;
		sim_run(world->sim, next + look_up_ns);
	}
	return !world->failed;
}

void world_advance(struct world *world, int64_t t)
{
	while (!world_over(world) && !world->failed && !sim_run(world->sim, t))
		continue;
}

int64_t world_next(struct world *world)
{
	return sim_next(world->sim);
}

void world_post(struct world *world, enum machine machine, uint32_t instance, const struct msg *msg,
		const void *load)
{
	loop_post(world, machine, instance, msg, load);
}

void world_pod_idle(struct world *world, uint32_t slot, uint32_t gen)
{
	struct pod *pod = loop_pod_of(world, slot, gen);

	if (pod)
		pods_check_drained(world, pod);
}

void world_pod_lost(struct world *world, const struct msg *msg)
{
	struct pod *pod = loop_pod_of(world, msg->who, msg->pod.gen);

	kubelet_lost(world->kubelet, msg->who, msg->pod.gen);
	if (pod)
		sim_disarm(&pod->drained); /* its end is known already */
	pods_told(world, msg);
}

void world_pod_busy(struct world *world, uint32_t slot, int64_t ns)
{
	world->gpu_busy_ns += loop_gpu_ns(loop_pod(world, slot), ns);
}

void world_close(struct world *world)
{
	const struct sink *sink = &world->sink;
	int64_t now = sim_now(world->sim);
	const unsigned char *at;

	control_audit(world->control);
	assert(world->pods_recorded <= world->pods_arrived);
	outbox_clear(&world->out);
	serving_drain(world->serving, now, &world->out);
	control_drain(world->control, now, &world->out);
	at = world->out.loads;
	for (uint32_t i = 0; i < world->out.n; i++) {
		bool request = world->out.at[i].kind == MSG_RECORD_REQUEST;

		assert(request || world->out.at[i].kind == MSG_RECORD_POD);
		if (request && sink->request) {
			struct request_record record =
				*(const struct request_record *)(const void *)at;

			record.id = user_request(record.id);
			sink->request(sink->ctx, &record);
		}
		if (!request && sink->pod)
			sink->pod(sink->ctx, (const void *)at);
		at += (world->out.at[i].load_bytes + 7u) & ~7u;
	}
	for (uint32_t i = 0; i < world->pods.n; i++) {
		struct pod *pod = world->pods.at[i];

		pods_cut(world, pod);
		if (pod->holds)
			world->gpu_held_ns += loop_gpu_ns(pod, now - pod->held_since_ns);
		if ((pod->k || pod->serving) && now > pod->run_start_ns)
			world->gpu_busy_ns += loop_gpu_ns(pod, now - pod->run_start_ns);
		pod->holds = false;
	}
}

struct world_totals world_totals(struct world *world)
{
	return (struct world_totals){ .events = sim_fired(world->sim),
				      .requests = world->requests,
				      .now_ns = sim_now(world->sim),
				      .gpu_held_ns = world->gpu_held_ns,
				      .gpu_busy_ns = world->gpu_busy_ns,
				      .iterations = world->iterations,
				      .faults = faults_totals(world->faults),
				      .users = world->users,
				      .api_refused = api_totals(world->api).refused };
}

const struct control_totals *world_control(struct world *world)
{
	return control_totals(world->control, sim_now(world->sim));
}

void world_free(struct world *world)
{
	serving_free(world->serving);
	control_free(world->control);
	faults_free(world->faults);
	kubelet_free(world->kubelet);
	api_free(world->api);
	storage_free(world->storage);
	net_free(world->net);
	later_free(world->later);
	for (uint32_t i = 0; i < world->pods.n; i++) {
		replica_free(world->pods.at[i]->replica);
		vec_release(&world->pods.at[i]->stall);
	}
	for (uint32_t i = 0; i < world->pods.n; i += POD_BLOCK)
		free(world->pods.at[i]);
	sim_free(world->sim);
	outbox_release(&world->out);
	vec_release(&world->pods);
	vec_release(&world->mail);
	vec_release(&world->mail_loads);
	vec_release(&world->mail_copy);
	vec_release(&world->due);
	vec_release(&world->hops);
	jobs_release(&world->jobs);
	free(world);
}

/* Plain pods: when they come, what they ask for, how long they live.  All alike at a rate, or rows
 * of a list, which come and go by its times or at the rate. */
#include "sim/loop.h"

#define PODS(f) offsetof(struct pod_workload, f)

/* The longest mean of a distribution of times: 1000 h of the clock's 292 years leave room for sums
 * and tails. */
#define MAX_NS 3.6e15

static const char *const lifetimes[] = { "pod", "job", NULL };
static const char *const formats[] = { "openb", NULL };

const struct opt pod_workload_options[] = {
	{ "rate", OPT_REAL, UNIT_PER_S, PODS(rate), "0/s", 0, 1e9,
	  .help = "plain pods that arrive; their jobs are Poisson; 0 = none, or those of `file` at "
		  "its times" },
	{ "job", OPT_INT, UNIT_NONE, PODS(job), "1", 1, 1e6,
	  .help = "pods that arrive at once, as one job; above 1, how long jobs take is measured" },
	{ "lifetime_of", OPT_CHOICE, UNIT_NONE, PODS(lifetime_of), "pod", .choices = lifetimes,
	  .help = "whether each pod draws its own lifetime, or all pods of a job have one" },
	{ "count", OPT_INT, UNIT_NONE, PODS(count), "0", 0, 1e12,
	  .help = "plain pods in all; 0 = no end" },
	{ "lifetime", OPT_DIST, UNIT_TIME, PODS(lifetime), "exp(60s)", 0, MAX_NS,
	  .help = "from running to gone" },
	{ "gpus", OPT_REAL, UNIT_NONE, PODS(gpus), "1", 0, 64,
	  .help = "GPUs of a plain pod: a share of one (0.5), or a whole number" },
	{ "gpu", OPT_TEXT, UNIT_NONE, PODS(gpu), "",
	  .help = "types of GPUs that will do (T4|A10), of those that the cluster names; none = "
		  "all" },
	{ "cpu", OPT_INT, UNIT_NONE, PODS(cpu_milli), "0", 0, 1e9,
	  .help = "CPU request of a plain pod, milli-CPUs" },
	{ "memory", OPT_INT, UNIT_BYTES, PODS(memory_bytes), "0B", 0, 0x1p50,
	  .help = "memory request of a plain pod" },
	{ "file", OPT_TEXT, UNIT_NONE, PODS(file), "",
	  .help = "a list of pods, each with needs of its own; without a `rate` they come and go "
		  "when it says" },
	{ "format", OPT_CHOICE, UNIT_NONE, PODS(format), "openb", .choices = formats,
	  .help = "of that list" },
	{ "inflate", OPT_REAL, UNIT_NONE, PODS(inflate), "0", 0, 100,
	  .help = "pods drawn from the list until they ask for so many times the GPUs that there "
		  "are; 0 = each of them once" },
	OPT_END
};

bool plain_pods(const struct pod_workload *pods)
{
	return pods->rate > 0 || pods->rows;
}

/* What the pod of this id asks for. */
static struct pod_row row_of(const struct pod_workload *pods, uint64_t id)
{
	if (pods->rows)
		return pods->row[id % pods->rows];
	return (struct pod_row){ .gpu_milli = need_gpu_milli(pods->gpus),
				 .cpu_milli = (uint32_t)pods->cpu_milli,
				 .memory_bytes = (uint64_t)pods->memory_bytes,
				 .types = pods->types };
}

uint32_t plain_gpu_milli(const struct pod_workload *pods, uint64_t id)
{
	return row_of(pods, id).gpu_milli;
}

/* The draw is a pod's (or a job's) own, so that it lives as long under any plane. */
int64_t plain_lifetime_ns(const struct world *world, uint64_t id)
{
	const struct pod_workload *pods = &world->config->pods;
	bool shared = pods->lifetime_of == LIFETIME_OF_JOB;
	struct rng rng =
		rng_stream(world->config->seed, "lifetime", shared ? id / (uint64_t)pods->job : id);

	if (pods->rows && pods->rate <= 0)
		return row_of(pods, id).lifetime_ns;
	return dist_draw_int(&pods->lifetime, &rng);
}

/* One of n pods of a job; job 0: it is alone. */
static void arrives(struct world *world, uint64_t job, uint32_t n)
{
	const struct pod_workload *pods = &world->config->pods;
	struct pod_row row = row_of(pods, world->pods_arrived);
	struct msg msg = { .kind = MSG_POD_ARRIVE };
	struct arrive_load load = { .job = job, .pods = n, .types = row.types };

	msg.arrive.id = world->pods_arrived++;
	msg.arrive.gpu_milli = row.gpu_milli;
	msg.arrive.cpu_milli = row.cpu_milli;
	msg.arrive.memory_bytes = row.memory_bytes;
	msg.load_bytes = load.job || load.types ? sizeof(load) : 0;
	loop_post(world, MACHINE_CONTROL, 0, &msg, &load);
	if (world->progress && !world->requests && !(world->pods_arrived & 1023))
		world->progress(world->progress_ctx, (double)world->pods_arrived);
}

/* When the next ones come, after those that come now. */
static int64_t next_ns(struct world *world, uint64_t arrived)
{
	const struct pod_workload *pods = &world->config->pods;

	if (pods->rate > 0)
		return sim_now(world->sim) +
		       (int64_t)(rng_exp(&world->pod_gap) * 1e9 * (double)pods->job / pods->rate +
				 0.5);
	return pods->row[arrived % pods->rows].at_ns;
}

void plain_due(struct sim *sim, struct sim_event *event)
{
	struct world *world = sim_user(sim);
	const struct pod_workload *pods = &world->config->pods;
	uint64_t n = (uint64_t)pods->job, left = (uint64_t)pods->count - world->pods_arrived,
		 job = pods->job > 1 ? 1 + world->pods_arrived / n : 0;
	uint32_t of;

	if (pods->count && left < n)
		n = left;
	of = (uint32_t)n;
	if (pods->job > 1)
		jobs_arrive(&world->jobs, of, sim_now(sim));
	if (!pods->count || n < left)
		sim_arm(sim, event, next_ns(world, world->pods_arrived + n));
	for (; n; n--)
		arrives(world, job, of);
	if (loop_ends(world))
		sim_stop(sim);
}

void plain_start(struct world *world)
{
	const struct pod_workload *pods = &world->config->pods;

	world->pod_arrive = SIM_EVENT(plain_due);
	if (plain_pods(pods))
		sim_arm(world->sim, &world->pod_arrive, pods->rate > 0 ? 0 : pods->row[0].at_ns);
}

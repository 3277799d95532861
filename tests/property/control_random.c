/* The control plane in small random worlds where answers are late, come twice, in another order or
 * not at all, where pods, nodes and functions die: after every message every table agrees with
 * every other (toy_verify), and once the world is kind again what is wanted is there.
 *
 * 10,000 worlds of some 2.5 ms, under sanitizers 500; SONDE_TEST_LONG runs five times as many.  A
 * failing world is repeated by its number: SONDE_TEST_WORLD=17. */
#include "tests/suites.h"
#include "tests/toy_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_UNDEFINED__)
enum { WORLDS = 500 };
#else
enum { WORLDS = 10000 };
#endif
enum { WORLDS_LONG = 5 * WORLDS, PLAIN_MAX = 400 };

static uint64_t world; /* the one being run */

static void say_world(int signal)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "aborted in SONDE_TEST_WORLD=%llu\n",
			 (unsigned long long)world);

	(void)!write(STDERR_FILENO, text, (size_t)n);
	(void)signal;
}

#define HOLDS(condition) \
	ck_assert_msg(condition, "SONDE_TEST_WORLD=%llu: %s", (unsigned long long)world, #condition)

/* What may be said once: the answer to a probe; to a kubelet, that a plain pod is its own. */
struct once {
	uint32_t what, from, task, gen, round;
};

struct play {
	struct arena arena;
	struct toy toy;
	struct rng rng;
	uint32_t arrived;
	bool shares, ranked;
	int64_t until_ns;
	unsigned char ended[PLAIN_MAX + 1]; /* records of a plain pod */
	uint32_t read;			    /* records */
	VEC(struct once) once;
};

static bool chance(struct play *p, double probability)
{
	return rng_unit(&p->rng) < probability;
}

static uint32_t below(struct play *p, uint32_t n)
{
	return rng_below(&p->rng, n);
}

static int64_t up_to(struct play *p, int64_t ns)
{
	return (int64_t)(rng_unit(&p->rng) * (double)ns);
}

static void configure_functional(struct play *p)
{
	struct functional_config *f = &p->toy.control.functional;

	p->toy.control.plane = PLANE_FUNCTIONAL;
	for (int k = 0; k < FUNCTION_KINDS; k++) {
		uint32_t most = k || p->toy.cluster.nodes > 6 ? 6 : (uint32_t)p->toy.cluster.nodes;
		struct crew_config *crew = &f->crew[k];

		crew->functions = 1 + below(p, most);
		crew->min = below(p, (uint32_t)crew->functions + 1);
		crew->max = chance(p, 0.3) ? 0 : crew->functions + below(p, 6);
	}
	f->drain_ns = chance(p, 0.5) ? 0 : up_to(p, 3 * S);
	f->d = below(p, 5);
	f->order = (int)below(p, 4);
	f->probing = (int)below(p, 2);
	f->piggyback = chance(p, 0.5);
	f->gossip_ns = chance(p, 0.7) ? 0 : 10 * MS + up_to(p, 5 * S);
	f->gossip_peers = 1 + below(p, 3);
	f->cache = chance(p, 0.7);
	f->cache_age_ns = up_to(p, 3 * S);
	f->reservation_ns = 1000 + up_to(p, 300 * MS);
	f->wake = chance(p, 0.5);
	f->interval_ns = 100 * MS + up_to(p, 5 * S);
	f->target_delay_ns = 1 * MS + up_to(p, 100 * MS);
	f->rebalance = chance(p, 0.3) ? 0 : 1.2 + rng_unit(&p->rng);
}

static void configure_sampling(struct play *p)
{
	struct sampling_config *s = &p->toy.control.sampling;

	s->schedulers = 1 + below(p, 4);
	s->ratio = 1 + 2 * rng_unit(&p->rng);
	s->mode = (int)below(p, 2);
	s->late_binding = chance(p, 0.5);
	/* Pods that wait for longer than a resync are put into more queues at each, faster than
	 * those drain: with 0, which is for ever, world 9601 never ends. */
	s->wait_ns = chance(p, 0.2) ? 5 * S : 1 + up_to(p, 3 * S);
	/* Shorter than a message and its answer take, no node is ever heard. */
	s->timeout_ns = 1 * S + up_to(p, 500 * MS);
}

static void configure_rival(struct play *p)
{
	static const int planes[] = { PLANE_CENTRAL, PLANE_SHARED,    PLANE_DIRECT,
				      PLANE_GODEL,   PLANE_TWO_LEVEL, PLANE_SAMPLING };
	struct control_config *control = &p->toy.control;

	control->plane = planes[below(p, sizeof(planes) / sizeof(*planes))];
	if (control->plane == PLANE_SAMPLING)
		configure_sampling(p);
	if (control->plane == PLANE_CENTRAL || control->plane == PLANE_SHARED)
		control->jobs = (int)below(p, 3);
	control->shared.schedulers = 1 + below(p, 5);
	control->shared.sync_ns = chance(p, 0.5) ? 0 : up_to(p, 3 * S);
	control->shared.conflict = (int)below(p, 2);
	control->lean.placement = (int)below(p, 3);
	control->two_level.frameworks = 1 + below(p, 4);
	control->two_level.nodes = below(p, 4);
	/* Shorter than a message takes, an offer is over before it comes. */
	control->two_level.hold_ns = 500 * MS + up_to(p, 2 * S);
	control->two_level.interval_ns = 10 * MS + up_to(p, 2 * S);
	control->godel.schedulers = 1 + below(p, 4);
	control->godel.sync_ns = chance(p, 0.5) ? 0 : up_to(p, 3 * S);
	control->godel.shuffle_ns = 100 * MS + up_to(p, 10 * S);
	/* Physical shards may lack the type that a pod asks for, whoever it is dealt to. */
	control->godel.logical = p->toy.cluster.groups.n || chance(p, 0.5);
}

/* Two or three groups instead of one, mostly with types of GPUs. */
static void configure_groups(struct play *p)
{
	static const char *const types[] = { "", "a", "b", "c" };
	struct cluster_config *cluster = &p->toy.cluster;
	uint32_t n = 2 + below(p, 2);
	struct group_config *group = ARENA_ARRAY(&p->arena, struct group_config, n);

	for (uint32_t i = 0; i < n; i++) {
		group[i] = cluster->group;
		group[i].gpu = types[below(p, 4)];
		group[i].nodes = 1 + below(p, 5);
		group[i].gpus = 1 + below(p, 8);
		group[i].pods = 2 + below(p, 8);
	}
	cluster->groups = (struct opt_list){ group, n };
	cluster->nodes = cluster_nodes(cluster);
}

static void configure(struct play *p)
{
	struct toy *t = &p->toy;
	bool slow = chance(p, 0.5);

	t->cluster.nodes = 1 + below(p, 12);
	t->cluster.gpus = 1 + below(p, 8);
	t->cluster.pods = 2 + below(p, 8);
	t->cluster.ips = 2 + below(p, 8);
	t->cluster.cpu_milli = 1000 * (4 + below(p, 8));
	if (chance(p, 0.4))
		configure_groups(p);
	if (chance(p, 0.4))
		t->cluster.provision.max_nodes = t->cluster.nodes + below(p, 4);
	if (chance(p, 0.4))
		configure_functional(p);
	else
		configure_rival(p);
	t->control.path = chance(p, 0.3) ? (int)below(p, 3) : PATH_OWN;
	/* With physical shards all of a service would come to one, which may own no node. */
	t->control.dispatch = (int)below(p, t->control.godel.logical ? 4 : 3);
	t->control.attempts = chance(p, 0.3) ? 1 + below(p, 3) : 0;
	t->control.slow_start = 1 + below(p, 3);
	t->control.burst = 1 + below(p, 10);
	t->control.resync_ns = 5 * S + up_to(p, 20 * S);
	t->control.backoff.crash_ns = up_to(p, 3 * S);
	t->control.backoff.crash_max_ns = 10 * S;
	t->control.decisions = chance(p, 0.2);
	t->control.place.most = below(p, 2);
	t->control.place.locality = chance(p, 0.3) ? 1 + below(p, 5) : 0;
	t->control.rollout.surge = rng_unit(&p->rng);
	t->control.rollout.unavailable = chance(p, 0.3) ? 0 : rng_unit(&p->rng);
	t->write_ns = up_to(p, slow ? 300 * MS : 10 * MS);
	t->watch_ns = up_to(p, slow ? 300 * MS : 10 * MS);
	t->think_ns = up_to(p, slow ? 100 * MS : 5 * MS);
	t->send_ns = up_to(p, slow ? 200 * MS : 5 * MS);
	t->up_ns = up_to(p, 5 * S);
	t->start_ns = up_to(p, 5 * S);
	t->stop_ns = up_to(p, 3 * S);
	t->life_ns = 1 + up_to(p, 20 * S);
	t->node_ns = up_to(p, 60 * S);
	t->exact = chance(p, 0.1);
	t->twice = chance(p, 0.5) ? 0.3 : 0;
	t->lost = chance(p, 0.3) ? 0.1 : 0;
	t->fail = chance(p, 0.5) ? 0.2 : 0;
	t->verify = t->keep = true;
}

/* Services that fit at the start; their needs are met by any one node. */
static void services(struct play *p)
{
	struct toy *t = &p->toy;
	struct err err;

	p->ranked = chance(p, 0.3);
	toy_services(t, &p->arena, below(p, 4));
	for (uint32_t i = 0; i < t->services; i++) {
		const struct group_config *group =
			cluster_group(&t->cluster, below(p, cluster_groups(&t->cluster)));

		t->service[i].gpu = group->gpu;
		t->service[i].tensor_parallel = 1 + below(p, (uint32_t)group->gpus);
		if (chance(p, 0.3)) {
			t->service[i].tensor_parallel = 1;
			t->service[i].gpu_share = 0.05 * (1 + below(p, 19));
		}
		t->service[i].cpu_milli = 1000 * below(p, 4);
		t->service[i].replicas = below(p, 4);
		if (p->ranked)
			t->service[i].priority = below(p, 3);
	}
	while (!control_check(&t->control, &t->cluster, t->service, t->services, &err))
		for (uint32_t i = 0; i < t->services; i++)
			t->service[i].replicas = 0;
}

static bool gang_fits(const struct cluster_config *cluster, uint32_t group, uint32_t n,
		      uint32_t milli)
{
	const struct group_config *of = cluster_group(cluster, group);

	uint32_t each = milli && milli < GPU_MILLI ? GPU_MILLI / (GPU_MILLI / milli) : milli;

	return n * each <= (uint32_t)of->gpus * GPU_MILLI && n <= of->pods && n <= of->ips;
}

/* Plain pods that some node has room for, when it is empty: whole GPUs or, in half of the worlds,
 * also shares; of any type, of one, of several.  One, or a job. */
static void some_pods(struct play *p)
{
	struct cluster_config *cluster = &p->toy.cluster;
	uint32_t group = below(p, cluster_groups(cluster)), n = 1 + below(p, 10), milli;
	struct arrive_load load = { .job = 1 + p->arrived };

	milli = GPU_MILLI * below(p, (uint32_t)cluster_group(cluster, group)->gpus + 1);
	if (p->shares && chance(p, 0.5))
		milli = 1 + below(p, GPU_MILLI);
	if (chance(p, 0.5))
		load.types = cluster_type(cluster, group);
	if (load.types && chance(p, 0.5))
		load.types |= 1u << below(p, cluster_types(cluster));
	if ((p->toy.control.plane != PLANE_SAMPLING && p->toy.control.jobs == JOBS_PODS) || n < 5) {
		load.job = 0;
		n = 1;
	}
	/* A gang that no empty node holds might wait for ever. */
	while (p->toy.control.jobs == JOBS_GANG && n > 1 && !gang_fits(cluster, group, n, milli))
		n--;
	for (load.pods = n; n; n--)
		toy_arrive_as(&p->toy, ++p->arrived, milli, &load);
}

static void one_thing(struct play *p)
{
	struct toy *t = &p->toy;
	struct control *c = t->machine;
	uint32_t what = below(p, 22);

	if (what < 6 && t->services) {
		toy_scale(t, below(p, t->services), (int32_t)below(p, 8));
	} else if (what < 16) {
		if (p->arrived < PLAIN_MAX - 10)
			some_pods(p);
	} else if (what == 16) {
		toy_lose_function(t, below(p, c->slots));
	} else if (what == 17) {
		toy_lose_node(t, below(p, c->cluster->n));
	} else if (what == 18) {
		toy_give(t,
			 &(struct msg){ .kind = MSG_NODE_SILENT, .who = below(p, c->cluster->n) },
			 NULL);
	} else if (what == 19 && t->services) {
		toy_give(t, &(struct msg){ .kind = MSG_UPGRADE, .who = below(p, t->services) },
			 NULL);
	} else {
		toy_give(t, &(struct msg){ .kind = MSG_NODE_UP, .who = below(p, c->cluster->n) },
			 NULL);
	}
}

/* A plain pod is reported once at most, bound or not. */
static void read_records(struct play *p)
{
	for (; p->read < p->toy.record.n; p->read++) {
		const struct pod_record *record = &p->toy.record.at[p->read];

		if (record->service != NONE)
			continue;
		HOLDS(record->id >= 1 && record->id <= p->arrived);
		HOLDS(p->ended[record->id]++ == 0);
		HOLDS((record->end == POD_READY) == (record->bound_ns >= 0));
		HOLDS(record->end == POD_READY || record->end == POD_UNSCHEDULABLE ||
		      record->end == POD_FAILED);
	}
}

static void read_log(struct play *p)
{
	for (uint32_t i = 0; i < p->toy.log.n; i++) {
		const struct msg *msg = &p->toy.log.at[i];

		if (msg->kind == MSG_SEND && msg->send.verb == VERB_ANSWER)
			vec_push(&p->once,
				 (struct once){ VERB_ANSWER, msg->send.from, msg->send.task,
						msg->send.gen, msg->send.flag & ~1u });
		else if (msg->kind == MSG_POD_START && msg->pod.service == NONE)
			vec_push(&p->once, (struct once){ VERBS, 0, msg->who, msg->pod.gen, 0 });
	}
	p->toy.log.n = 0;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct once));
}

static void check_once(struct play *p)
{
	read_log(p);
	if (p->once.n)
		qsort(p->once.at, p->once.n, sizeof(*p->once.at), by_bytes);
	for (uint32_t i = 1; i < p->once.n; i++)
		HOLDS(by_bytes(&p->once.at[i - 1], &p->once.at[i]) != 0);
}

static void be_kind(struct play *p)
{
	struct toy *t = &p->toy;

	t->twice = t->lost = t->fail = 0;
	t->node_ns = 1 * S;
	for (uint32_t i = 0; i < t->machine->cluster->n; i++)
		toy_give(t, &(struct msg){ .kind = MSG_NODE_UP, .who = i }, NULL);
	t->life_ns = 50 * MS;
	for (uint32_t i = 0; i < t->services; i++)
		toy_scale(t, i, 0);
	/* Stale views place a pod a round, and rounds are as long as the longest back-off. */
	toy_run(t, t->now + 3600 * S);
}

static void check_end(struct play *p)
{
	struct toy *t = &p->toy;
	struct control *c = t->machine;
	uint32_t ended = 0;

	read_records(p);
	for (uint32_t i = 0; i < t->services; i++) {
		HOLDS((t->routable[i]) == (0));
		HOLDS((c->set[i].existing) == (0));
		HOLDS(c->set[i].older == 0);
	}
	for (uint32_t i = 0; i < c->holds.n; i++)
		HOLDS(!c->holds.at[i].live);
	/* All plain pods fit an empty node: they have been there, or were given up. */
	for (uint32_t i = 1; i <= p->arrived; i++)
		ended += p->ended[i];
	HOLDS(ended == p->arrived);
	HOLDS(c->cluster->loose == 0);
	for (uint32_t i = 0; i < c->pods.n; i++)
		HOLDS(c->pods.at[i].state == POD_UNUSED);
	for (int k = 0; k < FUNCTION_KINDS; k++)
		HOLDS(!c->crew[k].slots || c->crew[k].lives >= 1);
	if (!t->services)
		return;
	toy_scale(t, 0, 2);
	toy_run(t, t->now + 300 * S);
	HOLDS(t->routable[0] >= 1);
}

static void run_world(uint64_t seed)
{
	struct play *p = calloc(1, sizeof(*p));
	uint32_t things;

	world = seed;
	arena_init(&p->arena);
	toy_init(&p->toy, &p->arena);
	p->rng = rng_stream(seed, "world", 0);
	p->toy.seed = seed;
	p->shares = chance(p, 0.5);
	configure(p);
	services(p);
	toy_start(&p->toy);
	things = 10 + below(p, 120);
	for (uint32_t i = 0; i < things; i++) {
		toy_run(&p->toy, p->toy.now + up_to(p, chance(p, 0.7) ? 500 * MS : 10 * S));
		one_thing(p);
		read_records(p);
		read_log(p);
	}
	be_kind(p);
	check_end(p);
	check_once(p);
	vec_release(&p->once);
	toy_release(&p->toy);
	arena_release(&p->arena);
	free(p);
}

START_TEST(worlds)
{
	const char *one = getenv("SONDE_TEST_WORLD");
	uint64_t n = getenv("SONDE_TEST_LONG") ? WORLDS_LONG : WORLDS;

	signal(SIGABRT, say_world);
	if (one) {
		run_world(strtoull(one, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++) {
		mark_point();
		run_world(seed);
	}
}
END_TEST

Suite *control_random_suite(void)
{
	Suite *suite = suite_create("control_random");
	TCase *tc = tcase_create("control_random");

	tcase_set_timeout(tc, 3600);
	tcase_add_test(tc, worlds);
	suite_add_tcase(suite, tc);
	return suite;
}

/* The rig for tests of the kubelet. */
#include "tests/rig_kubelet.h"
#include <string.h>

struct rig rig;

static void set_in(const struct opt *table, void *at, const char *path, const char *text)
{
	const struct opt *opt = opt_find(table, path);
	struct err err = { 0 };

	ck_assert_msg(opt != NULL, "%s", path);
	ck_assert_msg(opt_parse(opt, at, text, &rig.arena, &err), "%s", err.text);
}

void rig_set(const char *path, const char *text)
{
	set_in(cold_start_options, &rig.config, path, text);
	vec_push(&rig.given, path);
}

static bool preset_sets(void *ctx, const char *path)
{
	(void)ctx;
	for (uint32_t i = 0; i < rig.given.n; i++)
		if (!strcmp(rig.given.at[i], path))
			return false;
	return true;
}

void rig_resolve(void)
{
	cold_start_resolve(&rig.config, preset_sets, NULL, &rig.arena);
}

void rig_setup(void)
{
	memset(&rig, 0, sizeof(rig));
	arena_init(&rig.arena);
	opt_defaults(cold_start_options, &rig.config, &rig.arena);
	opt_defaults(net_options, &rig.net_config, &rig.arena);
	/* A network that adds nothing to the bytes: its transport is test_storage.c's. */
	rig.net_config.side[NET_TCP].transport.setup_ns = 0;
	rig.net_config.side[NET_TCP].transport.latency_ns = 0;
	rig.net_config.side[NET_TCP].transport.efficiency = 1;
	opt_defaults(storage_options, &rig.storage_config, &rig.arena);
	opt_defaults(api_options, &rig.api_config, &rig.arena);
	set_in(api_options, &rig.api_config, "service", "0s");
	set_in(api_options, &rig.api_config, "commit", "0s");
	set_in(api_options, &rig.api_config, "hop", "0s");
	set_in(api_options, &rig.api_config, "watch", "0s");
	rig.services[0].model = "small";
	rig.services[1].model = "other";
	for (int i = 0; i < 2; i++) {
		rig.services[i].weight_bytes = 16 * GB;
		rig.services[i].tensor_parallel = 1;
	}
}

void rig_teardown(void)
{
	vec_release(&rig.heard);
	vec_release(&rig.given);
	arena_release(&rig.arena);
}

static void take(void *ctx, const struct msg *msg)
{
	(void)ctx;
	vec_push(&rig.heard, ((struct told){ sim_now(rig.sim), *msg }));
}

void rig_start(uint64_t seed)
{
	rig_resolve();
	rig.sim = sim_new();
	rig.net = net_new(rig.sim, &rig.net_config, NODES_MAX, 4);
	rig.storage = storage_new(rig.net, &rig.storage_config, NODES_MAX, seed);
	rig.api = api_new(rig.sim, &rig.api_config, NULL, 0, NODES_MAX, seed, take, NULL);
	rig.kubelet = kubelet_new(rig.sim, &rig.config, rig.storage, rig.api, rig.services, 2,
				  NODES, NODES_MAX, seed, take, NULL);
	rig.heard.n = 0;
}

void rig_end(void)
{
	sim_free(rig.sim);
	kubelet_free(rig.kubelet);
	api_free(rig.api);
	storage_free(rig.storage);
	net_free(rig.net);
}

void rig_pod(uint32_t id, uint32_t node, uint32_t service)
{
	struct msg msg = { .kind = MSG_POD_START, .who = id };

	msg.pod.gen = 1;
	msg.pod.node = node;
	msg.pod.service = service;
	kubelet_start(rig.kubelet, &msg);
}

void rig_run(void)
{
	sim_run(rig.sim, SIM_NEVER);
}

sim_time rig_when(uint32_t id, enum msg_kind kind, uint32_t phase)
{
	sim_time at = -1;

	for (uint32_t i = 0; i < rig.heard.n; i++) {
		const struct told *told = &rig.heard.at[i];

		if (told->msg.who != id || told->msg.kind != kind ||
		    (kind == MSG_POD_PHASE && told->msg.pod.phase != phase))
			continue;
		ck_assert_int_eq(at, -1);
		at = told->at;
	}
	return at;
}

sim_time rig_took(uint32_t id, enum pod_phase phase)
{
	return rig_when(id, MSG_POD_PHASE, phase) - rig_when(id, MSG_POD_PHASE, phase - 1);
}

static void to_median(void *ctx, const char *path, const struct opt *opt, const void *at)
{
	struct dist *dist = (struct dist *)(void *)((char *)&rig.config + opt->offset);

	(void)ctx;
	(void)path;
	(void)at;
	if (opt->type != OPT_DIST)
		return;
	ck_assert(dist->kind == DIST_LOGNORMAL || dist->kind == DIST_CONSTANT);
	dist->kind = DIST_CONSTANT;
	dist->tail_share = 0;
}

void rig_medians(void)
{
	opt_walk(cold_start_options, &rig.config, to_median, NULL);
}

/* rig_world.h - a whole virtual world in a test's hands: every table at its defaults, to be changed
 * before rig_world_start. */
#ifndef TESTS_RIG_WORLD_H
#define TESTS_RIG_WORLD_H
#include "sim/loop.h"

enum { RIG_SERVICES = 3, RIG_EVENTS = 8 };

struct rig_world {
	struct arena arena;
	struct world_config config;      /* points to what follows */
	struct service_config service[RIG_SERVICES];
	struct gpu_cost cost[RIG_SERVICES];
	struct control_config control;
	struct cluster_config cluster;
	struct api_config api;
	struct cold_start_config cold_start;
	struct storage_config storage;
	struct net_config net;
	struct detection_config detection;
	struct user_config users;
	struct event_config event[RIG_EVENTS];
	struct opt_list events;
};

/* Defaults everywhere, cold starts that take no time, no service, no event. */
void rig_world_init(struct rig_world *rig);
/* One more service, of an engine that needs no catalogue: requests take 300 ms on average. */
struct service_config *rig_world_service(struct rig_world *rig);
/* One more event of this kind at this time. */
struct event_config *rig_world_event(struct rig_world *rig, enum event_kind kind, int64_t at_ns);
/* A distribution of times. */
struct dist rig_world_times(struct rig_world *rig, const char *text);
/* Nothing changes any more: what follows from the configuration is made. False where the pods of
 * the start do not fit, or the configuration makes no sense. */
bool rig_world_ready(struct rig_world *rig);
/* Frees it. */
void rig_world_release(struct rig_world *rig);
#endif

/* rig_kubelet.h - kubelets with their stores, networks and API server, for tests: one model of
 * 16 GB on one GPU (service 0, and the same under another name), an API server that costs nothing,
 * and everything that is delivered. */
#ifndef TESTS_RIG_KUBELET_H
#define TESTS_RIG_KUBELET_H
#include "base/vec.h"
#include "sim/kubelet.h"
#include "tests/suites.h"

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)
#define GB INT64_C(1000000000)

enum { NODES = 8, NODES_MAX = 12 };

struct told { sim_time at; struct msg msg; };

struct rig {
	struct arena arena;
	struct cold_start_config config;
	struct net_config net_config;
	struct storage_config storage_config;
	struct api_config api_config;
	struct service_config services[2];
	struct sim *sim;
	struct net *net;
	struct storage *storage;
	struct api *api;
	struct kubelet *kubelet;
	VEC(struct told) heard;
	VEC(const char *) given; /* options of cold_start that were set */
};
extern struct rig rig;

/* The fixture: configurations at their defaults; and what they hold freed. */
void rig_setup(void);
void rig_teardown(void);
/* Sets an option of cold_start. */
void rig_set(const char *path, const char *text);
/* Gives what rig_set has not set the preset's values. */
void rig_resolve(void);
/* Every distribution of cold_start becomes its median, without a tail. */
void rig_medians(void);
/* The parts, at time 0 with nothing heard; and their end. */
void rig_start(uint64_t seed);
void rig_end(void);
/* Starts generation 1 of a pod. */
void rig_pod(uint32_t id, uint32_t node, uint32_t service);
/* Runs until nothing is left to do. */
void rig_run(void);
/* When this was heard of the pod (of a phase: its end), or -1; asserts that it was once. */
sim_time rig_when(uint32_t id, enum msg_kind kind, uint32_t phase);
/* How long a phase of the pod took. */
sim_time rig_took(uint32_t id, enum pod_phase phase);
#endif

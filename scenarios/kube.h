/* kube.h - a cluster as Kubernetes describes it: its nodes in groups of equals, and what runs on
 * them.
 *
 * From nodes: allocatable (else capacity) cpu, memory, pods and nvidia.com/gpu, the product label
 * of their GPUs, pod CIDR, zone.  Cordoned nodes and those that are not ready are counted and left
 * out.  From pods: the node they are bound to and what they ask for, as kube-scheduler adds it up.
 * Not for taints, affinities and other resources: what is there of them is counted. */
#ifndef SCENARIOS_KUBE_H
#define SCENARIOS_KUBE_H
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include <stdint.h>
#include <stdio.h>

struct kube_resources { int64_t gpus, cpu_milli, memory_bytes, pods; };

struct kube_node {
	const char *name, *product; /* product: label of its GPUs; "" = none */
	struct kube_resources has, used; /* used: by pods that are bound to it */
	int64_t ips;                /* of its pod CIDR; 0 = not said */
	uint32_t zone;
};

struct kube_group {
	const char *name, *gpu, *product; /* gpu: as the catalogue calls the product, or like it */
	int64_t nodes, ips;
	struct kube_resources each; /* of one node, memory in whole GiB */
	struct kube_resources has, used; /* of all */
};

struct kube_cluster {
	VEC(struct kube_node) nodes; /* by name */
	VEC(struct kube_group) groups; /* by GPUs falling */
	uint32_t zones, cordoned, not_ready, tainted;
	uint64_t bound, unbound, ended; /* pods */
	uint64_t homeless;          /* pods bound to nodes that are left out */
};

/* Reads the List at path ("-": standard input); spare: groups are of what bound pods leave, as if
 * these stayed for ever.  Texts from the arena.  False with file:line and what was expected;
 * nothing is left to release then. */
bool kube_read(const char *path, bool spare, struct kube_cluster *cluster, struct arena *arena,
	       struct err *err);
/* Writes it as the `cluster` block of a scenario; path and spare as above. */
void kube_print(const struct kube_cluster *cluster, const char *path, bool spare, FILE *out);
/* Frees it. */
void kube_release(struct kube_cluster *cluster);
/* A quantity as Kubernetes writes it ("500m", "1056Gi", "12e6", "8"), in units; false where it is
 * none or negative. */
bool kube_quantity(const char *text, double *value);
/* What a product is called in the catalogue, or in its manner; memory from the arena. */
const char *kube_gpu(const char *product, struct arena *arena);
#endif

/* openb.h - Alibaba's GPU cluster trace of 2023 (openb), as published with
 * hkust-adsl/kubernetes-scheduler-simulator: a list of nodes and one of pods, CSV, plain or
 * compressed.
 *
 * Columns are found by their names; those that nobody asked for are skipped.  Whole lists are kept:
 * they have some thousand rows.  Not for what a pod does: there are no requests here. */
#ifndef TRACES_OPENB_H
#define TRACES_OPENB_H
#include "base/arena.h"
#include "base/err.h"
#include <stdint.h>

struct openb_node {
	const char *gpu;                /* type; "" = it has none */
	int64_t cpu_milli, memory_bytes, gpus;
	int line;
};

struct openb_pod {
	const char *gpu;                /* types that will do, separated by |; "" = all */
	int64_t created_ns, lifetime_ns; /* since the trace began; 0 where the file has no times */
	int64_t cpu_milli, memory_bytes;
	int64_t gpu_milli;              /* of all its GPUs: below 1000 a share of one */
	int line;
};

/* Reads the columns sn, cpu_milli, memory_mib, gpu, model; rows in their order, from the arena.
 * False with file:line:col. */
bool openb_nodes(const char *path, struct openb_node **rows, uint32_t *n, struct arena *arena,
		 struct err *err);
/* Reads name, cpu_milli, memory_mib, num_gpu, gpu_milli and, where they are there, gpu_spec,
 * creation_time, deletion_time (seconds); rows in order of creation, equals as in the file. */
bool openb_pods(const char *path, struct openb_pod **rows, uint32_t *n, struct arena *arena,
		struct err *err);
#endif

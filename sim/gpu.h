/* gpu.h - how long an engine iteration takes: the roofline and the fitted model, and series of
 * iterations.
 *
 * Physics: no state of the system, no clock.  Both worlds price batches with it, the virtual one to
 * arm an event, the real one to pace tokens.
 *
 * A batch without prompts grows by one KV token a sequence an iteration, and both models are linear
 * in S, so the time of its iterations is an arithmetic series: iteration i (from 1) takes first +
 * (i - 1) * step.  Ends are the closed form, rounded once: running k iterations as one event or as
 * k gives the same nanoseconds. */
#ifndef SIM_GPU_H
#define SIM_GPU_H
#include "models/catalog.h"
#include "models/world.h"

struct gpu_cost {
	struct cost_config config;
	/* roofline, per iteration over all layers, in ns */
	/* 1/(peak x mfu), 1/(rate x share), smoothing of the roofline's knee */
	double peak_ns_per_flop, byte_ns, q;
	double fixed_ns;                        /* launches and host */
	double dense_flops_per_token, dense_bytes;      /* per rank */
	/* per rank; a pair is a query token and a context token */
	double attention_flops_per_pair;
	double kv_bytes_per_token;              /* per rank */
	double allreduce_fixed_ns, allreduce_ns_per_token;
};

/* Prepares the model of a service on its GPU; service must be resolved.  The fitted model needs no
 * gpu and llm. */
void gpu_cost_init(struct gpu_cost *cost, const struct service_config *service,
		   const struct gpu_model *gpu,
		   const struct llm_model *llm);
/* Time of one iteration of this shape, in ns, at least 1. */
double gpu_iteration_ns(const struct gpu_cost *cost, const struct batch_shape *shape);
/* By how much each further iteration of a batch that only decodes takes longer, in ns. */
double gpu_step_ns(const struct gpu_cost *cost, const struct batch_shape *shape);

/* Consecutive iterations of one unchanged batch. */
struct gpu_series {
	int64_t start_ns;               /* of the first */
	double first_ns, step_ns;
	uint32_t decode_seqs;
	/* S of the iteration after those done; 0 = the series cannot go on */
	uint64_t next_kv_tokens;
	uint64_t done;                  /* iterations done */
};

/* End of iteration i, counted from 1; 0 gives the start. */
static inline int64_t gpu_series_end(const struct gpu_series *series, uint64_t i)
{
	double k = (double)(int64_t)i;

	return series->start_ns +
	       (int64_t)(k * series->first_ns + series->step_ns * (k * (k - 1) / 2) + 0.5);
}
/* Goes on with the series if the shape is its continuation, else begins a new one at now. */
void gpu_series_run(struct gpu_series *series, const struct gpu_cost *cost,
		    const struct batch_shape *shape, int64_t now);
/* The first iteration after those done that ends at or after t. */
uint64_t gpu_series_at(const struct gpu_series *series, int64_t t);
#endif

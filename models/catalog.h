/* catalog.h - what a GPU and a model are: the figures of models/catalog/, as plain data.
 *
 * Files are read by cli/ (models/ does no I/O); here are the structs, their option tables and what
 * follows from them: weights, KV bytes per token, KV blocks, whether a model fits. */
#ifndef MODELS_CATALOG_H
#define MODELS_CATALOG_H
#include "models/service.h"

struct gpu_model {
	const char *name, *source;
	int64_t memory_bytes;
	double flops_bf16;              /* peak, dense */
	double memory_rate;             /* bytes/s, HBM or GDDR */
	double mfu, bandwidth_share;    /* reached on large matrices; on streaming reads */
	/* launch and fixed time per layer's matrix multiplication */
	double kernel_us;
	/* latency, algorithm bytes/s over 2, 4, 8 GPUs */
	double allreduce_us[3], allreduce_rate[3];
	double link_rate;               /* NVLink or PCIe peer to peer, bytes/s one way */
	double host_rate;               /* host to GPU from pinned memory, bytes/s */
	double price_per_hour;          /* USD, for cost */
};

struct llm_model {
	const char *name, *source;
	int64_t layers, hidden, heads, kv_heads, head_dim, ffn, vocab;
	double params;                  /* weights of the whole model */
	double bytes_per_param, kv_bytes_per_value; /* 2 = bf16 */
};

extern const struct opt gpu_model_options[], llm_model_options[];

/* Fills the derived fields of service (weight_bytes, host_rate, kv_bytes_per_token, and
 * engine.kv_blocks where it is 0); false with one clear line where the model does not fit the
 * memory of its GPUs. */
bool service_resolve(struct service_config *service, const struct gpu_model *gpu,
		     const struct llm_model *llm,
		     struct err *err);
#endif

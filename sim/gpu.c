/* GPU time.
 *
 * fitted:   t = c0 + c1 tok + c2 max(0, tok - knee) + c3 S + c4 sum(chunk^2) + c5 (KV of prompts
 * under way), ms; the six
 *           coefficients reproduce Vidur's tables within 0.7 to 4 % (fits of ours over its
 *           iterations).
 * roofline: dense layers ((flops / (peak mfu))^q + (bytes / (rate share))^q)^(1/q), the smoothed
 * roofline that fits
 *           NVIDIA aiconfigurator's GEMM tables within 8.5 % (A100, H100); attention of prompts by
 *           the same form, decode attention by KV bytes / (rate share), all-reduce alpha + bytes /
 *           bandwidth twice a layer, a fixed time a layer and the host's overhead.  Decode
 *           attention by bytes is good to about a third only (its tables are curved in batch and
 *           KV); dense layers dominate where that matters. */
#include "sim/gpu.h"
#include <assert.h>
#include <math.h>

/* Smoothing exponent of the fit to A100 GEMM tables (H100: 2.8 to 4.1); one value for all: 2. */
static const double roofline_q = 2;
/* GEMM kernels a transformer layer launches: QKV, output, gate and up, down. */
static const double kernels_per_layer = 4;

void gpu_cost_init(struct gpu_cost *cost, const struct service_config *service,
		   const struct gpu_model *gpu, const struct llm_model *llm)
{
	const struct cost_config *config = &service->engine.cost;
	double ranks = (double)service->tensor_parallel;
	int pair = ranks <= 2 ? 0 : ranks <= 4 ? 1 : 2;
	double mfu, share;

	*cost = (struct gpu_cost){ .config = *config, .q = roofline_q };
	if (config->model == COST_FITTED)
		return;
	mfu = config->mfu_prefill > 0 ? config->mfu_prefill : gpu->mfu;
	share = config->bandwidth_share > 0 ? config->bandwidth_share : gpu->bandwidth_share;
	cost->peak_ns_per_flop = 1e9 / (gpu->flops_bf16 * mfu * service->gpu_share);
	cost->byte_ns = 1e9 / (gpu->memory_rate * share * service->gpu_share);
	cost->dense_flops_per_token = 2 * llm->params / ranks;
	cost->dense_bytes = llm->params * llm->bytes_per_param / ranks;
	cost->attention_flops_per_pair =
		4.0 * (double)(llm->layers * llm->heads * llm->head_dim) / ranks;
	cost->kv_bytes_per_token = (double)service->kv_bytes_per_token / ranks;
	cost->fixed_ns = config->overhead_ms * 1e6 +
			 (double)llm->layers * kernels_per_layer * gpu->kernel_us * 1e3;
	if (ranks > 1) {
		cost->allreduce_fixed_ns = 2 * (double)llm->layers * gpu->allreduce_us[pair] * 1e3;
		cost->allreduce_ns_per_token = 2 * (double)(llm->layers * llm->hidden) *
					       llm->bytes_per_param * 1e9 /
					       gpu->allreduce_rate[pair];
	}
}

static double fitted_ns(const struct cost_config *c, const struct batch_shape *shape)
{
	double tokens = (double)shape->prefill_tokens + shape->decode_seqs;
	double above = tokens > c->knee_tokens ? tokens - c->knee_tokens : 0;
	double ms = c->c0_ms + c->c1_ms * tokens + c->c2_ms * above +
		    c->c3_ms * (double)shape->decode_kv_tokens +
		    c->c4_ms * shape->prefill_chunk_sq +
		    c->c5_ms * (double)shape->prefill_kv_tokens;

	return ms * 1e6;
}

static double smooth_max(double a, double b, double q)
{
	return pow(pow(a, q) + pow(b, q), 1 / q);
}

static double roofline_ns(const struct gpu_cost *cost, const struct batch_shape *shape)
{
	double tokens = (double)shape->prefill_tokens + shape->decode_seqs;
	double dense = smooth_max(tokens * cost->dense_flops_per_token * cost->peak_ns_per_flop,
				  cost->dense_bytes * cost->byte_ns, cost->q);
	double pairs = shape->prefill_cross + shape->prefill_chunk_sq / 2;
	double prompt_kv = (double)shape->prefill_tokens + (double)shape->prefill_kv_tokens;
	double prompts =
		shape->prefill_seqs
			? smooth_max(pairs * cost->attention_flops_per_pair *
					     cost->peak_ns_per_flop,
				     prompt_kv * cost->kv_bytes_per_token * cost->byte_ns, cost->q)
			: 0;
	double decodes = (double)shape->decode_kv_tokens * cost->kv_bytes_per_token * cost->byte_ns;

	return cost->fixed_ns + dense + prompts + decodes + cost->allreduce_fixed_ns +
	       tokens * cost->allreduce_ns_per_token;
}

double gpu_iteration_ns(const struct gpu_cost *cost, const struct batch_shape *shape)
{
	double ns = cost->config.model == COST_FITTED ? fitted_ns(&cost->config, shape)
						      : roofline_ns(cost, shape);

	return ns < 1 ? 1 : ns;
}

double gpu_step_ns(const struct gpu_cost *cost, const struct batch_shape *shape)
{
	if (cost->config.model == COST_FITTED)
		return cost->config.c3_ms * 1e6 * shape->decode_seqs;
	return cost->kv_bytes_per_token * cost->byte_ns * shape->decode_seqs;
}

void gpu_series_run(struct gpu_series *series, const struct gpu_cost *cost,
		    const struct batch_shape *shape, int64_t now)
{
	if (!shape->prefill_seqs && series->next_kv_tokens &&
	    series->next_kv_tokens == shape->decode_kv_tokens &&
	    series->decode_seqs == shape->decode_seqs &&
	    gpu_series_end(series, series->done) == now)
		return;
	*series = (struct gpu_series){ .start_ns = now,
				       .first_ns = gpu_iteration_ns(cost, shape),
				       .decode_seqs = shape->decode_seqs };
	if (shape->prefill_seqs)
		return;
	series->step_ns = gpu_step_ns(cost, shape);
	series->next_kv_tokens = shape->decode_kv_tokens;
}

uint64_t gpu_series_at(const struct gpu_series *series, int64_t t)
{
	double wait = (double)(t - series->start_ns), b = series->first_ns - series->step_ns / 2;
	double k = series->step_ns > 0
			 ? (sqrt(b * b + 2 * series->step_ns * wait) - b) / series->step_ns
			 : wait / b;
	uint64_t i = k > 1 ? (uint64_t)k : 1;

	if (i <= series->done)
		i = series->done + 1;
	while (gpu_series_end(series, i) < t)
		i++;
	while (i > series->done + 1 && gpu_series_end(series, i - 1) >= t)
		i--;
	return i;
}

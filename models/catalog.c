/* What follows from a GPU and a model: weights, KV bytes per token, and how many KV blocks fit
 * beside the weights.
 *
 * KV bytes per token = 2 (K and V) x layers x KV heads x head size x bytes per value.
 * KV blocks = (memory x share x ranks - weights - reserve x ranks) / block bytes, as vLLM computes
 * them after profiling; the reserve stands for activations and CUDA graphs. */
#include "models/catalog.h"
#include <string.h>

/* Activations, CUDA graphs and runtime per GPU: NVIDIA aiconfigurator reserves 3.5 GiB (system
 * yaml, other_mem). */
static const double reserve_bytes = 3758096384.0;

#define GPU(f) offsetof(struct gpu_model, f)
#define LLM(f) offsetof(struct llm_model, f)

const struct opt gpu_model_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, GPU(name), "", .help = "as scenarios call it" },
	{ "source", OPT_TEXT, UNIT_NONE, GPU(source), "", .help = "where the figures come from" },
	{ "memory", OPT_INT, UNIT_BYTES, GPU(memory_bytes), "80GiB", 1e6, 0x1p50,
	  .help = "GPU memory" },
	{ "flops_bf16", OPT_REAL, UNIT_FLOPS, GPU(flops_bf16), "100TFLOPS", 1e9, 1e18,
	  .help = "dense bf16 peak" },
	{ "memory_rate", OPT_REAL, UNIT_RATE, GPU(memory_rate), "1TB/s", 1e6, 1e15,
	  .help = "memory bandwidth" },
	{ "mfu", OPT_REAL, UNIT_SHARE, GPU(mfu), "80%", 0.01, 1,
	  .help = "share of peak that large matrices reach" },
	{ "bandwidth_share", OPT_REAL, UNIT_SHARE, GPU(bandwidth_share), "80%", 0.01, 1,
	  .help = "share of the memory bandwidth that streaming reads reach" },
	{ "kernel_us", OPT_REAL, UNIT_NONE, GPU(kernel_us), "5", 0, 1e4,
	  .help = "fixed time of a kernel, us" },
	{ "allreduce_us_2", OPT_REAL, UNIT_NONE, GPU(allreduce_us[0]), "5", 0, 1e6,
	  .help = "all-reduce latency, us" },
	{ "allreduce_us_4", OPT_REAL, UNIT_NONE, GPU(allreduce_us[1]), "6", 0, 1e6,
	  .help = "over 4 GPUs" },
	{ "allreduce_us_8", OPT_REAL, UNIT_NONE, GPU(allreduce_us[2]), "8", 0, 1e6,
	  .help = "over 8 GPUs" },
	{ "allreduce_rate_2", OPT_REAL, UNIT_RATE, GPU(allreduce_rate[0]), "100GB/s", 1e6, 1e15,
	  .help = "all-reduce algorithm bandwidth over 2 GPUs" },
	{ "allreduce_rate_4", OPT_REAL, UNIT_RATE, GPU(allreduce_rate[1]), "100GB/s", 1e6, 1e15,
	  .help = "over 4 GPUs" },
	{ "allreduce_rate_8", OPT_REAL, UNIT_RATE, GPU(allreduce_rate[2]), "100GB/s", 1e6, 1e15,
	  .help = "over 8 GPUs" },
	{ "link_rate", OPT_REAL, UNIT_RATE, GPU(link_rate), "32GB/s", 1e6, 1e15,
	  .help = "GPU to GPU in a node, one way (NVLink or PCIe)" },
	{ "host_rate", OPT_REAL, UNIT_RATE, GPU(host_rate), "24GB/s", 1e6, 1e15,
	  .help = "host memory to GPU, pinned" },
	{ "price_per_hour", OPT_REAL, UNIT_NONE, GPU(price_per_hour), "0", 0, 1e6,
	  .help = "USD an hour; 0 = not given" },
	OPT_END
};

const struct opt llm_model_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, LLM(name), "", .help = "as scenarios call it" },
	{ "source", OPT_TEXT, UNIT_NONE, LLM(source), "", .help = "where the figures come from" },
	{ "layers", OPT_INT, UNIT_NONE, LLM(layers), "32", 1, 10000, .help = "transformer layers" },
	{ "hidden", OPT_INT, UNIT_NONE, LLM(hidden), "4096", 1, 1e6, .help = "hidden size" },
	{ "heads", OPT_INT, UNIT_NONE, LLM(heads), "32", 1, 10000, .help = "attention heads" },
	{ "kv_heads", OPT_INT, UNIT_NONE, LLM(kv_heads), "8", 1, 10000,
	  .help = "key and value heads" },
	{ "head_dim", OPT_INT, UNIT_NONE, LLM(head_dim), "128", 1, 10000,
	  .help = "size of a head" },
	{ "ffn", OPT_INT, UNIT_NONE, LLM(ffn), "14336", 1, 1e7, .help = "intermediate size" },
	{ "vocab", OPT_INT, UNIT_NONE, LLM(vocab), "128256", 1, 1e8, .help = "vocabulary" },
	{ "params", OPT_REAL, UNIT_NONE, LLM(params), "8G", 1, 1e14, .help = "weights" },
	{ "bytes_per_param", OPT_REAL, UNIT_NONE, LLM(bytes_per_param), "2", 0.25, 8,
	  .help = "2 = bf16" },
	{ "kv_bytes_per_value", OPT_REAL, UNIT_NONE, LLM(kv_bytes_per_value), "2", 0.25, 8,
	  .help = "2 = bf16" },
	OPT_END
};

/* Blocks given by hand may use what we would keep in reserve, but not more than there is. */
static bool blocks_there(const struct service_config *service, const struct gpu_model *gpu,
			 struct err *err)
{
	double block = (double)(service->kv_bytes_per_token * service->engine.block_tokens);
	double room =
		(double)gpu->memory_bytes * service->gpu_share * (double)service->tensor_parallel -
		(double)service->weight_bytes;

	return (double)service->engine.kv_blocks * block <= room ||
	       err_set(err,
		       "service '%s': %lld KV blocks of %lld tokens need %.1f GiB; beside the "
		       "weights there are %.1f GiB",
		       service->name, (long long)service->engine.kv_blocks,
		       (long long)service->engine.block_tokens,
		       (double)service->engine.kv_blocks * block / 0x1p30, room / 0x1p30);
}

bool service_resolve(struct service_config *service, const struct gpu_model *gpu,
		     const struct llm_model *llm, struct err *err)
{
	struct engine_config *engine = &service->engine;
	double ranks = (double)service->tensor_parallel;
	double memory = (double)gpu->memory_bytes * service->gpu_share * engine->memory_share;
	double room = (memory - reserve_bytes) * ranks, weights, block;
	int64_t blocks;

	service->weight_bytes = (int64_t)(llm->params * llm->bytes_per_param);
	service->host_rate = gpu->host_rate;
	service->kv_bytes_per_token =
		(int64_t)(2 * (double)(llm->layers * llm->kv_heads * llm->head_dim) *
			  llm->kv_bytes_per_value);
	if (engine->kind == ENGINE_REQUEST)
		return true;
	if (llm->heads % service->tensor_parallel)
		return err_set(err,
			       "service '%s': tensor_parallel is %lld, which does not divide the "
			       "%lld attention heads of %s",
			       service->name, (long long)service->tensor_parallel,
			       (long long)llm->heads, llm->name);
	weights = (double)service->weight_bytes;
	block = (double)(service->kv_bytes_per_token * engine->block_tokens);
	blocks = (int64_t)((room - weights) / block);
	if (room >= weights && engine->kv_blocks > 0)
		return blocks_there(service, gpu, err);
	if (room < weights || blocks < 1)
		return err_set(err,
			       "service '%s': %s needs %.1f GiB for its weights alone; %d x %s "
			       "leave %.1f GiB at "
			       "memory_share %.0f %%: raise tensor_parallel or take a larger GPU",
			       service->name, llm->name, weights / 0x1p30, (int)ranks, gpu->name,
			       room / 0x1p30, engine->memory_share * 100);
	engine->kv_blocks = blocks;
	return true;
}

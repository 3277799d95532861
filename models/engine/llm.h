/* llm.h - continuous batching over paged KV blocks, as vLLM does it: who is in the next iteration.
 * Private to models/engine/; replica.h is the door.
 *
 * Schedulers: vllm-v0 (prefill first, whole prompts, a batch of either prompts or decodes), vllm-v1
 * (mixed, running first, a token budget) and sarathi (the same with v0's watermark).  Preemption by
 * recompute, last in first out.
 * Source: vLLM's scheduler.py (v0: 0.4; v1: 0.8), Agrawal et al. "Sarathi-Serve" (OSDI'24).
 *
 * Iteration skipping.  Between two changes of the batch nothing is decided, so the engine asks for
 * k iterations at once, k being the least number after which a sequence ends or blocks run out.
 * Whole-batch counters stand for the sequences: `iterations` decode iterations done, `kv_tokens` =
 * S, and `crossing[i mod block]` sequences that need a new block in decode iteration i.  A seq's
 * length follows from when it joined. */
#ifndef MODELS_ENGINE_LLM_H
#define MODELS_ENGINE_LLM_H
#include "models/engine/finish.h"
#include "models/engine/seq.h"
#include "models/service.h"

struct llm {
	const struct engine_config *config;
	struct seq_pool *pool;
	uint32_t pod, pod_gen;
	/* running in order of admission; prompts under way among them */
	struct seq_list waiting, running;
	int64_t free_blocks, watermark_blocks;
	uint64_t iterations;            /* decode iterations done */
	uint64_t kv_tokens;             /* S: read by the next decode iteration */
	uint32_t decoding;              /* sequences that decode */
	uint32_t *crossing;             /* block_tokens entries; the pod's */
	int64_t last_decode_ns;         /* end of the last decode iteration */
	struct finish finish;           /* of the decoding sequences */
	VEC(struct stall) stall;        /* decoding sequences by time of their last token */
	/* sequences with a prompt chunk in the iteration under way */
	VEC(uint32_t) batch;
	uint32_t k_max;                 /* iterations asked for; 0 = idle */
	bool decodes;                   /* the iteration under way decodes */
	bool interrupted, cancels;
	uint64_t preemptions;
};

/* An idle engine over the pool of its pod; crossing: room for block_tokens entries, the
 * caller's. */
void llm_init(struct llm *llm, const struct engine_config *config, struct seq_pool *pool,
	      uint32_t *crossing, uint32_t pod, uint32_t gen);
/* Whether a request could ever run here: its prompt within the budget, its length within the KV
 * blocks. */
bool llm_admissible(const struct llm *llm, uint32_t input_tokens, uint32_t output_tokens);
/* Queues seq; starts the engine, or asks it to stop at the next iteration if seq could join then.
 * */
void llm_submit(struct llm *llm, int64_t now, uint32_t seq, struct outbox *out);
/* k iterations are done, the last one just now: tokens, completions, and the next batch.  Completed
 * seqs are handed to done (which gives the row back). */
typedef void llm_done(void *ctx, int64_t now, uint32_t seq, struct outbox *out);
void llm_iterated(struct llm *llm, int64_t now, uint32_t k, struct outbox *out, llm_done *done,
		  void *ctx);
/* Drops seq, now or at the end of the iteration under way; true if it is gone already (row still
 * taken). */
bool llm_cancel(struct llm *llm, uint32_t seq, struct outbox *out);
/* Frees what it holds. */
void llm_release(struct llm *llm);
#endif

/* Batching and block accounting by counters: a step costs what changes in the batch, not what is in
 * it. */
#include "models/engine/llm.h"
#include <string.h>

static int64_t blocks_of(const struct llm *llm, uint64_t tokens)
{
	uint64_t size = (uint64_t)llm->config->block_tokens;

	return (int64_t)((tokens + size - 1) / size);
}

/* The length that seq's KV would have in the next decode iteration. */
static uint64_t seq_length(const struct llm *llm, const struct seq *seq)
{
	return seq->prompt + 1 + (llm->iterations - seq->join);
}

/* Blocks held by a running seq between iterations. */
static int64_t seq_blocks(const struct llm *llm, const struct seq *seq)
{
	if (seq->state == SEQ_DECODE && llm->iterations > seq->join)
		return blocks_of(llm, seq_length(llm, seq) - 1);
	return blocks_of(llm, seq->prompt);
}

/* The decode iterations in which seq needs a new block: those congruent to this one.  With length L
 * in iteration i a new block is needed when L - 1 is a multiple of the block. */
static uint32_t *crossing_of(struct llm *llm, const struct seq *seq)
{
	uint64_t size = (uint64_t)llm->config->block_tokens;
	uint64_t first = seq->join + size - (seq->prompt % size) + 1;

	return &llm->crossing[first % size];
}

static uint64_t finish_of(const struct seq *seq, uint32_t id)
{
	return finish_key(seq->join + seq->left, id);
}

/* Notes that seqs sequences made their last token at this time. */
static void stall_add(struct llm *llm, int64_t last_token_ns, uint32_t seqs)
{
	for (uint32_t i = llm->stall.n; i-- > 0;) {
		if (llm->stall.at[i].last_token_ns == last_token_ns) {
			llm->stall.at[i].seqs += seqs;
			return;
		}
	}
	vec_push(&llm->stall, (struct stall){ .last_token_ns = last_token_ns, .seqs = seqs });
}

static void stall_remove(struct llm *llm, int64_t last_token_ns)
{
	for (uint32_t i = 0; i < llm->stall.n; i++) {
		if (llm->stall.at[i].last_token_ns != last_token_ns)
			continue;
		if (!--llm->stall.at[i].seqs)
			llm->stall.at[i] = vec_pop(&llm->stall);
		return;
	}
	assert(!"a decoding sequence is in no group");
}

void llm_init(struct llm *llm, const struct engine_config *config, struct seq_pool *pool,
	      uint32_t *crossing, uint32_t pod, uint32_t gen)
{
	*llm = (struct llm){
		.config = config, .pool = pool, .crossing = crossing, .pod = pod, .pod_gen = gen
	};
	assert(config->kv_blocks > 0 && config->block_tokens > 0);
	llm->waiting = llm->running = SEQ_LIST;
	llm->free_blocks = config->kv_blocks;
	if (config->scheduler != SCHED_VLLM_V1)
		llm->watermark_blocks = (int64_t)(config->watermark * (double)config->kv_blocks);
	memset(llm->crossing, 0, (size_t)config->block_tokens * sizeof(*llm->crossing));
}

void llm_release(struct llm *llm)
{
	vec_release(&llm->finish.keys);
	vec_release(&llm->stall);
	vec_release(&llm->batch);
}

bool llm_admissible(const struct llm *llm, uint32_t input_tokens, uint32_t output_tokens)
{
	uint64_t length = (uint64_t)input_tokens + output_tokens;

	if (llm->config->scheduler == SCHED_VLLM_V0 && input_tokens > llm->config->max_tokens)
		return false;
	return blocks_of(llm, length) <= llm->config->kv_blocks - llm->watermark_blocks;
}

static int64_t last_token_of(const struct llm *llm, const struct seq *seq)
{
	return llm->iterations > seq->join ? llm->last_decode_ns : seq->since_ns;
}

/* Takes a decoding seq out of the whole-batch counters, and gives its blocks back. */
static void leave_decode(struct llm *llm, const struct seq *seq)
{
	uint32_t *crossing = crossing_of(llm, seq);

	assert(llm->decoding && *crossing && llm->kv_tokens >= seq_length(llm, seq));
	llm->free_blocks += seq_blocks(llm, seq);
	llm->kv_tokens -= seq_length(llm, seq);
	--*crossing;
	llm->decoding--;
	stall_remove(llm, last_token_of(llm, seq));
}

/* The whole prompt is computed and one more token made. */
static void enter_decode(struct llm *llm, int64_t now, uint32_t id)
{
	struct seq *seq = &llm->pool->rows.at[id];

	seq->state = SEQ_DECODE;
	seq->join = llm->iterations;
	seq->since_ns = now;
	llm->kv_tokens += seq_length(llm, seq);
	++*crossing_of(llm, seq);
	llm->decoding++;
	stall_add(llm, now, 1);
	finish_push(&llm->finish, finish_of(seq, id));
}

/* A sequence leaves the batch: at its end, or cut short. */
static void leave(struct llm *llm, uint32_t id, bool cut)
{
	struct seq *seq = &llm->pool->rows.at[id];

	if (seq->state == SEQ_DECODE)
		leave_decode(llm, seq);
	else
		llm->free_blocks += seq_blocks(llm, seq);
	if (cut && seq->state == SEQ_DECODE)
		finish_drop(&llm->finish, finish_of(seq, id));
	seq_unlink(llm->pool, &llm->running, id);
}

/* The last admitted sequence gives up its blocks and will be computed again, first of those that
 * wait. */
static void preempt_last(struct llm *llm)
{
	uint32_t id = llm->running.tail;
	struct seq *seq;

	assert(id != NONE);
	seq = &llm->pool->rows.at[id];
	leave(llm, id, true);
	if (seq->state == SEQ_DECODE) {
		uint32_t made = (uint32_t)(llm->iterations - seq->join);

		seq->since_ns = last_token_of(llm, seq);
		seq->prompt += made + 1;
		seq->left -= made;
	}
	seq->computed = 0;
	seq->state = SEQ_WAITING;
	seq->preemptions++;
	llm->preemptions++;
	seq_prepend(llm->pool, &llm->waiting, id);
}

/* Makes room for the next decode iteration; true if somebody had to leave. */
static bool make_room(struct llm *llm)
{
	uint64_t slot = (llm->iterations + 1) % (uint64_t)llm->config->block_tokens;
	bool preempted = false;

	for (; llm->free_blocks < llm->crossing[slot]; preempted = true)
		preempt_last(llm);
	return preempted;
}

static bool fits(const struct llm *llm, const struct seq *seq)
{
	return blocks_of(llm, seq->prompt) <= llm->free_blocks - llm->watermark_blocks;
}

static uint32_t seqs_max(const struct llm *llm)
{
	const struct engine_config *config = llm->config;
	bool budgeted = config->scheduler != SCHED_VLLM_V0;

	return (uint32_t)(budgeted && config->max_tokens < config->max_seqs ? config->max_tokens
									    : config->max_seqs);
}

/* The head of the queue joins the batch with a chunk of its prompt. */
static void admit(struct llm *llm, int64_t now, uint32_t chunk)
{
	uint32_t id = llm->waiting.head;
	struct seq *seq = &llm->pool->rows.at[id];

	llm->free_blocks -= blocks_of(llm, seq->prompt);
	seq_unlink(llm->pool, &llm->waiting, id);
	seq_append(llm->pool, &llm->running, id);
	seq->state = SEQ_PREFILL;
	seq->chunk = chunk;
	if (seq->batch_wait_ns < 0)
		seq->batch_wait_ns = now - seq->since_ns;
	vec_push(&llm->batch, id);
}

/* vllm-v0: whole prompts while requests x longest prompt stays within the budget; else everybody
 * decodes. */
static void plan_v0(struct llm *llm, int64_t now)
{
	uint64_t longest = 0;

	while (llm->waiting.n && llm->running.n < seqs_max(llm)) {
		const struct seq *seq = &llm->pool->rows.at[llm->waiting.head];
		uint64_t prompt = seq->prompt > longest ? seq->prompt : longest;

		if (!fits(llm, seq) || (llm->batch.n && (llm->batch.n + 1) * prompt >
								(uint64_t)llm->config->max_tokens))
			break;
		longest = prompt;
		admit(llm, now, seq->prompt);
	}
	if (!llm->batch.n && llm->decoding)
		make_room(llm);
	llm->decodes = !llm->batch.n && llm->decoding;
}

/* vllm-v1 and sarathi: everybody decodes, then prompts under way, then new ones, within the token
 * budget. */
static void plan_mixed(struct llm *llm, int64_t now)
{
	bool preempted = make_room(llm);
	int64_t budget = llm->config->max_tokens - llm->decoding;

	/* room for the decodes is taken before anybody is admitted */
	llm->free_blocks -=
		llm->crossing[(llm->iterations + 1) % (uint64_t)llm->config->block_tokens];
	/* prompts under way are the youngest: walk back to the first of them, then forward */
	uint32_t id = llm->running.tail, first = NONE;

	for (; id != NONE && llm->pool->rows.at[id].state == SEQ_PREFILL;
	     id = llm->pool->links.at[id].prev)
		first = id;
	for (id = first; id != NONE && budget > 0; id = seq_next(llm->pool, id)) {
		struct seq *seq = &llm->pool->rows.at[id];
		int64_t left = (int64_t)seq->prompt - seq->computed;

		seq->chunk = (uint32_t)(left < budget ? left : budget);
		budget -= seq->chunk;
		vec_push(&llm->batch, id);
	}
	while (!preempted && budget > 0 && llm->waiting.n && llm->running.n < seqs_max(llm)) {
		const struct seq *seq = &llm->pool->rows.at[llm->waiting.head];
		uint32_t chunk = (uint32_t)(seq->prompt < budget ? seq->prompt : budget);

		if (!fits(llm, seq))
			break;
		budget -= chunk;
		admit(llm, now, chunk);
	}
	llm->free_blocks +=
		llm->crossing[(llm->iterations + 1) % (uint64_t)llm->config->block_tokens];
	llm->decodes = llm->decoding > 0;
}

/* How many decode iterations can run before a sequence ends or blocks run out; at least one can. */
static uint32_t leap(struct llm *llm)
{
	uint64_t size = (uint64_t)llm->config->block_tokens, i = llm->iterations;
	uint64_t k_end = finish_iteration(llm->finish.keys.at[0]) - i, k;
	int64_t spare = llm->free_blocks;

	if (!llm->config->skip)
		return 1;
	if (k_end > 1u << 20)
		k_end = 1u << 20;
	if ((int64_t)(llm->decoding * (k_end / size + 1)) <= spare)
		return (uint32_t)k_end;
	for (k = 0; k < k_end; k++) {
		spare -= llm->crossing[(i + k + 1) % size];
		if (spare < 0)
			break;
	}
	assert(k > 0);
	return (uint32_t)k;
}

/* Whether seq goes on after a preemption with a token in this iteration. */
static bool resumes(const struct seq *seq)
{
	return seq->told && seq->computed + seq->chunk == seq->prompt;
}

/* The prompt part of the shape. */
static void shape_prompts(struct llm *llm, struct batch_shape *shape)
{
	for (uint32_t i = 0; i < llm->batch.n; i++) {
		const struct seq *seq = &llm->pool->rows.at[llm->batch.at[i]];
		double chunk = seq->chunk;

		shape->prefill_seqs++;
		shape->prefill_tokens += seq->chunk;
		shape->prefill_kv_tokens += seq->computed;
		shape->prefill_chunk_sq += chunk * chunk;
		shape->prefill_cross += chunk * seq->computed;
		shape->stall_groups += resumes(seq);
	}
}

/* When those who make a token made their last one. */
static void copy_stalls(const struct llm *llm, struct stall *to)
{
	if (llm->decodes)
		for (uint32_t i = 0; i < llm->stall.n; i++)
			*to++ = llm->stall.at[i];
	for (uint32_t i = 0; i < llm->batch.n; i++) {
		const struct seq *seq = &llm->pool->rows.at[llm->batch.at[i]];

		if (resumes(seq))
			*to++ = (struct stall){ .last_token_ns = seq->since_ns, .seqs = 1 };
	}
}

/* Asks the world to run the batch. */
static void run(struct llm *llm, struct outbox *out)
{
	struct batch_shape shape = { 0 }, *room;
	struct msg *msg;
	void *load;

	shape_prompts(llm, &shape);
	if (llm->decodes) {
		shape.decode_seqs = llm->decoding;
		shape.decode_kv_tokens = llm->kv_tokens;
		shape.stall_groups += llm->stall.n;
	}
	llm->k_max = llm->batch.n ? 1 : leap(llm);
	llm->interrupted = llm->k_max == 1;
	msg = outbox_add_room(out, MSG_ITERATE, llm->pod,
			      (uint32_t)(sizeof(shape) + shape.stall_groups * sizeof(struct stall)),
			      &load);
	msg->iterate.gen = llm->pod_gen;
	msg->iterate.k_max = llm->k_max;
	room = load;
	*room = shape;
	copy_stalls(llm, (struct stall *)(void *)(room + 1));
}

/* Chooses the next batch and runs it; idle if there is nobody. */
static void plan(struct llm *llm, int64_t now, struct outbox *out)
{
	llm->batch.n = 0;
	llm->k_max = 0;
	if (llm->config->scheduler == SCHED_VLLM_V0)
		plan_v0(llm, now);
	else
		plan_mixed(llm, now);
	if (llm->batch.n || llm->decodes)
		run(llm, out);
	else
		assert(!llm->running.n && !llm->waiting.n);
}

/* Asks the world to stop at the next whole iteration, once. */
static void stop_early(struct llm *llm, struct outbox *out)
{
	if (llm->interrupted)
		return;
	llm->interrupted = true;
	outbox_add(out, MSG_INTERRUPT, llm->pod)->iterate.gen = llm->pod_gen;
}

/* A new head of the queue is worth a stop if it could be admitted: what does not fit now fits only
 * after an end, and the leap stops there anyway. */
static void stop_for_head(struct llm *llm, struct outbox *out)
{
	if (llm->waiting.n && llm->running.n < seqs_max(llm) &&
	    fits(llm, &llm->pool->rows.at[llm->waiting.head]))
		stop_early(llm, out);
}

void llm_submit(struct llm *llm, int64_t now, uint32_t id, struct outbox *out)
{
	struct seq *seq = &llm->pool->rows.at[id];
	bool first = !llm->waiting.n;

	seq->state = SEQ_WAITING;
	seq_append(llm->pool, &llm->waiting, id);
	if (!llm->k_max) {
		plan(llm, now, out);
	} else if (first) {
		stop_for_head(llm, out);
	}
}

/* Block and token counters after k decode iterations. */
static void count_decodes(struct llm *llm, int64_t now, uint32_t k)
{
	uint64_t size = (uint64_t)llm->config->block_tokens, rest = k % size;

	llm->free_blocks -= (int64_t)(llm->decoding * (k / size));
	for (uint64_t i = 1; i <= rest; i++)
		llm->free_blocks -= llm->crossing[(llm->iterations + i) % size];
	assert(llm->free_blocks >= 0);
	llm->iterations += k;
	llm->kv_tokens += (uint64_t)llm->decoding * k;
	llm->last_decode_ns = now;
	llm->stall.n = 0;
	if (llm->decoding)
		vec_push(&llm->stall,
			 (struct stall){ .last_token_ns = now, .seqs = llm->decoding });
}

/* A token after a computed prompt: the first one is told. */
static void make_token(struct llm *llm, struct seq *seq, struct outbox *out)
{
	if (!seq->told) {
		struct msg *msg = outbox_add(out, MSG_FIRST_TOKEN, seq->request);

		msg->first_token.gen = seq->gen;
		msg->first_token.pod = llm->pod;
		msg->first_token.queue_proxy_ns = seq->queue_proxy_ns;
		msg->first_token.batch_wait_ns = seq->batch_wait_ns;
		seq->told = true;
	}
	seq->left--;
}

static void end_prompts(struct llm *llm, int64_t now, struct outbox *out, llm_done *done, void *ctx)
{
	for (uint32_t i = 0; i < llm->batch.n; i++) {
		uint32_t id = llm->batch.at[i];
		struct seq *seq = &llm->pool->rows.at[id];

		seq->computed += seq->chunk;
		seq->chunk = 0;
		if (seq->computed < seq->prompt)
			continue;
		make_token(llm, seq, out);
		if (seq->left) {
			enter_decode(llm, now, id);
		} else {
			leave(llm, id, false);
			done(ctx, now, id, out);
		}
	}
}

/* Sequences that were given up leave the batch. */
static void drop_cancelled(struct llm *llm, int64_t now, struct outbox *out, llm_done *done,
			   void *ctx)
{
	for (uint32_t id = llm->running.head, next; id != NONE; id = next) {
		next = seq_next(llm->pool, id);
		if (llm->pool->rows.at[id].cancelled) {
			leave(llm, id, true);
			done(ctx, now, id, out);
		}
	}
	llm->cancels = false;
}

void llm_iterated(struct llm *llm, int64_t now, uint32_t k, struct outbox *out, llm_done *done,
		  void *ctx)
{
	assert(llm->k_max && k >= 1 && k <= llm->k_max);
	llm->interrupted = true; /* who is submitted while we are at it is seen by the plan below */
	if (llm->decodes)
		count_decodes(llm, now, k);
	while (llm->finish.keys.n && finish_iteration(llm->finish.keys.at[0]) == llm->iterations) {
		uint32_t id = finish_row(llm->finish.keys.at[0]);

		finish_pop(&llm->finish);
		leave(llm, id, false);
		done(ctx, now, id, out);
	}
	end_prompts(llm, now, out, done, ctx);
	if (llm->cancels)
		drop_cancelled(llm, now, out, done, ctx);
	plan(llm, now, out);
}

bool llm_cancel(struct llm *llm, uint32_t id, struct outbox *out)
{
	struct seq *seq = &llm->pool->rows.at[id];

	if (seq->state == SEQ_WAITING) {
		bool head = llm->waiting.head == id;

		seq_unlink(llm->pool, &llm->waiting, id);
		if (head)
			stop_for_head(llm, out);
		return true;
	}
	seq->cancelled = llm->cancels = true;
	stop_early(llm, out);
	return false;
}

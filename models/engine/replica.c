/* Queue-proxy in front of one of two engines: the LLM engine of llm.c, or plain slots that serve
 * whole requests. */
#include "models/engine/replica.h"
#include "models/engine/llm.h"

enum { LINE = 64 }; /* bytes of a cache line */

struct replica {
	const struct service_config *service;
	struct seq_pool pool;
	uint32_t pod, gen;
	uint32_t inside;	 /* requests past queue-proxy */
	struct seq_list proxied; /* waiting in queue-proxy for a slot */
	struct llm llm;
	/* the request-level engine */
	struct seq_list queue, served;
	uint64_t served_total;
};

static bool is_llm(const struct replica *replica)
{
	return replica->service->engine.kind == ENGINE_LLM;
}

struct replica *replica_new(const struct service_config *service, uint32_t pod, uint32_t gen)
{
	uint32_t own = (sizeof(struct replica) + LINE - 1) / LINE, lines = own, cap = 0;
	struct replica *replica;

	if (service->engine.kind == ENGINE_LLM)
		lines += ((uint32_t)service->engine.block_tokens * (uint32_t)sizeof(uint32_t) +
			  LINE - 1) /
			 LINE;
	replica = vec_grow(NULL, &cap, lines, LINE);
	*replica = (struct replica){ .service = service, .pod = pod, .gen = gen };
	replica->pool.spare = NONE;
	replica->proxied = replica->queue = replica->served = SEQ_LIST;
	if (is_llm(replica))
		llm_init(&replica->llm, &service->engine, &replica->pool,
			 (uint32_t *)(void *)((char *)replica + own * LINE), pod, gen);
	return replica;
}

void replica_fetch(const struct replica *replica)
{
	for (uint32_t at = 0; at < sizeof(*replica) + LINE; at += LINE)
		__builtin_prefetch((const char *)replica + at, 1);
}

void replica_fetch_rows(const struct replica *replica)
{
	const struct llm *llm = &replica->llm;
	const struct seq *rows = replica->pool.rows.at;

	if (!is_llm(replica))
		return;
	/* who may end, and the first of those who begin */
	if (llm->finish.keys.n)
		__builtin_prefetch(&rows[finish_row(llm->finish.keys.at[0])], 1);
	if (llm->batch.n)
		__builtin_prefetch(&rows[llm->batch.at[0]], 1);
}

void replica_free(struct replica *replica)
{
	if (!replica)
		return;
	if (is_llm(replica))
		llm_release(&replica->llm);
	vec_release(&replica->pool.rows);
	vec_release(&replica->pool.links);
	free(replica);
}

int64_t replica_wakeup(const struct replica *replica)
{
	(void)replica;
	return TIME_NEVER;
}

uint32_t replica_in_flight(const struct replica *replica)
{
	return replica->inside + replica->proxied.n;
}

void replica_tokens(const struct replica *replica, replica_token *visit, void *ctx)
{
	const struct llm *llm = &replica->llm;

	if (!is_llm(replica) || !llm->k_max)
		return;
	for (uint32_t id = llm->running.head; id != NONE; id = seq_next(&replica->pool, id)) {
		const struct seq *seq = &replica->pool.rows.at[id];
		bool decodes = seq->state == SEQ_DECODE && llm->decodes;
		bool ends_prompt =
			seq->state == SEQ_PREFILL && seq->computed + seq->chunk == seq->prompt;

		if (!seq->cancelled && (decodes || (ends_prompt && seq->chunk)))
			visit(ctx, seq->request, seq->gen);
	}
}

struct replica_view replica_look(const struct replica *replica)
{
	if (!is_llm(replica))
		return (struct replica_view){ .waiting = replica->queue.n + replica->proxied.n,
					      .running = replica->served.n,
					      .iterations = replica->served_total };
	return (struct replica_view){ .waiting = replica->llm.waiting.n + replica->proxied.n,
				      .running = replica->llm.running.n,
				      .free_blocks = replica->llm.free_blocks,
				      .iterations = replica->llm.iterations,
				      .preemptions = replica->llm.preemptions };
}

static void finish(struct replica *replica, uint32_t request, uint32_t gen, enum outcome outcome,
		   uint32_t preemptions, struct outbox *out)
{
	struct msg *msg = outbox_add(out, MSG_FINISHED, request);

	msg->finished.gen = gen;
	msg->finished.pod = replica->pod;
	msg->finished.outcome = (uint32_t)outcome;
	msg->finished.preemptions = preemptions;
}

/* Starts what the free slots of the request-level engine can take. */
static void serve_next(struct replica *replica, int64_t now, struct outbox *out)
{
	while (replica->queue.n && replica->served.n < replica->service->engine.slots) {
		uint32_t id = replica->queue.head;
		struct seq *seq = &replica->pool.rows.at[id];
		struct msg *msg = outbox_add(out, MSG_SERVE, replica->pod);

		msg->serve.gen = replica->gen;
		msg->serve.slot = id;
		msg->serve.input_tokens = seq->prompt;
		msg->serve.output_tokens = seq->left;
		seq_unlink(&replica->pool, &replica->queue, id);
		seq_append(&replica->pool, &replica->served, id);
		seq->state = SEQ_SERVED;
		seq->batch_wait_ns = now - seq->since_ns;
	}
}

/* Past queue-proxy: into the engine. */
static void enter(struct replica *replica, int64_t now, uint32_t id, struct outbox *out)
{
	struct seq *seq = &replica->pool.rows.at[id];

	replica->inside++;
	seq->queue_proxy_ns = now - seq->since_ns;
	seq->since_ns = now;
	if (is_llm(replica)) {
		llm_submit(&replica->llm, now, id, out);
	} else {
		seq->state = SEQ_WAITING;
		seq_append(&replica->pool, &replica->queue, id);
		serve_next(replica, now, out);
	}
}

/* Whether queue-proxy lets one more request in. */
static bool has_slot(const struct replica *replica)
{
	return !replica->service->concurrency || replica->inside < replica->service->concurrency;
}

/* Queue-proxy lets in whom the slots allow. */
static void let_in(struct replica *replica, int64_t now, struct outbox *out)
{
	while (replica->proxied.n && has_slot(replica)) {
		uint32_t id = replica->proxied.head;

		seq_unlink(&replica->pool, &replica->proxied, id);
		enter(replica, now, id, out);
	}
}

/* A request has left the engine: its row is free, and queue-proxy's next one may enter. */
static void leave(struct replica *replica, int64_t now, uint32_t id, struct outbox *out)
{
	replica->inside--;
	seq_give(&replica->pool, id);
	let_in(replica, now, out);
}

static void llm_done_cb(void *ctx, int64_t now, uint32_t id, struct outbox *out)
{
	struct replica *replica = ctx;
	const struct seq *seq = &replica->pool.rows.at[id];

	if (!seq->cancelled)
		finish(replica, seq->request, seq->gen, OUT_COMPLETED, seq->preemptions, out);
	leave(replica, now, id, out);
}

static void submit(struct replica *replica, int64_t now, const struct msg *in, struct outbox *out)
{
	const struct service_config *service = replica->service;
	uint32_t output = in->submit.output_tokens ? in->submit.output_tokens : 1;
	bool refused =
		is_llm(replica) && !llm_admissible(&replica->llm, in->submit.input_tokens, output);
	uint32_t id;

	if (!has_slot(replica) && replica->proxied.n >= service->concurrency * service->queue_depth)
		refused = true;
	if (refused) {
		finish(replica, in->who, in->submit.gen, OUT_REJECTED, 0, out);
		return;
	}
	id = seq_take(&replica->pool);
	struct seq *seq = &replica->pool.rows.at[id];

	seq->request = in->who;
	seq->gen = in->submit.gen;
	seq->prompt = in->submit.input_tokens ? in->submit.input_tokens : 1;
	seq->left = output;
	seq->since_ns = now;
	if (has_slot(replica)) {
		enter(replica, now, id, out);
	} else {
		seq->state = SEQ_PROXIED;
		seq_append(&replica->pool, &replica->proxied, id);
	}
}

/* The row of a request, looked for where those that are given up mostly are: at the front of the
 * queues. */
static uint32_t find(const struct replica *replica, uint32_t request, uint32_t gen)
{
	const struct seq_list lists[] = { replica->llm.waiting, replica->queue, replica->proxied,
					  replica->llm.running, replica->served };
	const bool llm = is_llm(replica);

	for (uint32_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if ((i == 0 || i == 3) && !llm)
			continue;
		for (uint32_t id = lists[i].head; id != NONE; id = seq_next(&replica->pool, id))
			if (replica->pool.rows.at[id].request == request &&
			    replica->pool.rows.at[id].gen == gen)
				return id;
	}
	return NONE;
}

static void cancel(struct replica *replica, int64_t now, const struct msg *in, struct outbox *out)
{
	uint32_t id = find(replica, in->who, in->cancel.gen);

	if (id == NONE)
		return;
	struct seq *seq = &replica->pool.rows.at[id];

	if (seq->state == SEQ_PROXIED) {
		seq_unlink(&replica->pool, &replica->proxied, id);
		seq_give(&replica->pool, id);
		let_in(replica, now, out);
	} else if (seq->state == SEQ_SERVED) {
		seq->cancelled = true; /* the slot is taken until the work is done */
	} else if (!is_llm(replica)) {
		seq_unlink(&replica->pool, &replica->queue, id);
		leave(replica, now, id, out);
	} else if (llm_cancel(&replica->llm, id, out)) {
		leave(replica, now, id, out);
	}
}

/* The request-level engine has served one: its whole answer is out at once. */
static void served(struct replica *replica, int64_t now, uint32_t id, struct outbox *out)
{
	struct seq *seq = &replica->pool.rows.at[id];

	if (seq->state != SEQ_SERVED)
		return;
	replica->served_total++;
	seq_unlink(&replica->pool, &replica->served, id);
	if (!seq->cancelled) {
		struct msg *msg = outbox_add(out, MSG_FIRST_TOKEN, seq->request);

		msg->first_token.gen = seq->gen;
		msg->first_token.pod = replica->pod;
		msg->first_token.queue_proxy_ns = seq->queue_proxy_ns;
		msg->first_token.batch_wait_ns = seq->batch_wait_ns;
		finish(replica, seq->request, seq->gen, OUT_COMPLETED, 0, out);
	}
	leave(replica, now, id, out);
	serve_next(replica, now, out);
}

void replica_step(struct replica *replica, int64_t now, const struct msg *in, const void *load,
		  struct outbox *out)
{
	(void)load;
	switch ((enum msg_kind)in->kind) {
	case MSG_SUBMIT:
		if (in->submit.pod_gen == replica->gen)
			submit(replica, now, in, out);
		break;
	case MSG_CANCEL: cancel(replica, now, in, out); break;
	case MSG_ITERATED:
		if (!is_llm(replica) || in->iterated.gen != replica->gen || !replica->llm.k_max ||
		    in->iterated.k < 1 || in->iterated.k > replica->llm.k_max)
			break;
		llm_iterated(&replica->llm, now, in->iterated.k, out, llm_done_cb, replica);
		break;
	case MSG_SERVED:
		if (!is_llm(replica) && in->serve.gen == replica->gen &&
		    in->serve.slot < replica->pool.rows.n)
			served(replica, now, in->serve.slot, out);
		break;
	default: break;
	}
}

static void fail_list(struct replica *replica, const struct seq_list *list, struct outbox *out)
{
	for (uint32_t id = list->head; id != NONE; id = seq_next(&replica->pool, id)) {
		const struct seq *seq = &replica->pool.rows.at[id];

		if (!seq->cancelled)
			finish(replica, seq->request, seq->gen, OUT_FAILED, seq->preemptions, out);
	}
}

void replica_fail(struct replica *replica, struct outbox *out)
{
	if (is_llm(replica)) {
		fail_list(replica, &replica->llm.running, out);
		fail_list(replica, &replica->llm.waiting, out);
	}
	fail_list(replica, &replica->served, out);
	fail_list(replica, &replica->queue, out);
	fail_list(replica, &replica->proxied, out);
}

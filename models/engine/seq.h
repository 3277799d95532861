/* seq.h - the requests inside one pod: rows of a pool, threaded on lists by 32-bit links.  Private
 * to models/engine/. */
#ifndef MODELS_ENGINE_SEQ_H
#define MODELS_ENGINE_SEQ_H
#include "base/vec.h"
#include "models/world.h"
#include <assert.h>

enum seq_state { SEQ_FREE, SEQ_PROXIED, SEQ_WAITING, SEQ_PREFILL, SEQ_DECODE, SEQ_SERVED };

struct seq {
	uint32_t request, gen;          /* whose it is */
	uint32_t input, output;         /* tokens as asked for */
	/* tokens to compute before the next token: input, and what was made before a preemption */
	uint32_t prompt;
	uint32_t computed;              /* of prompt */
	uint32_t chunk;                 /* prompt tokens in the iteration under way */
	uint32_t made;                  /* output tokens, up to when it last began to decode */
	/* decode iterations of the engine at which it began, and will end, to decode */
	uint64_t join, finish;
	int64_t pod_ns, engine_ns;      /* reached the pod; left queue-proxy */
	int64_t start_ns;               /* first step of the engine with it; -1 = none yet */
	/* when preempted: its last token's time; else when it began to decode */
	int64_t last_token_ns;
	uint32_t preemptions;
	uint32_t prev, next;            /* on its list */
	uint8_t state;                  /* enum seq_state */
	bool cancelled;                 /* to be dropped at the end of the iteration under way */
};

/* A doubly linked list of seqs. */
struct seq_list { uint32_t head, tail, n; };
#define SEQ_LIST ((struct seq_list){ NONE, NONE, 0 })

struct seq_pool { VEC(struct seq) rows; uint32_t spare; };

/* A zeroed row, off every list. */
static inline uint32_t seq_take(struct seq_pool *pool)
{
	uint32_t id = pool->spare;

	if (id != NONE) {
		pool->spare = pool->rows.at[id].next;
	} else {
		id = pool->rows.n;
		vec_push(&pool->rows, (struct seq){ 0 });
	}
	pool->rows.at[id] = (struct seq){ .prev = NONE, .next = NONE, .start_ns = -1 };
	return id;
}

/* Gives a row back; it must be off every list. */
static inline void seq_give(struct seq_pool *pool, uint32_t id)
{
	pool->rows.at[id].state = SEQ_FREE;
	pool->rows.at[id].next = pool->spare;
	pool->spare = id;
}

/* Appends to a list. */
static inline void seq_append(struct seq_pool *pool, struct seq_list *list, uint32_t id)
{
	struct seq *seq = &pool->rows.at[id];

	seq->prev = list->tail;
	seq->next = NONE;
	if (list->tail == NONE)
		list->head = id;
	else
		pool->rows.at[list->tail].next = id;
	list->tail = id;
	list->n++;
}

/* Puts at the front of a list. */
static inline void seq_prepend(struct seq_pool *pool, struct seq_list *list, uint32_t id)
{
	struct seq *seq = &pool->rows.at[id];

	seq->next = list->head;
	seq->prev = NONE;
	if (list->head == NONE)
		list->tail = id;
	else
		pool->rows.at[list->head].prev = id;
	list->head = id;
	list->n++;
}

/* Takes off the list that it is on. */
static inline void seq_unlink(struct seq_pool *pool, struct seq_list *list, uint32_t id)
{
	struct seq *seq = &pool->rows.at[id];

	assert(list->n);
	if (seq->prev == NONE)
		list->head = seq->next;
	else
		pool->rows.at[seq->prev].next = seq->next;
	if (seq->next == NONE)
		list->tail = seq->prev;
	else
		pool->rows.at[seq->next].prev = seq->prev;
	seq->prev = seq->next = NONE;
	list->n--;
}
#endif

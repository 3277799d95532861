/* seq.h - the requests inside one pod: rows of a pool, threaded on lists by 32-bit links.  Private
 * to models/engine/. */
#ifndef MODELS_ENGINE_SEQ_H
#define MODELS_ENGINE_SEQ_H
#include "base/vec.h"
#include "models/world.h"
#include <assert.h>

enum seq_state { SEQ_FREE, SEQ_PROXIED, SEQ_WAITING, SEQ_PREFILL, SEQ_DECODE, SEQ_SERVED };

/* One cache line: a step touches the rows of those who come, begin or go, few of hundreds. */
struct seq {
	uint32_t request, gen;          /* whose it is */
	uint32_t prompt;                /* tokens to compute before the next token: input, and what
	                                 * was made before a preemption */
	uint32_t computed;              /* of prompt */
	uint32_t chunk;                 /* prompt tokens in the iteration under way */
	uint32_t left;                  /* output tokens to make, when it last began to decode */
	uint32_t preemptions;
	uint8_t state;                  /* enum seq_state */
	bool told;                      /* its first token was made */
	bool cancelled;                 /* to be dropped at the end of the iteration under way */
	uint64_t join;                  /* decode iterations of the engine when it began to */
	int64_t since_ns;               /* it reached the pod; then: entered the engine; then: made
	                                 * the token before it began to decode */
	int64_t queue_proxy_ns;         /* pod to engine */
	int64_t batch_wait_ns;          /* engine to the first step with it; -1 = none yet */
};
_Static_assert(sizeof(struct seq) == 64, "a row is a cache line");

/* A doubly linked list of seqs. */
struct seq_list { uint32_t head, tail, n; };
#define SEQ_LIST ((struct seq_list){ NONE, NONE, 0 })

/* Links lie apart from the rows, because a list's neighbours are touched for their links alone. */
struct seq_link { uint32_t prev, next; };
struct seq_pool { VEC(struct seq) rows; VEC(struct seq_link) links; uint32_t spare; };

/* The row after this one on its list, or NONE. */
static inline uint32_t seq_next(const struct seq_pool *pool, uint32_t id)
{
	return pool->links.at[id].next;
}

/* A zeroed row, off every list. */
static inline uint32_t seq_take(struct seq_pool *pool)
{
	uint32_t id = pool->spare;

	if (id != NONE) {
		pool->spare = pool->links.at[id].next;
	} else {
		id = pool->rows.n++;
		vec_reserve(&pool->rows, id + 1);
		vec_reserve(&pool->links, id + 1);
	}
	pool->rows.at[id] = (struct seq){ .batch_wait_ns = -1 };
	return id;
}

/* Gives a row back; it must be off every list. */
static inline void seq_give(struct seq_pool *pool, uint32_t id)
{
	pool->rows.at[id].state = SEQ_FREE;
	pool->links.at[id].next = pool->spare;
	pool->spare = id;
}

/* Appends to a list. */
static inline void seq_append(struct seq_pool *pool, struct seq_list *list, uint32_t id)
{
	struct seq_link *links = pool->links.at;

	links[id] = (struct seq_link){ .prev = list->tail, .next = NONE };
	if (list->tail == NONE)
		list->head = id;
	else
		links[list->tail].next = id;
	list->tail = id;
	list->n++;
}

/* Puts at the front of a list. */
static inline void seq_prepend(struct seq_pool *pool, struct seq_list *list, uint32_t id)
{
	struct seq_link *links = pool->links.at;

	links[id] = (struct seq_link){ .prev = NONE, .next = list->head };
	if (list->head == NONE)
		list->tail = id;
	else
		links[list->head].prev = id;
	list->head = id;
	list->n++;
}

/* Takes off the list that it is on. */
static inline void seq_unlink(struct seq_pool *pool, struct seq_list *list, uint32_t id)
{
	struct seq_link *links = pool->links.at, link = links[id];

	assert(list->n);
	if (link.prev == NONE)
		list->head = link.next;
	else
		links[link.prev].next = link.next;
	if (link.next == NONE)
		list->tail = link.prev;
	else
		links[link.next].prev = link.prev;
	list->n--;
}
#endif

/* A binary heap as in any textbook: push sifts up, pop moves the last entry to the root and sifts
 * down. */
#include "tests/bench/binary_heap.h"
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

struct entry {
	int64_t t;
	uint64_t order;
	struct heap_event *event;
};
struct heap {
	int64_t now;
	uint64_t order, fired;
	struct entry *v; /* the root is v[1] */
	size_t n, cap;
};

static inline bool before(const struct entry *a, const struct entry *b)
{
	return a->t < b->t || (a->t == b->t && a->order < b->order);
}

static void push(struct heap *h, struct entry x)
{
	size_t i = ++h->n;

	if (i >= h->cap) {
		h->cap = h->cap ? 2 * h->cap : 1024;
		h->v = realloc(h->v, h->cap * sizeof(*h->v));
		assert(h->v);
	}
	for (; i > 1 && before(&x, &h->v[i / 2]); i /= 2)
		h->v[i] = h->v[i / 2];
	h->v[i] = x;
}

static struct entry pop(struct heap *h)
{
	struct entry least = h->v[1], x = h->v[h->n--];
	size_t i = 1, child;

	for (; (child = 2 * i) <= h->n; i = child) {
		if (child < h->n && before(&h->v[child + 1], &h->v[child]))
			child++;
		if (!before(&h->v[child], &x))
			break;
		h->v[i] = h->v[child];
	}
	h->v[i] = x;
	return least;
}

struct heap *heap_new(void)
{
	struct heap *h = calloc(1, sizeof(*h));

	assert(h);
	return h;
}

void heap_free(struct heap *h)
{
	free(h->v);
	free(h);
}

int64_t heap_now(const struct heap *h)
{
	return h->now;
}

uint64_t heap_fired(const struct heap *h)
{
	return h->fired;
}

void heap_arm(struct heap *h, struct heap_event *e, int64_t at)
{
	assert(at >= h->now);
	e->at = at;
	e->order = ++h->order;
	push(h, (struct entry){ at, e->order, e });
}

void heap_run(struct heap *h, int64_t until)
{
	while (h->n && h->v[1].t <= until) {
		struct entry x = pop(h);
		struct heap_event *e = x.event;

		if (e->at != x.t || e->order != x.order)
			continue;
		h->now = x.t;
		h->fired++;
		e->at = INT64_MAX;
		e->fn(h, e);
	}
	if (until < INT64_MAX)
		h->now = until;
}

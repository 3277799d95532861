/* The queue is a radix-64 timing wheel with a sorted front.
 *
 * An entry whose time differs from `base` first in base-64 digit l, with value
 * s there, lives in slot[l][s].  Clearing the lowest occupied slot therefore
 * yields the next entries in time: a small slot is sorted into `front`, a large
 * one is dealt to the levels below.  Slots are FIFO lists of 256-byte chunks,
 * so memory is streamed, and equal times keep the order they were pushed in.  */
#include "tests/bench/prototype.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DIGIT = 6, RADIX = 1 << DIGIT, LEVELS = (63 + DIGIT - 1) / DIGIT, CHUNK = 15, SMALL = 32 };

struct entry {
	proto_time t;
	struct proto_event *e;
};
struct chunk {
	uint32_t n, next;
	uint64_t pad;
	struct entry v[CHUNK];
};
struct slot {
	uint32_t head, tail, count;
};

struct proto {
	proto_time now, base, limit; /* front holds every entry with t < limit */
	struct entry *front;
	size_t head, tail, cap;
	uint64_t occupied[LEVELS], levels;
	struct slot slot[LEVELS][RADIX];
	struct chunk *chunk;
	uint32_t spare, used, room;
	uint64_t fired;
};

static uint32_t chunk_take(struct proto *s)
{
	uint32_t c = s->spare;

	if (c) {
		s->spare = s->chunk[c].next;
	} else {
		if (s->used >= s->room) {
			s->room = s->room ? 2 * s->room : 1024;
			s->chunk = realloc(s->chunk, s->room * sizeof(*s->chunk));
			assert(s->chunk);
		}
		c = s->used++;
	}
	s->chunk[c].n = s->chunk[c].next = 0;
	return c;
}

static inline void wheel_put(struct proto *s, struct entry x)
{
	uint64_t diff = (uint64_t)x.t ^ (uint64_t)s->base;
	int l = (63 - __builtin_clzll(diff | 1)) / DIGIT;
	int d = (x.t >> (DIGIT * l)) & (RADIX - 1);
	struct slot *w = &s->slot[l][d];

	if (!w->count) {
		w->head = w->tail = chunk_take(s);
		s->occupied[l] |= 1ull << d;
		s->levels |= 1ull << l;
	} else if (s->chunk[w->tail].n == CHUNK) {
		uint32_t c = chunk_take(s);

		s->chunk[w->tail].next = c;
		w->tail = c;
	}
	struct chunk *c = &s->chunk[w->tail];
	c->v[c->n++] = x;
	w->count++;
}

static inline void front_insert(struct entry *f, size_t lo, size_t n, struct entry x)
{
	while (n > lo && x.t < f[n - 1].t) {
		f[n] = f[n - 1];
		n--;
	}
	f[n] = x;
}

static void front_grow(struct proto *s, size_t want)
{
	if (s->head) {
		memmove(s->front, s->front + s->head, (s->tail - s->head) * sizeof(*s->front));
		s->tail -= s->head;
		s->head = 0;
	}
	if (want > s->cap) {
		s->cap = 2 * want;
		s->front = realloc(s->front, s->cap * sizeof(*s->front));
		assert(s->front);
	}
}

/* Keep the front short: hand its later half back to the wheel. */
static __attribute__((noinline)) void front_spill(struct proto *s)
{
	size_t mid = (s->head + s->tail) / 2;

	while (mid < s->tail && s->front[mid].t < s->base) /* armed after an early stop */
		mid++;
	if (mid == s->tail)
		return;
	proto_time t = s->front[mid].t;

	while (mid > s->head && s->front[mid - 1].t == t)
		mid--;
	if (mid == s->head) { /* one long run of equal times: keep it */
		while (mid < s->tail && s->front[mid].t == t)
			mid++;
		t = mid < s->tail ? s->front[mid].t : t + 1;
	}
	for (size_t i = mid; i < s->tail; i++)
		wheel_put(s, s->front[i]);
	s->tail = mid;
	s->limit = t;
}

static __attribute__((noinline)) bool front_refill(struct proto *s)
{
	s->head = s->tail = 0;
	while (s->levels) {
		int l = __builtin_ctzll(s->levels);
		int d = __builtin_ctzll(s->occupied[l]);
		struct slot w = s->slot[l][d];

		s->slot[l][d].count = 0;
		s->occupied[l] &= s->occupied[l] - 1;
		if (!s->occupied[l])
			s->levels &= s->levels - 1;
		s->base =
			(proto_time)((((uint64_t)s->base >> (DIGIT * l)) & ~(uint64_t)(RADIX - 1)) |
				     (uint64_t)d)
			<< (DIGIT * l);

		bool small = w.count <= SMALL || l == 0;
		if (small && w.count > s->cap)
			front_grow(s, w.count);
		for (uint32_t c = w.head, next; c; c = next) {
			struct chunk *k = &s->chunk[c];
			uint32_t n = k->n;

			next = k->next;
			__builtin_prefetch(&s->chunk[next]);
			if (small)
				for (uint32_t i = 0; i < n; i++)
					front_insert(s->front, 0, s->tail++, k->v[i]);
			else
				for (uint32_t i = 0; i < n; i++)
					wheel_put(s, s->chunk[c].v[i]);
			s->chunk[c].next = s->spare;
			s->spare = c;
		}
		if (small) {
			s->limit = s->base + ((proto_time)1 << (DIGIT * l));
			for (size_t i = 0; i < s->tail; i++)
				__builtin_prefetch(s->front[i].e, 1);
			return true;
		}
		s->limit = s->base;
	}
	return false;
}

static inline void queue_push(struct proto *s, struct entry x)
{
	if (x.t >= s->limit) {
		wheel_put(s, x);
		return;
	}
	if (s->tail == s->cap)
		front_grow(s, s->tail - s->head + 1);
	front_insert(s->front, s->head, s->tail++, x);
	if (s->tail - s->head > 4 * SMALL && s->front[s->head].t != s->front[s->tail - 1].t)
		front_spill(s);
}

struct proto *proto_new(void)
{
	struct proto *s = calloc(1, sizeof(*s));

	assert(s);
	s->used = 1; /* chunk 0 means "none" */
	front_grow(s, 8 * SMALL);
	return s;
}

void proto_free(struct proto *s)
{
	free(s->front);
	free(s->chunk);
	free(s);
}

proto_time proto_now(const struct proto *s)
{
	return s->now;
}
uint64_t proto_fired(const struct proto *s)
{
	return s->fired;
}
void proto_disarm(struct proto_event *e)
{
	e->at = PROTO_NEVER;
}

void proto_arm(struct proto *s, struct proto_event *e, proto_time at)
{
	assert(at >= s->now && at < PROTO_NEVER);
	e->at = at;
	if (at < e->queued) { /* else the queued entry re-arms it when it comes up */
		e->queued = at;
		queue_push(s, (struct entry){ at, e });
	}
}

void proto_run(struct proto *s, proto_time until)
{
	while (s->head < s->tail || front_refill(s)) {
		struct entry x = s->front[s->head];

		if (x.t > until)
			break;
		s->head++;
		struct proto_event *e = x.e;
		if (e->queued == x.t)
			e->queued = PROTO_NEVER;
		if (e->at == x.t) {
			s->now = x.t;
			e->at = PROTO_NEVER;
			s->fired++;
			e->fn(s, e);
		} else if (e->at != PROTO_NEVER && e->at < e->queued) { /* moved later: follow it */
			e->queued = e->at;
			queue_push(s, (struct entry){ e->at, e });
		}
	}
	if (until < PROTO_NEVER && s->now < until)
		s->now = until;
}

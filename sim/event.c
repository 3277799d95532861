/* The queue is a radix-64 timing wheel with a sorted front.
 *
 * An entry whose time differs from `base` first in base-64 digit l, with value d there, lies in
 * slot[l][d]. So the lowest occupied slot holds the next entries in time: small ones are sorted
 * into `front`, a large one is dealt to the levels below.  Slots are FIFO lists of 256-byte chunks:
 * memory is streamed, ties arrive sorted. A heap takes 4 or 5 dependent cache misses for each event
 * at 1e7 pending; this takes 2 or 3 sequential moves, and, as it knows the next events ahead of
 * time, fetches their owners early.
 *
 * An entry is live if it carries the event's last arming.  Disarming writes one word; moving later
 * lets the old entry follow when its time comes; moving earlier queues another entry and the old
 * one dies. */
#include "sim/event.h"
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIGIT = 6,
	RADIX = 1 << DIGIT,
	LEVELS = (63 + DIGIT - 1) / DIGIT,
	CHUNK = 10, /* entries a chunk: 256 bytes, four cache lines */
	SMALL = 32, /* a slot of this many is sorted rather than dealt (measured: flat from 16 to
		       48) */
	FULL = 2 * SMALL,  /* the front is halved beyond this */
	FRONT_ROOM = SMALL /* free places kept before the front for events at now */
};

struct entry {
	sim_time t;
	uint64_t order;
	struct sim_event *event;
};
struct chunk {
	uint32_t n, next;
	uint64_t pad;
	struct entry v[CHUNK];
};
struct slot {
	uint32_t head, tail, count;
};
_Static_assert(sizeof(struct chunk) == 256, "a chunk is four cache lines");

struct sim {
	sim_time now;
	sim_time base; /* the wheel's entries are placed by their difference to it; none lies before
			  it */
	sim_time limit;	     /* the front holds every entry with t < limit, the wheel all others */
	struct entry *front; /* sorted, in [head, tail) */
	size_t head, tail, cap;
	uint64_t levels,
		occupied[LEVELS]; /* bit sets: levels with an occupied slot, occupied slots */
	struct slot slot[LEVELS][RADIX];
	struct chunk *chunk; /* the pool; number 0 is none */
	uint32_t spare, used, room;
	volatile sig_atomic_t stop;
	bool running;
	uint64_t order, fired, grown;
	void *user;
};

static inline bool entry_before(const struct entry *a, const struct entry *b)
{
	return a->t < b->t || (a->t == b->t && a->order < b->order);
}

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static __attribute__((noinline)) void pool_grow(struct sim *s)
{
	assert(s->room <= UINT32_MAX / 2);
	s->room = s->room ? 2 * s->room : 256;
	s->chunk = must(realloc(s->chunk, s->room * sizeof(*s->chunk)));
	s->grown++;
}

static uint32_t chunk_take(struct sim *s)
{
	uint32_t c = s->spare;

	if (c) {
		s->spare = s->chunk[c].next;
	} else {
		if (s->used == s->room)
			pool_grow(s);
		c = s->used++;
	}
	s->chunk[c].n = s->chunk[c].next = 0;
	return c;
}

static inline void chunk_give(struct sim *s, uint32_t c)
{
	s->chunk[c].next = s->spare;
	s->spare = c;
}

static inline void wheel_put(struct sim *s, struct entry x)
{
	uint64_t differ = (uint64_t)x.t ^ (uint64_t)s->base;
	int l = (63 - __builtin_clzll(differ | 1)) / DIGIT;
	int d = (int)(x.t >> (DIGIT * l)) & (RADIX - 1);
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

/* Empties slot [l][d] and returns what it held. */
static inline struct slot wheel_take(struct sim *s, int l, int d)
{
	struct slot w = s->slot[l][d];

	s->slot[l][d].count = 0;
	s->occupied[l] &= ~(1ull << d);
	if (!s->occupied[l])
		s->levels &= ~(1ull << l);
	return w;
}

/* Puts a list of chunks back into the wheel, by the base of now. */
static void wheel_deal(struct sim *s, uint32_t c)
{
	while (c) {
		uint32_t n = s->chunk[c].n, next = s->chunk[c].next;

		__builtin_prefetch(&s->chunk[next]);
		for (uint32_t i = 0; i < n; i++)
			wheel_put(s, s->chunk[c].v[i]); /* may move the pool */
		chunk_give(s, c);
		c = next;
	}
}

/* Makes room for n more entries at the end of the front. */
static void front_reserve(struct sim *s, size_t n)
{
	size_t live = s->tail - s->head;

	if (s->tail + n <= s->cap)
		return;
	if (FRONT_ROOM + live + n > s->cap / 2) { /* else most of it lies free before the head */
		s->cap = 2 * (FRONT_ROOM + live + n);
		s->front = must(realloc(s->front, s->cap * sizeof(*s->front)));
		s->grown++;
	}
	memmove(s->front + FRONT_ROOM, s->front + s->head, live * sizeof(*s->front));
	s->head = FRONT_ROOM;
	s->tail = s->head + live;
}

/* Sorts by insertion; Shell's gaps serve the one case that may be long, a burst of equal times, and
 * only where followed events have come late. */
static void entry_sort(struct entry *v, size_t n)
{
	size_t gap = 1, sorted = 1;

	if (n > SMALL) {
		while (sorted < n && !entry_before(&v[sorted], &v[sorted - 1]))
			sorted++;
		if (sorted == n)
			return;
		while (gap < n / 9)
			gap = 3 * gap + 1;
	}
	for (; gap; gap /= 3)
		for (size_t i = gap, j; i < n; i++) {
			struct entry x = v[i];

			for (j = i; j >= gap && entry_before(&x, &v[j - gap]); j -= gap)
				v[j] = v[j - gap];
			v[j] = x;
		}
}

/* Sorts a slot to the end of the front, and asks for the owners' memory. */
static void front_take(struct sim *s, struct slot w)
{
	struct entry *v;
	size_t n = 0;

	front_reserve(s, w.count);
	v = s->front + s->tail;
	for (uint32_t c = w.head, next; c; c = next) {
		struct chunk *k = &s->chunk[c];

		next = k->next;
		__builtin_prefetch(&s->chunk[next]);
		for (uint32_t i = 0; i < k->n; i++) {
			__builtin_prefetch(k->v[i].event, 1);
			v[n++] = k->v[i];
		}
		chunk_give(s, c);
	}
	entry_sort(v, n);
	s->tail += n;
}

/* Fills the empty front with the next entries of the wheel; false if there are none. */
static __attribute__((noinline)) bool front_refill(struct sim *s)
{
	s->head = s->tail = FRONT_ROOM;
	while (s->levels) {
		int l = __builtin_ctzll(s->levels), shift = DIGIT * l;
		int d = __builtin_ctzll(s->occupied[l]);
		uint32_t count = s->slot[l][d].count;
		uint64_t above = ((uint64_t)s->base >> shift) & ~(uint64_t)(RADIX - 1);
		sim_time start = (sim_time)((above | (uint64_t)d) << shift),
			 width = (sim_time)1 << shift;

		if (s->head == s->tail)
			s->base =
				start; /* else it stays: events may yet be armed before this slot */
		else if (s->tail - s->head + count > SMALL)
			break;
		struct slot w = wheel_take(s, l, d);

		if (count <= SMALL || l == 0) {
			front_take(s, w);
			s->limit = start < SIM_NEVER - width ? start + width : SIM_NEVER;
		} else {
			wheel_deal(s, w.head);
			s->limit = start;
		}
	}
	if (!s->levels)
		s->limit = SIM_NEVER; /* few events: the front alone will do */
	return s->head < s->tail;
}

/* Hands the later half of the front to the wheel; equal times stay together. */
static __attribute__((noinline)) void front_spill(struct sim *s)
{
	size_t mid = (s->head + s->tail) / 2;
	sim_time t = s->front[mid].t;

	if (!s->levels)
		s->base = s->now;
	while (mid > s->head && s->front[mid - 1].t == t)
		mid--;
	if (mid == s->head) { /* a long run of equal times: keep it and nothing else */
		while (mid < s->tail && s->front[mid].t == t)
			mid++;
		t++;
	}
	for (size_t i = mid; i < s->tail; i++)
		wheel_put(s, s->front[i]);
	s->tail = mid;
	s->limit = t;
}

/* Inserts from the nearer end. */
static inline void front_put(struct sim *s, struct entry x)
{
	size_t i;

	if (s->tail == s->cap)
		front_reserve(s, 1);
	struct entry *f = s->front;

	if (s->head && s->head < s->tail && entry_before(&x, &f[(s->head + s->tail) / 2])) {
		for (i = --s->head; entry_before(&f[i + 1], &x); i++)
			f[i] = f[i + 1];
	} else {
		for (i = s->tail++; i > s->head && entry_before(&x, &f[i - 1]); i--)
			f[i] = f[i - 1];
	}
	f[i] = x;
	if (s->tail - s->head > FULL && f[s->head].t != f[s->tail - 1].t)
		front_spill(s);
}

/* The queue was looked into further than the clock has come, and now an earlier event is armed:
 * place what lies below the digit in which base and now differ anew. */
static __attribute__((noinline)) void queue_rewind(struct sim *s)
{
	int top = (63 - __builtin_clzll(((uint64_t)s->base ^ (uint64_t)s->now) | 1)) / DIGIT;
	sim_time base = s->base;

	s->base = s->now;
	for (int l = 0; l < top; l++)
		while (s->occupied[l])
			wheel_deal(s, wheel_take(s, l, __builtin_ctzll(s->occupied[l])).head);
	assert(base > s->now);
	while (s->head < s->tail)
		wheel_put(s, s->front[s->head++]);
	s->limit = s->base;
}

static inline void queue_put(struct sim *s, struct sim_event *e)
{
	struct entry x = { e->at, e->order, e };

	e->queued = e->at;
	e->entries++;
	if (x.t >= s->limit) {
		wheel_put(s, x);
	} else if (x.t >= s->base) {
		front_put(s, x);
	} else {
		queue_rewind(s);
		wheel_put(s, x);
	}
}

static inline bool entry_live(const struct entry *x)
{
	return x->event->at == x->t && x->event->order == x->order;
}

/* A dead entry came up: if it stood for an event that has moved later, the event queues again. */
static __attribute__((noinline)) void entry_bury(struct sim *s, const struct entry *x)
{
	struct sim_event *e = x->event;

	if (e->queued != x->t || e->at == x->t)
		return;
	if (e->at == SIM_NEVER)
		e->queued = SIM_NEVER;
	else
		queue_put(s, e);
}

struct sim *sim_new(void)
{
	struct sim *s = must(calloc(1, sizeof(*s)));

	s->limit = SIM_NEVER;
	s->used = 1;
	pool_grow(s);
	front_reserve(s, 2 * FULL);
	return s;
}

void sim_free(struct sim *s)
{
	assert(!s->running);
	free(s->front);
	free(s->chunk);
	free(s);
}

void sim_user_set(struct sim *s, void *user)
{
	s->user = user;
}

void *sim_user(const struct sim *s)
{
	return s->user;
}

sim_time sim_now(const struct sim *s)
{
	return s->now;
}

uint64_t sim_fired(const struct sim *s)
{
	return s->fired;
}

uint64_t sim_grown(const struct sim *s)
{
	return s->grown;
}

void sim_arm(struct sim *s, struct sim_event *e, sim_time at)
{
	assert(at >= s->now && at < SIM_NEVER);
	if (at == e->at)
		return;
	e->at = at;
	e->order = ++s->order;
	if (at <= e->queued)
		queue_put(s, e);
}

sim_time sim_next(struct sim *s)
{
	while (s->head < s->tail || front_refill(s)) {
		struct entry x = s->front[s->head];

		if (entry_live(&x))
			return x.t;
		s->head++;
		x.event->entries--;
		entry_bury(s, &x);
	}
	return SIM_NEVER;
}

bool sim_run(struct sim *s, sim_time until)
{
	bool stopped;

	assert(until >= s->now && !s->running);
	s->running = true;
	while (!s->stop && (s->head < s->tail || front_refill(s))) {
		struct entry x = s->front[s->head];
		struct sim_event *e = x.event;

		if (x.t > until)
			break;
		s->head++;
		assert(e->entries > 0); /* else its owner was initialised anew too early */
		e->entries--;
		if (entry_live(&x)) {
			s->now = x.t;
			e->at = e->queued = SIM_NEVER;
			s->fired++;
			e->fn(s, e);
		} else {
			entry_bury(s, &x);
		}
	}
	stopped = s->stop;
	s->stop = 0;
	s->running = false;
	if (!stopped && until < SIM_NEVER)
		s->now = until;
	return !stopped;
}

void sim_stop(struct sim *s)
{
	s->stop = 1;
}

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
	CHUNK = 8, /* entries: 192 bytes, three cache lines */
	SMALL = 32, /* a slot of this many is sorted rather than dealt */
	FULL = 2 * SMALL, /* the front is halved beyond this */
	FRONT_ROOM = SMALL, /* free places kept before the front for events at now */
};

struct entry {
	sim_time t;
	uint64_t order;
	struct sim_event *event;
};
struct chunk {
	struct entry v[CHUNK];
};
struct slot {
	uint32_t head, tail, count; /* of its chunks all but the last are full */
};

struct sim {
	sim_time now;
	sim_time base;	     /* the wheel's entries are placed by their difference to it */
	sim_time limit;	     /* the front holds every entry with t < limit, the wheel all others */
	struct entry *front; /* sorted, in [head, tail) */
	size_t head, tail, cap;
	uint64_t levels, occupied[LEVELS]; /* bit sets: levels with an occupied slot, such slots */
	struct slot slot[LEVELS * RADIX];  /* level * RADIX + digit */
	struct chunk *chunk; /* the pool; number 0 is none */
	uint32_t *next;	     /* of each chunk */
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
	s->next = must(realloc(s->next, s->room * sizeof(*s->next)));
	s->grown++;
}

/* Adds an entry to a slot that needs one more chunk. */
static __attribute__((noinline)) void slot_extend(struct sim *s, struct slot *w, sim_time t,
						  uint64_t order, struct sim_event *e)
{
	uint32_t c = s->spare, k = (uint32_t)(w - s->slot);

	if (c) {
		s->spare = s->next[c];
	} else {
		if (s->used == s->room)
			pool_grow(s);
		c = s->used++;
	}
	if (w->count) {
		s->next[w->tail] = c;
	} else {
		w->head = c;
		s->occupied[k / RADIX] |= 1ull << k % RADIX;
		s->levels |= 1ull << k / RADIX;
	}
	w->tail = c;
	w->count++;
	s->chunk[c].v[0] = (struct entry){ t, order, e };
}

static inline __attribute__((always_inline)) void wheel_put(struct sim *s, sim_time t,
							    uint64_t order, struct sim_event *e)
{
	uint64_t differ = (uint64_t)t ^ (uint64_t)s->base;
	uint32_t level = (63 - (uint32_t)__builtin_clzll(differ | 1)) / DIGIT;
	uint32_t digit = (uint32_t)(t >> (DIGIT * level)) % RADIX;
	struct slot *w = &s->slot[level * RADIX + digit];
	uint32_t at = w->count % CHUNK;

	if (at == 0) {
		slot_extend(s, w, t, order, e);
		return;
	}
	w->count++;
	s->chunk[w->tail].v[at] = (struct entry){ t, order, e };
}

/* Empties slot [l][d] and returns what it held. */
static inline struct slot wheel_take(struct sim *s, int l, int d)
{
	struct slot *slot = &s->slot[l * RADIX + d], w = *slot;

	slot->count = 0;
	s->occupied[l] &= ~(1ull << d);
	if (!s->occupied[l])
		s->levels &= ~(1ull << l);
	return w;
}

static inline void wheel_put_entry(struct sim *s, const struct entry *x)
{
	wheel_put(s, x->t, x->order, x->event);
}

/* Puts what a slot held back into the wheel, by the base of now. */
static void wheel_deal(struct sim *s, struct slot w)
{
	for (uint32_t c = w.head; w.count;) {
		uint32_t n = w.count < CHUNK ? w.count : CHUNK, next = s->next[c];

		__builtin_prefetch(&s->chunk[next]);
		for (uint32_t i = 0; i < n; i++)
			wheel_put_entry(s, &s->chunk[c].v[i]); /* may move the pool */
		s->next[c] = s->spare;
		s->spare = c;
		c = next;
		w.count -= n;
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

/* Sorts by insertion, from v[sorted] on. */
static inline void entry_sort(struct entry *v, size_t n, size_t gap)
{
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
	size_t n = 0, gap = 1;
	struct entry *v;
	sim_time time[SMALL];
	uint32_t rank[SMALL];

	front_reserve(s, w.count);
	v = s->front + s->tail;
	s->tail += w.count;
	if (w.count <= SMALL) {
		const struct entry *from[SMALL / CHUNK];
		uint32_t c = w.head, k = 0;
		for (k = 0; k * CHUNK < w.count; k++) { from[k] = s->chunk[c].v; uint32_t next = s->next[c]; s->next[c] = s->spare; s->spare = c; c = next; }
		for (uint32_t i = 0; i < w.count; i++) {
			const struct entry *x = &from[i / CHUNK][i % CHUNK];
			sim_time t = x->t;
			uint32_t later = 0;
			time[i] = t;
			__builtin_prefetch(x->event, 1);
			for (uint32_t j = 0; j < i; j++) {
				uint32_t after = t < time[j];
				rank[j] += after; later += after;
			}
			rank[i] = i - later;
		}
		for (uint32_t i = 0; i < w.count; i++)
			v[rank[i]] = from[i / CHUNK][i % CHUNK];
		for (uint32_t i = 1; i < w.count; i++)
			if (v[i].t == v[i-1].t && v[i].order < v[i-1].order) { entry_sort(v, w.count, 1); break; }
		return;
	}
	for (uint32_t c = w.head, next, left = w.count;; c = next) {
		const struct chunk *k = &s->chunk[c];

		next = s->next[c];
		for (uint32_t i = 0; i < CHUNK && i < left; i++) {
			__builtin_prefetch(k->v[i].event, 1);
			v[n++] = k->v[i];
		}
		s->next[c] = s->spare;
		s->spare = c;
		if (left <= CHUNK)
			break;
		left -= CHUNK;
	}
	for (size_t i = 1; i < n; i++)
		if (entry_before(&v[i], &v[i - 1])) {
			while (gap < n / 9)
				gap = 3 * gap + 1;
			for (; gap; gap /= 3)
				entry_sort(v, n, gap);
			return;
		}
}

/* Fills the empty front with the next entries of the wheel; false if there are none. */
static __attribute__((noinline)) bool front_refill(struct sim *s)
{
	s->head = s->tail = FRONT_ROOM;
	while (s->levels) {
		int l = __builtin_ctzll(s->levels), shift = DIGIT * l;
		int d = __builtin_ctzll(s->occupied[l]);
		uint32_t count = s->slot[l * RADIX + d].count;
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
			wheel_deal(s, w);
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
		wheel_put_entry(s, &s->front[i]);
	s->tail = mid;
	s->limit = t;
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
			wheel_deal(s, wheel_take(s, l, __builtin_ctzll(s->occupied[l])));
	assert(base > s->now);
	while (s->head < s->tail)
		wheel_put_entry(s, &s->front[s->head++]);
	s->limit = s->base;
}

/* Inserts from the nearer end of the front. */
static __attribute__((noinline)) void front_put(struct sim *s, sim_time t, uint64_t order, struct sim_event *e)
{
	struct entry x = { t, order, e };
	size_t i;

	if (t < s->base) {
		queue_rewind(s);
		wheel_put(s, t, order, e);
		return;
	}
	if (s->tail == s->cap)
		front_reserve(s, 1);
	struct entry *f = s->front;

	if (s->head && s->head < s->tail && t < f[s->tail - s->head > 16 ? (s->head + s->tail) / 2 : s->head].t) {
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

static inline __attribute__((always_inline)) void queue_put(struct sim *s, sim_time t,
							    uint64_t order, struct sim_event *e)
{
	e->queued = t;
	e->entries++;
	if (t >= s->limit)
		wheel_put(s, t, order, e);
	else
		front_put(s, t, order, e);
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
		queue_put(s, e->at, e->order, e);
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
	free(s->next);
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
	uint64_t order = ++s->order;

	e->at = at;
	e->order = order;
	if (at <= e->queued)
		queue_put(s, at, order, e);
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

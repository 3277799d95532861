/* The queue is a radix-64 timing wheel with a sorted front.
 *
 * An entry whose time differs from `base` first in base-64 digit l, with value d there, lies in
 * slot l * 64 + d. So the lowest occupied slot holds the next entries in time: small slots are
 * sorted into the front, a large one is dealt to the levels below. Slots are lists of chunks,
 * filled in order: memory is streamed and ties arrive sorted. Where a heap of 1e7 takes four or
 * five dependent cache misses an event, this takes two or three sequential moves, and, as it knows
 * the next events ahead of time, it fetches their owners early.
 *
 * An entry is live if it carries its event's last arming, else it is passed over. */
#include "sim/event.h"
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIGIT = 6,
	RADIX = 1 << DIGIT,
	LEVELS = (63 + DIGIT - 1) / DIGIT,
	CHUNK = 42, /* entries: 1 KiB; a longer jump to the next stalls less often */
	SMALL = 32, /* a slot of this many is sorted rather than dealt (measured: flat from 24) */
	FULL = 2 * SMALL,   /* the front is halved beyond this */
	SHORT = SMALL / 2,  /* up to here shifting costs less than a mispredicted choice of end */
	FRONT_ROOM = SMALL, /* free places kept before the front for events at now */
};

struct entry {
	sim_time t;
	uint64_t order;
	struct sim_event *event;
};
struct chunk {
	uint32_t next;
	struct entry v[CHUNK];
};
_Static_assert(SMALL <= CHUNK, "a small slot is one chunk");
struct slot {
	uint32_t head, tail, count; /* of its chunks all but the last are full */
	uint32_t room;		    /* in the last */
};

struct sim {
	sim_time now;
	sim_time base;	     /* the wheel's entries are placed by their difference to it */
	sim_time limit;	     /* of time: the front is all before it, the wheel the rest */
	struct entry *front; /* sorted, in [head, tail) */
	size_t head, tail, cap;
	uint64_t levels, occupied[LEVELS]; /* bit sets: levels with an occupied slot, such slots */
	struct slot slot[LEVELS * RADIX];  /* level * RADIX + digit */
	struct chunk *chunk;		   /* the pool; number 0 is none */
	uint32_t spare, used, room;	   /* first free one, those ever used, those there are */
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
	s->room = s->room ? 2 * s->room : 64;
	s->chunk = must(realloc(s->chunk, s->room * sizeof(*s->chunk)));
	s->grown++;
}

/* Adds an entry to a slot that needs one more chunk. */
static __attribute__((noinline)) void slot_extend(struct sim *s, struct slot *w, sim_time t,
						  uint64_t order, struct sim_event *e)
{
	uint32_t c = s->spare, k = (uint32_t)(w - s->slot);

	if (c) {
		s->spare = s->chunk[c].next;
	} else {
		if (s->used == s->room)
			pool_grow(s);
		c = s->used++;
	}
	if (w->count) {
		s->chunk[w->tail].next = c;
	} else {
		w->head = c;
		s->occupied[k / RADIX] |= 1ull << k % RADIX;
		s->levels |= 1ull << k / RADIX;
	}
	s->chunk[c].next = 0;
	w->tail = c;
	w->count++;
	w->room = CHUNK - 1;
	s->chunk[c].v[0] = (struct entry){ t, order, e };
}

/* The highest digit in which two times differ. */
static inline uint32_t digit_differs(sim_time a, sim_time b)
{
	return (63 - (uint32_t)__builtin_clzll(((uint64_t)a ^ (uint64_t)b) | 1)) / DIGIT;
}

/* Puts an entry into the slot of its time. */
static inline __attribute__((always_inline)) void wheel_put(struct sim *s, sim_time t,
							    uint64_t order, struct sim_event *e)
{
	uint32_t level = digit_differs(t, s->base);
	uint32_t digit = (uint32_t)(t >> (DIGIT * level)) % RADIX;
	struct slot *w = &s->slot[level * RADIX + digit];
	uint32_t room = w->room;

	if (room == 0) {
		slot_extend(s, w, t, order, e);
		return;
	}
	w->count++;
	w->room = room - 1;
	s->chunk[w->tail].v[CHUNK - room] = (struct entry){ t, order, e };
}

static inline void wheel_put_entry(struct sim *s, const struct entry *x)
{
	wheel_put(s, x->t, x->order, x->event);
}

/* Empties a slot and returns what it held. */
static inline struct slot wheel_take(struct sim *s, uint32_t level, uint32_t digit)
{
	struct slot *slot = &s->slot[level * RADIX + digit], w = *slot;

	slot->count = slot->room = 0;
	s->occupied[level] &= ~(1ull << digit);
	if (!s->occupied[level])
		s->levels &= ~(1ull << level);
	return w;
}

/* Puts what a slot held back into the wheel, by the base of now; frees its chunks one by one. */
static void wheel_deal(struct sim *s, struct slot w)
{
	for (uint32_t c = w.head, next; w.count; c = next) {
		uint32_t n = w.count < CHUNK ? w.count : CHUNK;

		next = s->chunk[c].next;
		for (size_t line = 0; line < sizeof(*s->chunk); line += 64)
			__builtin_prefetch((const char *)&s->chunk[next] + line);
		for (uint32_t i = 0; i < n; i++)
			wheel_put_entry(s, &s->chunk[c].v[i]); /* may move the pool */
		w.count -= n;
		s->chunk[c].next = s->spare;
		s->spare = c;
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

/* Sorts what may be long, but is seldom out of order: only where events followed their owners to
 * a time that others had already. Shell's sort. */
static void sort_ties(struct entry *v, size_t n)
{
	size_t sorted = 1;

	while (sorted < n && !entry_before(&v[sorted], &v[sorted - 1]))
		sorted++;
	if (sorted >= n)
		return;
	for (size_t gap = n; gap > 1;) {
		gap = gap > 3 ? gap * 4 / 9 : 1;
		for (size_t i = gap, j; i < n; i++) {
			struct entry x = v[i];

			for (j = i; j >= gap && entry_before(&x, &v[j - gap]); j -= gap)
				v[j] = v[j - gap];
			v[j] = x;
		}
	}
}

/* Sorts n entries, up to SMALL, without a branch that depends on the data: the place of an entry is
 * how many come before it in time. Equal times keep their order. */
static void sort_small(const struct entry *from, uint32_t n, struct entry *to)
{
	sim_time time[SMALL];
	uint32_t place[SMALL];

	assert(n <= SMALL);
	for (uint32_t i = 0; i < n; i++) {
		sim_time t = time[i] = from[i].t;
		uint32_t later = 0;

		__builtin_prefetch(from[i].event, 1);
		for (uint32_t j = 0; j < i; j++) {
			uint32_t is_later = t < time[j];

			place[j] += is_later;
			later += is_later;
		}
		place[i] = i - later;
	}
	for (uint32_t i = 0; i < n; i++)
		to[place[i]] = from[i];
}

/* Sorts a slot to the end of the front, and asks for the owners' memory. */
static void front_take(struct sim *s, struct slot w)
{
	struct entry *v;

	front_reserve(s, w.count);
	v = s->front + s->tail;
	s->tail += w.count;
	if (w.count <= SMALL)
		sort_small(s->chunk[w.head].v, w.count, v);
	else
		for (uint32_t i = 0, c = w.head; i < w.count; i++) {
			v[i] = s->chunk[c].v[i % CHUNK];
			__builtin_prefetch(v[i].event, 1);
			if (i % CHUNK == CHUNK - 1)
				c = s->chunk[c].next;
		}
	s->chunk[w.tail].next = s->spare; /* all its chunks are free */
	s->spare = w.head;
	sort_ties(v, w.count);
}

/* Fills the empty front with the next entries of the wheel; false if there are none. */
static __attribute__((noinline)) bool front_refill(struct sim *s)
{
	s->head = s->tail = FRONT_ROOM;
	while (s->levels) {
		uint32_t l = (uint32_t)__builtin_ctzll(s->levels), shift = DIGIT * l;
		uint32_t d = (uint32_t)__builtin_ctzll(s->occupied[l]);
		uint32_t count = s->slot[l * RADIX + d].count;
		uint64_t above = ((uint64_t)s->base >> shift) & ~(uint64_t)(RADIX - 1);
		sim_time start = (sim_time)((above | (uint64_t)d) << shift),
			 width = (sim_time)1 << shift;

		if (s->head < s->tail && s->tail - s->head + count > SMALL)
			break;
		if (s->head == s->tail) /* else events may yet be armed before this slot */
			s->base = start;
		struct slot w = wheel_take(s, l, d);

		if (count <= SMALL || l == 0) {
			front_take(s, w);
			/* Nothing left in the wheel: few events, for which the front will do. */
			s->limit = s->levels ? start + width : SIM_NEVER;
		} else {
			wheel_deal(s, w);
			s->limit = start;
		}
	}
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
	uint32_t top = digit_differs(s->base, s->now);

	assert(s->base > s->now);
	s->base = s->now;
	for (uint32_t l = 0; l < top; l++)
		while (s->occupied[l])
			wheel_deal(s, wheel_take(s, l, (uint32_t)__builtin_ctzll(s->occupied[l])));
	while (s->head < s->tail)
		wheel_put_entry(s, &s->front[s->head++]);
	s->limit = s->base;
}

/* Inserts into the front, from the nearer end. */
static __attribute__((noinline)) void front_put(struct sim *s, sim_time t, uint64_t order,
						struct sim_event *e)
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
	size_t middle = s->tail - s->head > SHORT ? (s->head + s->tail) / 2 : s->head;

	if (s->head && s->head < s->tail && t < f[middle].t) {
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

/* Queues the event, unless an entry stands before its time and may follow it. */
static inline __attribute__((always_inline)) void queue_put(struct sim *s, struct sim_event *e,
							    sim_time t, uint64_t order)
{
	if (t > e->queued)
		return;
	if (t < e->queued)
		e->behind = e->queued;
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

/* The event's first entry has left the queue. */
static inline void event_shift(struct sim_event *e)
{
	e->queued = e->behind;
	e->behind = SIM_NEVER;
}

/* A dead entry came up: if it stood for an event that has moved later, the event queues again. */
static __attribute__((noinline)) void entry_bury(struct sim *s, const struct entry *x)
{
	struct sim_event *e = x->event;

	if (e->queued != x->t || e->at == x->t)
		return;
	event_shift(e);
	if (e->at != SIM_NEVER)
		queue_put(s, e, e->at, e->order);
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
	uint64_t order = ++s->order;

	e->at = at;
	e->order = order;
	queue_put(s, e, at, order);
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

struct sim_event *sim_peek(const struct sim *s, uint32_t n)
{
	return s->tail - s->head > n ? s->front[s->head + n].event : NULL;
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
			e->at = SIM_NEVER;
			event_shift(e);
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

/* Least-outstanding keeps a ring of seats for each count of requests: a request moves a seat to
 * the next ring up or down, and the lowest ring that is not empty moves by at most one with it.
 * Seats and the rings' own ends are nodes of one array, so that moving a seat takes no branch: with
 * loads at random each would be guessed wrong. Rings are kept for that policy alone. */
#include "models/serving/seats.h"
#include "models/world.h"
#include <assert.h>
#include <string.h>

enum { SAMPLE_MAX = 64 }; /* source: the range of the option d in service.c */

void seats_init(struct seats *seats, int kind, int64_t d)
{
	assert(d >= 1 && d <= SAMPLE_MAX);
	*seats = (struct seats){ .kind = kind, .d = (uint32_t)d };
}

void seats_release(struct seats *seats)
{
	vec_release(&seats->seat);
	vec_release(&seats->node);
	vec_release(&seats->vacant);
	vec_release(&seats->order);
	bits_release(&seats->taken);
}

/* The nodes of a seat and of a level's end. */
static uint32_t seat_node(uint32_t seat)
{
	return 2 * seat;
}

static uint32_t level_node(uint32_t level)
{
	return 2 * level + 1;
}

/* Makes the level's ring, empty, if there was none yet. */
static void level_need(struct seats *seats, uint32_t level)
{
	for (; seats->levels <= level; seats->levels++) {
		uint32_t end = level_node(seats->levels);

		vec_reserve(&seats->node, end + 1);
		seats->node.at[end] = (struct link){ end, end };
	}
}

static void level_leave(struct seats *seats, uint32_t seat)
{
	struct link *node = seats->node.at, link = node[seat_node(seat)];

	node[link.prev].next = link.next;
	node[link.next].prev = link.prev;
}

/* Last in the ring of its count. */
static void level_enter(struct seats *seats, uint32_t seat)
{
	uint32_t level = seats->seat.at[seat].outstanding, end = level_node(level);
	struct link *node = seats->node.at;

	assert(level < seats->levels);
	node[seat_node(seat)] = (struct link){ .next = end, .prev = node[end].prev };
	node[node[end].prev].next = seat_node(seat);
	node[end].prev = seat_node(seat);
	seats->lowest = level < seats->lowest ? level : seats->lowest;
}

static bool level_empty(const struct seats *seats, uint32_t level)
{
	return seats->node.at[level_node(level)].next == level_node(level);
}

uint32_t seats_add(struct seats *seats, uint32_t pod)
{
	uint32_t seat = seats->vacant.n ? vec_pop(&seats->vacant) : seats->seat.n;

	if (seat == seats->seat.n) {
		vec_push(&seats->seat, (struct seat){ .pod = NONE });
		bits_reserve(&seats->taken, seats->seat.cap);
	}
	seats->seat.at[seat] = (struct seat){ .pod = pod, .rank = seats->order.n };
	vec_push(&seats->order, seat);
	bits_set(&seats->taken, seat);
	if (seats->kind == ROUTE_LEAST_OUTSTANDING) {
		vec_reserve(&seats->node, seat_node(seat) + 1);
		level_need(seats, 0);
		level_enter(seats, seat);
	}
	return seat;
}

void seats_remove(struct seats *seats, uint32_t seat)
{
	uint32_t rank = seats->seat.at[seat].rank;

	assert(seats->seat.at[seat].pod != NONE && seats->order.at[rank] == seat);
	if (seats->kind == ROUTE_LEAST_OUTSTANDING) {
		level_leave(seats, seat);
		while (seats->lowest < seats->levels && level_empty(seats, seats->lowest))
			seats->lowest++;
	}
	/* The order by age is kept: pods leave rarely, and a service has few thousands at most. */
	seats->order.n--;
	memmove(&seats->order.at[rank], &seats->order.at[rank + 1],
		(seats->order.n - rank) * sizeof(uint32_t));
	for (; rank < seats->order.n; rank++)
		seats->seat.at[seats->order.at[rank]].rank = rank;
	bits_clear(&seats->taken, seat);
	seats->seat.at[seat].pod = NONE;
	vec_push(&seats->vacant, seat);
}

void seats_take(struct seats *seats, uint32_t seat)
{
	assert(seats->seat.at[seat].pod != NONE);
	if (seats->kind != ROUTE_LEAST_OUTSTANDING) {
		seats->seat.at[seat].outstanding++;
		return;
	}
	level_leave(seats, seat);
	level_need(seats, ++seats->seat.at[seat].outstanding);
	level_enter(seats, seat);
	seats->lowest += level_empty(seats, seats->lowest); /* then the next one has this seat */
}

void seats_give(struct seats *seats, uint32_t seat)
{
	assert(seats->seat.at[seat].pod != NONE && seats->seat.at[seat].outstanding);
	if (seats->kind != ROUTE_LEAST_OUTSTANDING) {
		seats->seat.at[seat].outstanding--;
		return;
	}
	level_leave(seats, seat);
	seats->seat.at[seat].outstanding--;
	level_enter(seats, seat);
}

static uint32_t load(const struct seat *seat, bool proxied)
{
	return proxied ? seat->proxied : seat->outstanding;
}

/* The least loaded of all; among equals a random one, by reservoir. */
static uint32_t sample_all(const struct seats *seats, bool proxied, struct rng *rng)
{
	uint32_t best = seats->order.at[0], ties = 1;

	for (uint32_t i = 1; i < seats->order.n; i++) {
		uint32_t seat = seats->order.at[i];
		uint32_t here = load(&seats->seat.at[seat], proxied),
			 least = load(&seats->seat.at[best], proxied);

		if (here < least || (here == least && !rng_below(rng, ties + 1)))
			best = seat;
		ties = here < least ? 1 : ties + (here == least);
	}
	return best;
}

uint32_t seats_sample(const struct seats *seats, uint32_t d, bool proxied, struct rng *rng)
{
	uint32_t drawn[SAMPLE_MAX], best = NONE;

	assert(d >= 1 && d <= SAMPLE_MAX);
	if (!seats->order.n)
		return NONE;
	if (d >= seats->order.n)
		return sample_all(seats, proxied, rng);
	for (uint32_t i = 0; i < d; i++) {
		uint32_t rank, j, seat;

		do {
			rank = rng_below(rng, seats->order.n);
			for (j = 0; j < i && drawn[j] != rank; j++)
				;
		} while (j < i);
		drawn[i] = rank;
		seat = seats->order.at[rank];
		/* The draws come in random order: the first of equals is a random one. */
		if (best == NONE ||
		    load(&seats->seat.at[seat], proxied) < load(&seats->seat.at[best], proxied))
			best = seat;
	}
	return best;
}

uint32_t seats_pick(struct seats *seats, struct rng *rng)
{
	uint32_t seat = NONE;

	if (!seats->order.n)
		return NONE;
	switch ((enum router)seats->kind) {
	case ROUTE_ROUND_ROBIN:
		seat = bits_next(&seats->taken, seats->cursor);
		if (seat == NONE)
			seat = bits_next(&seats->taken, 0);
		seats->cursor = seat + 1;
		break;
	case ROUTE_LEAST_OUTSTANDING:
		seat = seats->node.at[level_node(seats->lowest)].next / 2;
		break;
	case ROUTE_POWER_OF_D: seat = seats_sample(seats, seats->d, false, rng); break;
	case ROUTE_RANDOM: seat = seats->order.at[rng_below(rng, seats->order.n)]; break;
	case ROUTE_NEWEST: break;
	}
	assert(seat != NONE);
	return seat;
}

/* Least-outstanding keeps a list of seats for each count of requests: a request moves a seat to
 * the next list up or down, and the lowest list that is not empty moves by at most one with it.
 * Levels are kept for that policy alone. */
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
	vec_release(&seats->link);
	vec_release(&seats->level);
	vec_release(&seats->vacant);
	vec_release(&seats->order);
	bits_release(&seats->taken);
}

static void level_enter(struct seats *seats, uint32_t seat)
{
	uint32_t level = seats->seat.at[seat].outstanding;

	while (seats->level.n <= level)
		vec_push(&seats->level, LIST_EMPTY);
	list_push(&seats->level.at[level], seats->link.at, seat);
	if (level < seats->lowest)
		seats->lowest = level;
}

static void level_leave(struct seats *seats, uint32_t seat)
{
	list_cut(&seats->level.at[seats->seat.at[seat].outstanding], seats->link.at, seat);
}

/* Moves `lowest` up to the first level with a pod; whoever calls knows that one is near, or that
 * a pod left. */
static void level_lowest(struct seats *seats)
{
	while (seats->lowest < seats->level.n && seats->level.at[seats->lowest].head == LIST_NONE)
		seats->lowest++;
}

uint32_t seats_add(struct seats *seats, uint32_t pod)
{
	uint32_t seat = seats->vacant.n ? vec_pop(&seats->vacant) : seats->seat.n;

	if (seat == seats->seat.n) {
		vec_push(&seats->seat, (struct seat){ .pod = NONE });
		vec_push(&seats->link, (struct link){ LIST_NONE, LIST_NONE });
		bits_reserve(&seats->taken, seats->seat.cap);
	}
	seats->seat.at[seat] = (struct seat){ .pod = pod, .rank = seats->order.n };
	vec_push(&seats->order, seat);
	bits_set(&seats->taken, seat);
	if (seats->kind == ROUTE_LEAST_OUTSTANDING)
		level_enter(seats, seat);
	return seat;
}

void seats_remove(struct seats *seats, uint32_t seat)
{
	uint32_t rank = seats->seat.at[seat].rank;

	assert(seats->seat.at[seat].pod != NONE && seats->order.at[rank] == seat);
	if (seats->kind == ROUTE_LEAST_OUTSTANDING) {
		level_leave(seats, seat);
		level_lowest(seats);
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
	seats->seat.at[seat].outstanding++;
	level_enter(seats, seat);
	level_lowest(seats);
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
	case ROUTE_LEAST_OUTSTANDING: seat = seats->level.at[seats->lowest].head; break;
	case ROUTE_POWER_OF_D: seat = seats_sample(seats, seats->d, false, rng); break;
	case ROUTE_RANDOM: seat = seats->order.at[rng_below(rng, seats->order.n)]; break;
	}
	assert(seat != NONE);
	return seat;
}

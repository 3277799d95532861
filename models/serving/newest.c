/* Names count down, so that the newest pod with room is the first member of a set.  When they are
 * used up all pods are named anew, at twice the room that they need: a constant a pod. */
#include "models/serving/newest.h"
#include "models/world.h"
#include <assert.h>

enum { NAMES_MIN = 64 };

void newest_release(struct newest *newest)
{
	vec_release(&newest->name);
	vec_release(&newest->seat);
	bits_release(&newest->open);
	newest->next = 0;
}

/* The seated pods, the last of which has no name yet, get the highest names, the oldest the very
 * highest. */
static void rename_all(struct newest *newest, const struct seats *seats)
{
	uint32_t n = seats->order.n, names = newest->seat.n;
	struct bits open = { 0 };

	while (names < 2 * n || names < NAMES_MIN)
		names = names ? 2 * names : NAMES_MIN;
	while (newest->seat.n < names)
		vec_push(&newest->seat, NONE);
	bits_reserve(&open, names);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t seat = seats->order.at[i], name = names - 1 - i;

		if (i + 1 < n && bits_has(&newest->open, newest->name.at[seat]))
			bits_set(&open, name);
		newest->name.at[seat] = name;
		newest->seat.at[name] = seat;
	}
	bits_release(&newest->open);
	newest->open = open;
	newest->next = names - n;
}

void newest_add(struct newest *newest, const struct seats *seats, uint32_t seat)
{
	assert(seats->order.at[seats->order.n - 1] == seat);
	while (newest->name.n <= seat)
		vec_push(&newest->name, NONE);
	if (newest->next) {
		newest->name.at[seat] = --newest->next;
		newest->seat.at[newest->next] = seat;
	} else {
		rename_all(newest, seats);
	}
	newest_open(newest, seat);
}

void newest_open(struct newest *newest, uint32_t seat)
{
	bits_set(&newest->open, newest->name.at[seat]);
}

void newest_close(struct newest *newest, uint32_t seat)
{
	bits_clear(&newest->open, newest->name.at[seat]);
}

uint32_t newest_pick(const struct newest *newest)
{
	uint32_t name = bits_next(&newest->open, 0);

	return name == UINT32_MAX ? NONE : newest->seat.at[name];
}

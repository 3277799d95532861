/* Pods with room are a set of seats, updated where a pod fills up or gets room again: both
 * policies for limited pods are one question to it. */
#include "models/serving/activator.h"
#include "models/world.h"
#include <assert.h>

enum {
	FIRST_AVAILABLE_MAX = 3, /* source: throttler.go, pickLBPolicy */
	CHOICES = 2		 /* source: lb_policy.go, randomChoice2Policy */
};

void activator_init(struct activator *activator, int64_t concurrency)
{
	*activator =
		(struct activator){ .concurrency = (uint32_t)concurrency, .queue = LIST_EMPTY };
}

void activator_release(struct activator *activator)
{
	bits_release(&activator->open);
	newest_release(&activator->newest);
}

void activator_open(struct activator *activator, const struct seats *seats, uint32_t seat)
{
	if (!activator->concurrency)
		return;
	if (activator->newest_first) {
		newest_add(&activator->newest, seats, seat);
		return;
	}
	bits_reserve(&activator->open, seats->seat.cap);
	bits_set(&activator->open, seat);
}

void activator_close(struct activator *activator, uint32_t seat)
{
	if (activator->newest_first)
		newest_close(&activator->newest, seat);
	else if (activator->concurrency)
		bits_clear(&activator->open, seat);
}

uint32_t activator_pick(struct activator *activator, const struct seats *seats, struct rng *rng)
{
	uint32_t seat;

	if (!activator->concurrency)
		return seats_sample(seats, CHOICES, true, rng);
	if (activator->newest_first)
		return newest_pick(&activator->newest);
	if (activator->concurrency <= FIRST_AVAILABLE_MAX)
		return bits_next(&activator->open, 0);
	seat = bits_next(&activator->open, activator->cursor);
	if (seat == NONE)
		seat = bits_next(&activator->open, 0);
	if (seat != NONE)
		activator->cursor = seat + 1;
	return seat;
}

void activator_take(struct activator *activator, struct seats *seats, uint32_t seat)
{
	uint32_t proxied = ++seats->seat.at[seat].proxied;

	assert(!activator->concurrency || proxied <= activator->concurrency);
	if (activator->concurrency && proxied == activator->concurrency)
		activator_close(activator, seat);
}

void activator_give(struct activator *activator, struct seats *seats, uint32_t seat)
{
	assert(seats->seat.at[seat].proxied);
	seats->seat.at[seat].proxied--;
	if (activator->newest_first)
		newest_open(&activator->newest, seat);
	else if (activator->concurrency)
		bits_set(&activator->open, seat);
}

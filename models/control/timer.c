/* The usual binary heap. */
#include "models/control/timer.h"
#include "base/vec.h"
#include <assert.h>
#include <stdbool.h>

static bool before(const struct timer *a, const struct timer *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void timer_arm(struct timers *timers, struct timer timer)
{
	uint32_t i = timers->n;

	timer.order = timers->armed++;
	vec_push(timers, timer);
	for (; i && before(&timer, &timers->at[(i - 1) / 2]); i = (i - 1) / 2)
		timers->at[i] = timers->at[(i - 1) / 2];
	timers->at[i] = timer;
}

struct timer timer_pop(struct timers *timers)
{
	struct timer first = timers->at[0], last;
	uint32_t i = 0, child;

	assert(timers->n);
	last = timers->at[--timers->n];
	for (; (child = 2 * i + 1) < timers->n; i = child) {
		if (child + 1 < timers->n && before(&timers->at[child + 1], &timers->at[child]))
			child++;
		if (!before(&timers->at[child], &last))
			break;
		timers->at[i] = timers->at[child];
	}
	timers->at[i] = last;
	return first;
}

void timer_release(struct timers *timers)
{
	vec_release(timers);
}

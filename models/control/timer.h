/* timer.h - what the control plane wants to be reminded of: a heap by time, then by arming order.
 *
 * A timer is never disarmed: it carries the generation of what it is about, and whoever arms it
 * can tell a stale one.  Back-offs, reservations and probes in flight are few at any moment, so a
 * binary heap is enough; the world has the event queue for what is many. */
#ifndef MODELS_CONTROL_TIMER_H
#define MODELS_CONTROL_TIMER_H
#include <stdint.h>

struct timer {
	int64_t at_ns;
	uint64_t order;
	uint32_t kind, id, gen, extra;
};

struct timers {
	struct timer *at;
	uint32_t n, cap;
	uint64_t armed;
};

/* Adds one; `order` is filled in. */
void timer_arm(struct timers *timers, struct timer timer);
/* Takes out the first; there must be one.  The first is timers->at[0]. */
struct timer timer_pop(struct timers *timers);
/* Frees the heap. */
void timer_release(struct timers *timers);
#endif

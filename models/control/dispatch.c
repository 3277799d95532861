/* Which schedule function a new pod goes to: any, the next, the one with the fewest in its queue,
 * or always the same for a service. A binder is never meant. */
#include "models/control/state.h"

/* Spread as 64-bit Fibonacci hashing does (Knuth, TAOCP 3, 6.4): neighbours part. */
static uint32_t of_service(const struct control *c, uint32_t service)
{
	uint32_t n = c->crew->lives, at;

	at = (uint32_t)((service + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15) >> 32) % n;
	return c->crew->live[at] != c->binder ? c->crew->live[at] : c->crew->live[(at + 1) % n];
}

uint32_t function_choose(struct control *c, uint32_t pod)
{
	uint32_t best = NONE, least = NONE, service = c->pods.at[pod].record.service;

	if (!c->crew->lives || (c->crew->lives == 1 && c->crew->live[0] == c->binder))
		return NONE;
	if (c->config.dispatch == DISPATCH_SERVICE && service != NONE)
		return of_service(c, service);
	if (c->config.dispatch == DISPATCH_RANDOM) {
		do
			best = c->crew->live[rng_below(&c->choices, c->crew->lives)];
		while (best == c->binder);
		return best;
	}
	c->turn = (c->turn + 1) % c->crew->lives;
	if (c->crew->live[c->turn] == c->binder)
		c->turn = (c->turn + 1) % c->crew->lives;
	if (c->config.dispatch != DISPATCH_LEAST_QUEUE)
		return c->crew->live[c->turn];
	/* From a place that moves on, so that empty queues take turns. */
	for (uint32_t i = 0, at = c->turn; i < c->crew->lives && least; i++) {
		if (c->crew->live[at] != c->binder && c->queued[c->crew->live[at]] < least) {
			best = c->crew->live[at];
			least = c->queued[best];
		}
		at = at + 1 < c->crew->lives ? at + 1 : 0;
	}
	return best;
}

/* physics.h - what the parts of the virtual world have in common: how they report back.
 *
 * A part that does something for the system (api, kubelet) hands its messages to the world's
 * deliver callback. A part that does something for another part (net, storage, api for the kubelet)
 * is given a struct sim_event of the caller's and fires it, once, when the thing is done:
 * `done->fn(sim, done)` from an event of its own, never from within the call that began it, so a
 * caller may begin the next thing at once. The event need not be armed, and may serve as the
 * caller's own timer as well, one use at a time. */
#ifndef SIM_PHYSICS_H
#define SIM_PHYSICS_H
#include "models/world.h"
#include "sim/event.h"

/* Takes one message of the world's to the system; called last in an event, so it may call back. */
typedef void world_deliver(void *ctx, const struct msg *msg);

/* A double number of ns, not negative, rounded once to the clock's; beyond the clock =
 * SIM_NEVER. */
static inline sim_time physics_ns(double ns)
{
	return ns >= 9e18 ? SIM_NEVER : (sim_time)(ns + 0.5);
}
#endif

/* later.h - messages that arrive after a while: a pool of timers, each with the message that it
 * delivers.
 *
 * For everything whose only effect is one message at one time (a decision taken, a message between
 * functions, a request served, a lifetime over).  Rows never move, and are used again with the room
 * for loads that they have grown; nothing is allocated in the steady state. */
#ifndef SIM_LATER_H
#define SIM_LATER_H
#include "models/world.h"
#include "sim/event.h"

struct later;
typedef void later_due(void *ctx, enum machine machine, uint32_t instance, const struct msg *msg,
		       const void *load);
/* A pool that hands what is due to due(ctx, ...). */
struct later *later_new(struct sim *sim, later_due *due, void *ctx);
/* Frees it; nothing pending is delivered. */
void later_free(struct later *later);
/* Delivers msg (and its load of msg->load_bytes, if any) to a machine after delay ns. */
void later_post(struct later *later, int64_t delay_ns, enum machine machine, uint32_t instance,
		const struct msg *msg,
		const void *load);
#endif

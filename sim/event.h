/* event.h - the event engine of the virtual world: a clock, a queue of armed events, and a loop.
 *
 * Time is int64 nanoseconds. An event is a struct embedded in the object that owns it; arming
 * allocates nothing and gives no handle. The engine knows no event types, no randomness, no models.
 *
 * Order. Events fire by time, and at equal times in the order in which they were armed: re-arming
 * to another time, or after a disarm, counts as a new arming; arming to the time that the event
 * already has changes nothing. So an event armed for "now" fires after everything that is already
 * armed for now: where a model needs an order inside an instant, it arms such a zero-delay pass.
 *
 * Owners. The queue keeps pointers to events, and the entry of an event that was disarmed or moved
 * leaves the queue only when its time comes. So an owner's memory may be given to another owner of
 * the same kind at once, if its sim_event is disarmed and not initialised anew; it may be freed,
 * moved or initialised only when sim_idle(event) holds (an event initialised too early is caught by
 * an assert).
 *
 * Memory. About 26 bytes an entry, in a pool that doubles and is kept until sim_free. Running out
 * aborts. */
#ifndef SIM_EVENT_H
#define SIM_EVENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t sim_time; /* ns since the start of the run; 292 years */
#define SIM_NEVER INT64_MAX

struct sim;
struct sim_event;
typedef void sim_fn(struct sim *sim, struct sim_event *event);

/* Owners set fn (by SIM_EVENT), may change it while the event is disarmed, and may read `at`; the
 * other fields are the engine's. */
struct sim_event {
	sim_fn *fn;
	sim_time at;      /* when it will fire; SIM_NEVER = disarmed */
	sim_time queued;  /* its first entry that counts, at or before `at`; SIM_NEVER = none */
	sim_time behind;  /* its second, left by a move to earlier; SIM_NEVER = none */
	uint64_t order;   /* number of its last arming */
	uint32_t entries; /* in the queue, dead ones included */
};
#define SIM_EVENT(function) \
	((struct sim_event){ \
		.fn = (function), .at = SIM_NEVER, .queued = SIM_NEVER, .behind = SIM_NEVER \
	})
/* The struct of TYPE whose MEMBER this event is. */
#define SIM_OWNER(event, TYPE, member) ((TYPE *)(void *)((char *)(event) - offsetof(TYPE, member)))

/* An engine at time 0 with nothing armed; sim_free it. Never NULL. */
struct sim *sim_new(void);
/* Frees the engine; events still armed are the owners' and are not touched. Not from a callback. */
void sim_free(struct sim *sim);

/* A pointer of the caller's, so that a callback reaches its world without a global; NULL at first.
 */
void sim_user_set(struct sim *sim, void *user);
/* The caller's pointer. */
void *sim_user(const struct sim *sim);

/* The current time: that of the event firing, or where the last sim_run ended. */
sim_time sim_now(const struct sim *sim);
/* How many events have fired. */
uint64_t sim_fired(const struct sim *sim);
/* How often memory was allocated: constant in a steady state. */
uint64_t sim_grown(const struct sim *sim);

/* Arms the event, or moves it, to `at`: now <= at < SIM_NEVER (asserted). Moving later costs
 * nothing until the old time comes; moving earlier leaves an entry behind, which serves again if
 * the event is armed for after it: a timer that goes in and out keeps two. */
void sim_arm(struct sim *sim, struct sim_event *event, sim_time at);

/* Disarms the event; nothing if it is not armed. */
static inline void sim_disarm(struct sim_event *event)
{
	event->at = SIM_NEVER;
}

/* Whether the event will fire. */
static inline bool sim_armed(const struct sim_event *event)
{
	return event->at != SIM_NEVER;
}

/* Whether the queue has forgotten the event, so that its owner may be freed. */
static inline bool sim_idle(const struct sim_event *event)
{
	return event->entries == 0;
}

/* The time of the next event that will fire, or SIM_NEVER: a wall clock sleeps until then, and
 * calls sim_run. */
sim_time sim_next(struct sim *sim);

/* The event behind the next n ones, as far as the queue has sorted them (a few dozen at most), or
 * NULL.  A hint, so that a model may ask for memory ahead of time: until its turn comes it may be
 * moved, and others may come before it. */
struct sim_event *sim_peek(const struct sim *sim, uint32_t n);

/* Fires every event with at <= until (>= now, asserted), those armed meanwhile included, then sets
 * the clock to until (SIM_NEVER: until nothing is armed; the clock stays at the last event).
 * Returns true; false if sim_stop cut it short, with the clock at the last event and the rest
 * armed. Not from a callback. */
bool sim_run(struct sim *sim, sim_time until);

/* Makes sim_run return after the current event, or the next sim_run before its first. Safe in a
 * signal handler. */
void sim_stop(struct sim *sim);
#endif

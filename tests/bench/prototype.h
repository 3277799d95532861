/* prototype.h - the event engine that sim/event.h grew from, kept as it was, for bench_event to
 * measure against. Not for use: an event moved later or re-armed may overtake its equals, and one
 * moved earlier leaves a pointer behind that nothing counts. */
#ifndef PROTOTYPE_H
#define PROTOTYPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t proto_time;
#define PROTO_NEVER INT64_MAX

struct proto;
struct proto_event;
typedef void proto_fn(struct proto *s, struct proto_event *e);

struct proto_event {
	proto_fn  *fn;
	proto_time at;		/* when it should fire; PROTO_NEVER = disarmed */
	proto_time queued;	/* earliest entry in the queue; PROTO_NEVER = none */
};
#define PROTO_EVENT(f) ((struct proto_event){ .fn = (f), .at = PROTO_NEVER, .queued = PROTO_NEVER })

/* An engine at time 0 with nothing armed. */
struct proto *proto_new(void);
/* Frees it. */
void proto_free(struct proto *s);
/* The current time. */
proto_time proto_now(const struct proto *s);
/* How many events have fired. */
uint64_t proto_fired(const struct proto *s);
/* Arms or moves. */
void proto_arm(struct proto *s, struct proto_event *e, proto_time at);
/* Disarms. */
void proto_disarm(struct proto_event *e);
/* Fires every event with at <= until. */
void proto_run(struct proto *s, proto_time until);
#endif

/* prototype.h - the event engine: a clock, a queue of armed events, and a loop.
 *
 * Time is int64 nanoseconds.  An event is a struct embedded in the object that
 * owns it; the queue stores only {time, event*}.  Events at equal times run in
 * the order they were armed.  Nothing is allocated per event.                */
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

struct proto *proto_new(void);
void        proto_free(struct proto *s);
proto_time    proto_now(const struct proto *s);
uint64_t    proto_fired(const struct proto *s);
void        proto_arm(struct proto *s, struct proto_event *e, proto_time at);	/* also re-arms */
void        proto_disarm(struct proto_event *e);
void        proto_run(struct proto *s, proto_time until);			/* fires all with at <= until */
#endif

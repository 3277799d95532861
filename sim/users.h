/* users.h - who sends the requests, and tries again: a request that was refused, timed out or
 * failed is followed by another one, which arrives like any other and has a record of its own.
 *
 * The wait before the n-th retry is min(backoff_max, backoff * 2^(n-1)), less a random share of it
 * up to `jitter`, as OpenAI's Python client does.  A retry goes to the revision that the first went
 * to, and has its id in the results. */
#ifndef SIM_USERS_H
#define SIM_USERS_H
#include "base/opt.h"
#include "base/record.h"

struct user_config {
	int64_t retries;                /* of one request; 0 = nobody tries again */
	int64_t backoff_ns, backoff_max_ns;
	double jitter;
};
extern const struct opt user_options[];

struct user_totals {
	uint64_t retries;               /* that arrived */
	uint64_t gave_up;               /* requests whose last attempt ended without an answer */
};

/* Inside a world a request's id carries the attempt, from 0; this is the id alone. */
uint64_t user_request(uint64_t id);

struct world;
/* A request is over: arms its next attempt, if there is to be one. */
void users_ended(struct world *world, const struct request_record *record);
#endif

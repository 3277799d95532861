/* bucket.h - a token bucket: `burst` tokens at the start, `qps` more a second, never over `burst`.
 *
 * Kept as the theoretical arrival time of the next token (ITU-T I.371's virtual scheduling, GCRA):
 * no timer, no refill. Takers are served in the order of their calls, as client-go's limiter does:
 * a reservation is never given back. */
#ifndef SIM_BUCKET_H
#define SIM_BUCKET_H
#include "sim/physics.h"

struct bucket {
	double every_ns; /* between tokens; 0 = no limit */
	double burst;
	double next_ns;  /* when a bucket of one token would be full again */
};

/* A full bucket; qps <= 0 = no limit. */
static inline struct bucket bucket_new(double qps, double burst)
{
	return (struct bucket){ .every_ns = qps > 0 ? 1e9 / qps : 0, .burst = burst };
}

/* Takes tokens, now or on credit; returns the mark from which bucket_at counts them. */
static inline double bucket_take(struct bucket *bucket, sim_time now, double tokens)
{
	double mark = bucket->next_ns > (double)now ? bucket->next_ns : (double)now;

	bucket->next_ns = mark + tokens * bucket->every_ns;
	return mark;
}

/* When the first `tokens` of those taken at this mark have come: perhaps in the past. */
static inline sim_time bucket_at(const struct bucket *bucket, double mark, double tokens)
{
	double at = mark + (tokens - bucket->burst) * bucket->every_ns;

	return at > 0 ? physics_ns(at) : 0;
}
#endif

/* rng.h - named random streams: xoshiro256++ seeded through splitmix64 from (seed, name, instance).
 *
 * Every component draws from its own stream, so that adding one does not shift another's draws, and
 * two policies see the same traffic (common random numbers). Not for cryptography. Source: Blackman
 * & Vigna, "Scrambled linear pseudorandom number generators" (2021); exponential and normal by the
 * 256-layer ziggurat of Marsaglia & Tsang (2000), tables as hex-float constants
 * (base/ziggurat.h). */
#ifndef BASE_RNG_H
#define BASE_RNG_H
#include <stdint.h>

struct rng { uint64_t s[4]; };

/* The stream of this name and instance under this seed. */
struct rng rng_stream(uint64_t seed, const char *name, uint64_t instance);
/* splitmix64: steps the state and returns 64 well-mixed bits of it; a stateless hash when given a
 * copy. */
uint64_t rng_split(uint64_t *state);
/* 64 random bits. */
static inline uint64_t rng_bits(struct rng *rng)
{
	uint64_t *s = rng->s, sum = s[0] + s[3], t = s[1] << 17;
	uint64_t out = ((sum << 23) | (sum >> 41)) + s[0];

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return out;
}
/* Uniform in [0, 1), 53 bits. */
static inline double rng_unit(struct rng *rng)
{
	return (double)(rng_bits(rng) >> 11) * 0x1p-53;
}
/* Uniform integer in [0, n), n >= 1, without bias (Lemire 2019). */
uint32_t rng_below(struct rng *rng, uint32_t n);
/* Exponential with mean 1. */
double rng_exp(struct rng *rng);
/* Standard normal. */
double rng_normal(struct rng *rng);
/* Gamma with the given shape and mean 1 (Marsaglia & Tsang 2000; shape < 1 by the power boost). */
double rng_gamma(struct rng *rng, double shape);
#endif

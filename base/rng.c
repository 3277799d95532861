/* Streams are told apart by a seed that is mixed, word by word, with a hash of the name and with
 * the instance; the generator's state is then filled by splitmix64, as its authors advise.
 *
 * The ziggurat spends one 64-bit draw on 98 % of the calls: bits 0..7 choose the layer, bit 8 the
 * sign, bits 11..63 are the position in the layer. */
#include "base/rng.h"
#include "base/ziggurat.h"
#include <assert.h>
#include <math.h>

/* splitmix64's increment, 2^64 / golden ratio (Steele, Lea & Flood 2014). */
#define GOLDEN 0x9e3779b97f4a7c15u

uint64_t rng_split(uint64_t *state)
{
	uint64_t z = *state += GOLDEN;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* FNV-1a, 64 bits (Fowler, Noll & Vo). */
static uint64_t hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return h;
}

struct rng rng_stream(uint64_t seed, const char *name, uint64_t instance)
{
	uint64_t state = seed;
	struct rng rng;

	state = rng_split(&state) ^ hash(name);
	state = rng_split(&state) ^ instance;
	state = rng_split(&state);
	for (int i = 0; i < 4; i++)
		rng.s[i] = rng_split(&state);
	return rng;
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
	uint64_t product = (rng_bits(rng) >> 32) * n;
	uint32_t reject;

	assert(n);
	/* The low half of the product is short of a multiple of n for 2^32 mod n values; those are
	 * drawn again. */
	if ((uint32_t)product < n) {
		reject = -n % n;
		while ((uint32_t)product < reject)
			product = (rng_bits(rng) >> 32) * n;
	}
	return (uint32_t)(product >> 32);
}

double rng_exp(struct rng *rng)
{
	double base = 0;

	for (;;) {
		uint64_t bits = rng_bits(rng), at = bits >> 11;
		uint32_t i = bits & 0xff;
		double x = (double)at * zig_exp[i].width;

		if (at < zig_exp[i].inside)
			return base + x;
		/* Beyond r the density is the same again, r further on. */
		if (i == 0)
			base += zig_exp_r;
		else if (zig_exp_y[i] + rng_unit(rng) * (zig_exp_y[i + 1] - zig_exp_y[i]) < exp(-x))
			return base + x;
	}
}

/* The tail of the normal beyond r: Marsaglia (1964). */
static double normal_tail(struct rng *rng)
{
	double x, y;

	do {
		x = rng_exp(rng) / zig_normal_r;
		y = rng_exp(rng);
	} while (2 * y <= x * x);
	return zig_normal_r + x;
}

double rng_normal(struct rng *rng)
{
	for (;;) {
		uint64_t bits = rng_bits(rng), at = bits >> 11;
		uint32_t i = bits & 0xff;
		double x = (double)at * zig_normal[i].width, sign = bits & 0x100 ? -1 : 1;

		if (at < zig_normal[i].inside)
			return sign * x;
		if (i == 0)
			return sign * normal_tail(rng);
		if (zig_normal_y[i] + rng_unit(rng) * (zig_normal_y[i + 1] - zig_normal_y[i]) <
		    exp(-x * x / 2))
			return sign * x;
	}
}

double rng_gamma(struct rng *rng, double shape)
{
	double d, c, x, v, u, boost = 1;

	assert(shape > 0);
	/* gamma(a) = gamma(a + 1) * U^(1/a); -ln U is exponential. */
	if (shape < 1)
		boost = exp(-rng_exp(rng) / shape);
	d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
	c = 1 / sqrt(9 * d);
	for (;;) {
		x = rng_normal(rng);
		v = 1 + c * x;
		if (v <= 0)
			continue;
		v = v * v * v;
		u = rng_unit(rng);
		/* The first test spares the logarithms on nearly every draw. */
		if (u < 1 - 0.0331 * (x * x) * (x * x) || log(u) < x * x / 2 + d * (1 - v + log(v)))
			return d * v * boost / shape;
	}
}

/* dist.h - a distribution as a user writes it: "3s", "U(0s,1s)", "LN(10s,18s)", "exp(5s)", ...
 *
 * Forms (values carry the unit of the option that holds the distribution):
 *   X                 constant
 *   U(a,b)            uniform
 *   exp(mean)         exponential
 *   LN(p50,p95)       lognormal by its median and 95th percentile:
 *                     sigma = ln(p95/p50)/1.6448536269514722
 *   N(mean,sd)        normal, cut at 0: draws below 0 are drawn again, so the mean lies a bit above
 *   gamma(mean,cv)    gamma by mean and coefficient of variation
 *   weibull(mean,shape)
 *   H2(mean,cv2)      balanced two-phase hyperexponential, cv2 >= 1
 *   table(v0@p0,v1@p1,...)  quantile table, linear between the points, p from 0 to 1
 * and, appended to any of them, a tail: "; 2% 60s" (with that probability the tail's value or
 * distribution). */
#ifndef BASE_DIST_H
#define BASE_DIST_H
#include "base/arena.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/unit.h"

enum dist_kind {
	DIST_CONSTANT, DIST_UNIFORM, DIST_EXPONENTIAL, DIST_LOGNORMAL, DIST_NORMAL, DIST_GAMMA,
	DIST_WEIBULL, DIST_HYPER2, DIST_TABLE
};
struct dist {
	enum dist_kind kind;
	double a, b;               /* parameters in the order of the forms, in the base unit */
	double mu, sigma;          /* derived: lognormal, and scale factors of the others */
	const double *value, *share; /* table: n points */
	uint32_t n;
	double tail_share;         /* 0 = no tail */
	const struct dist *tail;
	const char *text;          /* as written, for dumps */
};

/* Parses text whose plain numbers and suffixes are of the given unit; memory from the arena. */
bool dist_parse(struct dist *dist, const char *text, enum unit unit, struct arena *arena,
		struct err *err);
/* One draw, in the base unit of the option (ns for times), never negative. */
double dist_draw(const struct dist *dist, struct rng *rng);
/* One draw rounded to whole units, never negative and at most 2^62: as a time, 146 years, which
 * can still be added to another. */
int64_t dist_draw_int(const struct dist *dist, struct rng *rng);
/* The mean in closed form where there is one, else by the table's trapezoids. */
double dist_mean(const struct dist *dist);
#endif

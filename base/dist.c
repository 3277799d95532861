/* One row a form: its name, how many arguments, which of them carry the option's unit, and what
 * must hold of them.
 *
 * Text is copied once and cut in place.  What a draw needs beyond its parameters is derived here,
 * at parsing: lognormal  mu = ln p50, sigma               weibull  mu = scale, sigma = 1/shape
 *   gamma      mu = mean, sigma = shape         H2       mu = chance of the first phase */
#include "base/dist.h"
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The standard normal's 95th percentile. */
#define NORMAL_P95 1.6448536269514722

static const struct form {
	const char *name, *usage;
	enum dist_kind kind;
	bool plain_second; /* the second argument is a plain number */
	uint32_t args;
} forms[] = {
	{ "U", "U(low,high)", DIST_UNIFORM, false, 2 },
	{ "exp", "exp(mean)", DIST_EXPONENTIAL, false, 1 },
	{ "LN", "LN(p50,p95)", DIST_LOGNORMAL, false, 2 },
	{ "N", "N(mean,sd)", DIST_NORMAL, false, 2 },
	{ "gamma", "gamma(mean,cv)", DIST_GAMMA, true, 2 },
	{ "weibull", "weibull(mean,shape)", DIST_WEIBULL, true, 2 },
	{ "H2", "H2(mean,cv2)", DIST_HYPER2, true, 2 },
	{ "table", "table(v0@0,...,vn@1)", DIST_TABLE, false, 0 },
};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = 0;
	return text;
}

static bool amount(const char *text, enum unit unit, double *out, struct err *err)
{
	if (!unit_parse(text, unit, out, err))
		return false;
	return *out >= 0 || err_set(err, "\"%.60s\" is negative", text);
}

/* The form whose name stands before the parenthesis. */
static const struct form *form_find(const char *name, struct err *err)
{
	const char *names[FORMS + 1], *near;

	for (int i = 0; i < FORMS; i++) {
		if (!strcmp(forms[i].name, name))
			return &forms[i];
		names[i] = forms[i].name;
	}
	names[FORMS] = NULL;
	near = err_nearest(name, names);
	err_set(err,
		"unknown distribution \"%.40s\" (known: U, exp, LN, N, gamma, weibull, H2, "
		"table)%s%s%s",
		name, near ? ", did you mean \"" : "", near ? near : "", near ? "\"" : "");
	return NULL;
}

static bool derive(struct dist *dist, struct err *err)
{
	double a = dist->a, b = dist->b;

	switch (dist->kind) {
	case DIST_UNIFORM: return a <= b || err_set(err, "U(low,high): low is above high");
	case DIST_LOGNORMAL:
		if (!(a > 0))
			return err_set(err, "LN(p50,p95): the median must be above 0");
		if (b < a)
			return err_set(err, "LN(p50,p95): the 95th percentile is below the median");
		dist->mu = log(a);
		dist->sigma = log(b / a) / NORMAL_P95;
		return true;
	case DIST_GAMMA:
		if (!(b > 0) || b > 1000)
			return err_set(err, "gamma(mean,cv): cv must be above 0 and at most 1000");
		dist->mu = a;
		dist->sigma = 1 / (b * b);
		return true;
	case DIST_WEIBULL:
		/* Below 0.05 the mean is carried by draws that no run would see. */
		if (b < 0.05)
			return err_set(err, "weibull(mean,shape): shape must be at least 0.05");
		dist->sigma = 1 / b;
		dist->mu = a / tgamma(1 + dist->sigma);
		return true;
	case DIST_HYPER2:
		if (b < 1)
			return err_set(err, "H2(mean,cv2): cv2 must be at least 1");
		dist->mu = (1 + sqrt((b - 1) / (b + 1))) / 2;
		return true;
	default: return true;
	}
}

static bool table_point(struct dist *dist, uint32_t i, char *text, double *value, double *share,
			enum unit unit, struct err *err)
{
	char *at = strchr(text, '@');

	if (!at)
		return err_set(err, "table(...): point \"%.40s\" lacks its @share", text);
	*at = 0;
	if (!amount(trim(text), unit, &value[i], err) ||
	    !amount(trim(at + 1), UNIT_SHARE, &share[i], err))
		return false;
	if (i && (share[i] <= share[i - 1] || value[i] < value[i - 1]))
		return err_set(err, "table(...): values and shares must rise from point to point");
	if (i + 1 == dist->n && (dist->n < 2 || share[0] != 0 || share[i] != 1))
		return err_set(err,
			       "table(...): shares must go from 0 to 1, over at least two points");
	return true;
}

/* The comma-separated arguments inside the parentheses. */
static bool arguments(struct dist *dist, const struct form *form, char *text, enum unit unit,
		      struct arena *arena, struct err *err)
{
	double *value, *share, plain[2] = { 0 };
	uint32_t n = 1;
	char *next;

	for (const char *s = text; *s; s++)
		n += *s == ',';
	if (form->args && n != form->args)
		return err_set(err, "%s expects %u argument%s, %u given", form->usage, form->args,
			       form->args > 1 ? "s" : "", n);
	dist->n = form->args ? 0 : n;
	value = form->args ? plain : ARENA_ARRAY(arena, double, n);
	share = form->args ? plain : ARENA_ARRAY(arena, double, n);
	for (uint32_t i = 0; i < n; i++, text = next) {
		next = text + strcspn(text, ",");
		if (*next)
			*next++ = 0;
		if (!form->args
			    ? !table_point(dist, i, text, value, share, unit, err)
			    : !amount(trim(text), i == 1 && form->plain_second ? UNIT_NONE : unit,
				      &plain[i], err))
			return false;
	}
	dist->a = form->args ? plain[0] : 0;
	dist->b = form->args ? plain[1] : 0;
	if (!form->args) {
		dist->value = value;
		dist->share = share;
	}
	return derive(dist, err);
}

/* A distribution without a tail; text is cut up. */
static bool body(struct dist *dist, char *text, enum unit unit, struct arena *arena,
		 struct err *err)
{
	char *open = strchr(text, '('), *end;
	const struct form *form;

	if (!*text)
		return err_set(err,
			       "is empty; expected %s, or a distribution of it such as LN(p50,p95)",
			       unit_expects(unit));
	if (!open) {
		dist->kind = DIST_CONSTANT;
		if (isalpha((unsigned char)*text))
			return err_set(err,
				       "\"%.60s\" is neither %s nor a distribution of it such as "
				       "LN(p50,p95)",
				       text, unit_expects(unit));
		return amount(text, unit, &dist->a, err);
	}
	*open = 0;
	form = form_find(trim(text), err);
	if (!form)
		return false;
	end = open + 1 + strlen(open + 1) - 1;
	if (*end != ')' || strpbrk(open + 1, "(") || strchr(open + 1, ')') != end)
		return err_set(err, "expected %s, with nothing after the closing parenthesis",
			       form->usage);
	*end = 0;
	dist->kind = form->kind;
	return arguments(dist, form, open + 1, unit, arena, err);
}

/* "2% 60s" */
static bool tail_parse(struct dist *dist, char *text, enum unit unit, struct arena *arena,
		       struct err *err)
{
	struct dist *tail = ARENA_ARRAY(arena, struct dist, 1);
	char *rest = text + strcspn(text, " \t");

	if (strchr(text, ';'))
		return err_set(err, "more than one tail; expected one, such as \"3s; 2%% 60s\"");
	if (!*rest)
		return err_set(err,
			       "the tail \"%.40s\" lacks a share or a value; expected one such as "
			       "\"2%% 60s\"",
			       text);
	*rest++ = 0;
	if (!unit_parse(text, UNIT_SHARE, &dist->tail_share, err))
		return false;
	if (!(dist->tail_share > 0 && dist->tail_share < 1))
		return err_set(err, "the tail's share \"%.40s\" must lie between 0 and 1", text);
	rest = trim(rest);
	tail->text = arena_text(arena, rest, strlen(rest));
	dist->tail = tail;
	return body(tail, rest, unit, arena, err);
}

bool dist_parse(struct dist *dist, const char *text, enum unit unit, struct arena *arena,
		struct err *err)
{
	char *copy, *tail, *whole;

	memset(dist, 0, sizeof(*dist));
	copy = trim(arena_text(arena, text, strlen(text)));
	whole = arena_text(arena, copy, strlen(copy));
	dist->text = whole;
	tail = strchr(copy, ';');
	if (tail)
		*tail++ = 0;
	if ((tail && !tail_parse(dist, trim(tail), unit, arena, err)) ||
	    !body(dist, trim(copy), unit, arena, err)) {
		if (strpbrk(whole, "(;"))
			err_set(err, "\"%.80s\": %s", whole, err->text);
		return false;
	}
	return true;
}

/* Halves without a branch: at random p each would be guessed wrong. */
static double table_draw(const struct dist *dist, double p)
{
	const double *share = dist->share, *value = dist->value;
	uint32_t low = 0, half;

	for (uint32_t left = dist->n - 1; left > 1; left -= half) {
		half = left / 2;
		low += share[low + half] <= p ? half : 0;
	}
	return value[low] +
	       (value[low + 1] - value[low]) * (p - share[low]) / (share[low + 1] - share[low]);
}

double dist_draw(const struct dist *dist, struct rng *rng)
{
	double x, p;

	if (dist->tail_share > 0 && rng_unit(rng) < dist->tail_share)
		return dist_draw(dist->tail, rng);
	switch (dist->kind) {
	case DIST_CONSTANT: return dist->a;
	case DIST_UNIFORM: return dist->a + (dist->b - dist->a) * rng_unit(rng);
	case DIST_EXPONENTIAL: return dist->a * rng_exp(rng);
	case DIST_LOGNORMAL: return exp(dist->mu + dist->sigma * rng_normal(rng));
	case DIST_NORMAL:
		/* The mean is not negative, so every other draw is kept at worst. */
		do
			x = dist->a + dist->b * rng_normal(rng);
		while (x < 0);
		return x;
	case DIST_GAMMA: return dist->mu * rng_gamma(rng, dist->sigma);
	case DIST_WEIBULL: return dist->mu * pow(rng_exp(rng), dist->sigma);
	case DIST_HYPER2:
		p = rng_unit(rng) < dist->mu ? dist->mu : 1 - dist->mu;
		return dist->a / (2 * p) * rng_exp(rng);
	case DIST_TABLE: return table_draw(dist, rng_unit(rng));
	}
	assert(!"a kind of distribution");
	return 0;
}

int64_t dist_draw_int(const struct dist *dist, struct rng *rng)
{
	double x = dist_draw(dist, rng);

	return x < 0x1p62 ? llrint(x) : INT64_C(1) << 62;
}

/* The normal cut at 0: mean + sd * phi(z) / Phi(z), z = mean/sd (Johnson, Kotz & Balakrishnan
 * 1994, 13.10.1). */
static double normal_mean(double mean, double sd)
{
	double z = mean / sd;

	if (!(sd > 0))
		return mean;
	return mean + sd * exp(-z * z / 2) / sqrt(2 * acos(-1)) / (erfc(-z / sqrt(2)) / 2);
}

static double body_mean(const struct dist *dist)
{
	double sum = 0;

	switch (dist->kind) {
	case DIST_UNIFORM: return (dist->a + dist->b) / 2;
	case DIST_LOGNORMAL: return exp(dist->mu + dist->sigma * dist->sigma / 2);
	case DIST_NORMAL: return normal_mean(dist->a, dist->b);
	case DIST_TABLE:
		for (uint32_t i = 1; i < dist->n; i++)
			sum += (dist->value[i] + dist->value[i - 1]) / 2 *
			       (dist->share[i] - dist->share[i - 1]);
		return sum;
	default: return dist->a;
	}
}

double dist_mean(const struct dist *dist)
{
	double mean = body_mean(dist);

	return dist->tail_share > 0 ? mean + dist->tail_share * (dist_mean(dist->tail) - mean)
				    : mean;
}

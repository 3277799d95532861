/* Everything is a walk over rows: where a row says OPT_INLINE the walk goes on at the same level,
 * where it says OPT_TABLE one level down.  Whole numbers written in the base unit are read as
 * integers, so that a 64-bit seed or a time of years in ns loses nothing on the way through a
 * double. */
#include "base/opt.h"
#include "base/vec.h"
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024 };

static void *place(const struct opt *opt, void *config)
{
	return (char *)config + opt->offset;
}

static const void *place_of(const struct opt *opt, const void *config)
{
	return (const char *)config + opt->offset;
}

void opt_defaults(const struct opt *table, void *config, struct arena *arena)
{
	for (const struct opt *opt = table; opt->name; opt++) {
		struct err err = { 0 };

		assert(opt->min <= opt->max);
		if (opt->type == OPT_TABLE || opt->type == OPT_INLINE) {
			opt_defaults(opt->sub, place(opt, config), arena);
		} else if (opt->type == OPT_LIST) {
			assert(opt->sub && opt->size);
			memset(place(opt, config), 0, sizeof(struct opt_list));
		} else if (opt->type == OPT_TEXT && !opt->value) {
			*(const char **)place(opt, config) = NULL;
		} else if (!opt->value || !opt_parse(opt, config, opt->value, arena, &err)) {
			fprintf(stderr, "sonde: bug: the default of an option is wrong: %s: %s\n",
				opt->name, opt->value ? err.text : "there is none");
			abort();
		}
	}
}

static bool parse_bool(const char *text, bool *out, struct err *err)
{
	static const char *const yes[] = { "true", "yes", "on" }, *const no[] = { "false", "no",
										  "off" };

	for (size_t i = 0; i < 3; i++) {
		if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
			*out = !strcmp(text, yes[i]);
			return true;
		}
	}
	return err_set(err, "\"%.60s\" is not a truth value; expected true or false", text);
}

/* The suffix in which whole numbers need no conversion. */
static const char *base_suffix(enum unit unit)
{
	return unit == UNIT_TIME ? "ns" : unit == UNIT_BYTES ? "B" : "";
}

static bool parse_int(const char *text, enum unit unit, int64_t *out, struct err *err)
{
	char *rest;
	double value;
	long long whole;

	assert(unit == UNIT_NONE || unit == UNIT_TIME || unit == UNIT_BYTES || unit == UNIT_TOKENS);
	errno = 0;
	whole = strtoll(text, &rest, 10);
	if (rest != text && !strchr(" \t\n\v\f\r", *text) && !errno &&
	    (!strcmp(rest, base_suffix(unit)) || (unit == UNIT_BYTES && !*rest))) {
		*out = whole;
		return true;
	}
	if (!unit_parse(text, unit, &value, err))
		return false;
	if (!(fabs(value) < 0x1p63))
		return err_set(err, "\"%.60s\" is too large", text);
	/* 1.1min is 66000000000.000008 ns in binary. */
	if (fabs(value - rint(value)) > 1e-12 * fabs(value))
		return err_set(err, "\"%.60s\" is not a whole number%s%s", text,
			       *base_suffix(unit) ? " of " : "", base_suffix(unit));
	*out = llrint(value);
	return true;
}

static bool parse_choice(const struct opt *opt, const char *text, int *out, struct err *err)
{
	char list[320] = "";
	const char *near;

	for (int i = 0; opt->choices[i]; i++) {
		if (!strcmp(opt->choices[i], text)) {
			*out = i;
			return true;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "",
			 opt->choices[i]);
	}
	near = err_nearest(text, opt->choices);
	return err_set(err, "unknown value \"%.60s\"; expected one of %s%s%s%s", text, list,
		       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

const char *opt_range(const struct opt *opt, struct arena *arena)
{
	char low[64], high[64];

	if (opt->min == 0 && opt->max == 0)
		return "";
	if (isfinite(opt->min))
		unit_format(opt->min, opt->unit, low, sizeof(low));
	if (isfinite(opt->max))
		unit_format(opt->max, opt->unit, high, sizeof(high));
	if (!isfinite(opt->max))
		return isfinite(opt->min) ? arena_print(arena, "at least %s", low) : "";
	return isfinite(opt->min) ? arena_print(arena, "%s to %s", low, high)
				  : arena_print(arena, "at most %s", high);
}

static bool in_range(const struct opt *opt, double value, const char *what, const char *text,
		     struct arena *arena, struct err *err)
{
	if ((opt->min == 0 && opt->max == 0) || (value >= opt->min && value <= opt->max))
		return true;
	return err_set(err, "%s\"%.60s\" is out of range; expected %s", what, text,
		       opt_range(opt, arena));
}

/* err comes back without a position. */
static bool parse_value(const struct opt *opt, void *at, const char *text, struct arena *arena,
			struct err *err)
{
	switch (opt->type) {
	case OPT_BOOL: return parse_bool(text, at, err);
	case OPT_INT:
		return parse_int(text, opt->unit, at, err) &&
		       in_range(opt, (double)*(int64_t *)at, "", text, arena, err);
	case OPT_REAL:
		return unit_parse(text, opt->unit, at, err) &&
		       in_range(opt, *(double *)at, "", text, arena, err);
	case OPT_TEXT: *(const char **)at = arena_text(arena, text, strlen(text)); return true;
	case OPT_CHOICE: return parse_choice(opt, text, at, err);
	case OPT_DIST:
		return dist_parse(at, text, opt->unit, arena, err) &&
		       in_range(opt, dist_mean(at),
				((struct dist *)at)->kind == DIST_CONSTANT ? "" : "the mean of ",
				text, arena, err);
	case OPT_TABLE: return err_set(err, "is a table of options, not a value");
	case OPT_INLINE:
	case OPT_LIST: return err_set(err, "is a list, not a value");
	}
	assert(!"a type of option");
	return false;
}

bool opt_parse(const struct opt *opt, void *config, const char *text, struct arena *arena,
	       struct err *where)
{
	struct err err = { 0 };

	if (parse_value(opt, place(opt, config), text, arena, &err))
		return true;
	return err_at(where, where->file, where->line, where->col, "%s: %s", opt->name, err.text);
}

const struct opt *opt_find(const struct opt *table, const char *path)
{
	for (const struct opt *opt = table; opt->name; opt++) {
		size_t n = strlen(opt->name);
		const struct opt *found;

		if (opt->type == OPT_INLINE) {
			if ((found = opt_find(opt->sub, path)))
				return found;
			continue;
		}
		if (strncmp(opt->name, path, n) != 0 || (path[n] && path[n] != '.'))
			continue;
		if (!path[n])
			return opt;
		if (opt->type != OPT_TABLE && opt->type != OPT_LIST)
			return NULL;
		if ((found = opt_find(opt->sub, path + n + 1)) || opt->type == OPT_TABLE)
			return found;
		/* A list: an element comes first, and its name may hold dots ("llama-3.1-8b"). */
		for (const char *dot = strchr(path + n + 1, '.'); dot; dot = strchr(dot + 1, '.'))
			if ((found = opt_find(opt->sub, dot + 1)))
				return found;
		return NULL;
	}
	return NULL;
}

const char *opt_text(const struct opt *opt, const void *config, struct arena *arena)
{
	const void *at = place_of(opt, config);
	char text[64];
	int64_t whole;

	switch (opt->type) {
	case OPT_BOOL: return *(const bool *)at ? "true" : "false";
	case OPT_INT:
		whole = *(const int64_t *)at;
		if (opt->unit == UNIT_NONE || opt->unit == UNIT_TOKENS ||
		    whole >= (int64_t)1 << 53 || whole <= -((int64_t)1 << 53))
			return arena_print(arena, "%lld%s", (long long)whole,
					   base_suffix(opt->unit));
		unit_format((double)whole, opt->unit, text, sizeof(text));
		return arena_text(arena, text, strlen(text));
	case OPT_REAL:
		unit_format(*(const double *)at, opt->unit, text, sizeof(text));
		return arena_text(arena, text, strlen(text));
	case OPT_TEXT: return *(const char *const *)at ? *(const char *const *)at : "";
	case OPT_CHOICE: return opt->choices[*(const int *)at];
	case OPT_DIST: return ((const struct dist *)at)->text;
	case OPT_TABLE:
	case OPT_INLINE:
	case OPT_LIST: return "";
	}
	assert(!"a type of option");
	return "";
}

const char *opt_element_name(const struct opt *list, const void *element)
{
	for (const struct opt *opt = list->sub; opt->name; opt++)
		if (opt->type == OPT_TEXT && !strcmp(opt->name, "name")) {
			const char *name = *(const char *const *)place_of(opt, element);

			return name && *name ? name : NULL;
		}
	return NULL;
}

struct walk {
	opt_visit *visit;
	void *ctx;
	char path[PATH_BYTES];
};

/* Appends ".name" to the path of length n (a longer path than the buffer is cut); returns the new
 * length. */
static size_t append(struct walk *walk, size_t n, const char *name)
{
	int added = snprintf(walk->path + n, sizeof(walk->path) - n, "%s%s", n ? "." : "", name);

	n += (size_t)added;
	return n < sizeof(walk->path) ? n : sizeof(walk->path) - 1;
}

static void walk_table(struct walk *walk, size_t n, const struct opt *table, const void *config);

static void walk_list(struct walk *walk, size_t n, const struct opt *opt, const void *config)
{
	const struct opt_list *list = config ? place_of(opt, config) : NULL;
	char index[16];

	if (!list) {
		walk_table(walk, append(walk, n, "*"), opt->sub, NULL);
		return;
	}
	for (uint32_t i = 0; i < list->n; i++) {
		const void *element = (const char *)list->at + i * opt->size;
		const char *name = opt_element_name(opt, element);

		snprintf(index, sizeof(index), "%u", i);
		walk_table(walk, append(walk, n, name ? name : index), opt->sub, element);
	}
}

static void walk_table(struct walk *walk, size_t n, const struct opt *table, const void *config)
{
	for (const struct opt *opt = table; opt->name; opt++) {
		size_t end = opt->type == OPT_INLINE ? n : append(walk, n, opt->name);

		if (opt->type != OPT_INLINE)
			walk->visit(walk->ctx, walk->path, opt, config);
		if (opt->type == OPT_TABLE || opt->type == OPT_INLINE)
			walk_table(walk, end, opt->sub, config ? place_of(opt, config) : NULL);
		else if (opt->type == OPT_LIST)
			walk_list(walk, end, opt, config);
		walk->path[n] = 0;
	}
}

void opt_walk(const struct opt *table, const void *config, opt_visit *visit, void *ctx)
{
	struct walk walk = { .visit = visit, .ctx = ctx };

	walk_table(&walk, 0, table, config);
}

struct names {
	VEC(const char *) leaf;
	VEC(const char *) path;
	struct arena *arena;
};

static void collect(void *ctx, const char *path, const struct opt *opt, const void *config)
{
	struct names *names = ctx;

	(void)config;
	vec_push(&names->leaf, opt->name);
	vec_push(&names->path, arena_text(names->arena, path, strlen(path)));
}

const char *opt_nearest(const struct opt *table, const char *word, struct arena *arena)
{
	struct names names = { .arena = arena };
	const char *near, *last = strrchr(word, '.'), *found = NULL;

	opt_walk(table, NULL, collect, &names);
	vec_push(&names.leaf, NULL);
	vec_push(&names.path, NULL);
	found = err_nearest(word, names.path.at);
	if (!found && (near = err_nearest(last ? last + 1 : word, names.leaf.at)))
		for (uint32_t i = 0; !found; i++)
			if (names.leaf.at[i] == near)
				found = names.path.at[i];
	vec_release(&names.leaf);
	vec_release(&names.path);
	return found;
}

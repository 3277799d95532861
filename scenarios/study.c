/* The block is changed by its sets like any scenario, read by its table, and laid out: every axis
 * becomes a line of values with the sets that each stands for.  The table takes `values` as a text:
 * a list in flow style, which is how it is handed to the reader; the values themselves are taken
 * from the tree, where each knows its place in the file. */
#include "scenarios/study.h"
#include "scenarios/parts.h"
#include <assert.h>
#include <math.h>
#include <string.h>

#define STUDY(f) offsetof(struct study, f)
#define AXIS(f) offsetof(struct study_axis, f)
#define KEY(f) offsetof(struct study_key, f)

enum { VALUES_MAX = 10000 };

static const struct opt key_options[] = {
	{ "key", OPT_TEXT, UNIT_NONE, KEY(key), "", .help = "the option that varies, by its path" },
	{ "values", OPT_TEXT, UNIT_NONE, KEY(values), "", .help = "a list of its values" },
	{ "from", OPT_TEXT, UNIT_NONE, KEY(from), "", .help = "the first value of a range" },
	{ "to", OPT_TEXT, UNIT_NONE, KEY(to), "", .help = "the last value of a range" },
	{ "steps", OPT_INT, UNIT_NONE, KEY(steps), "0", 0, VALUES_MAX,
	  .help = "how many values, at equal distances" },
	{ "factor", OPT_REAL, UNIT_NONE, KEY(factor), "0", 0, 1e9,
	  .help = "or from each value to the next, a factor above 1" },
	OPT_END
};

static const struct opt axis_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, AXIS(name), "",
	  .help = "what reports call it; without one, the last word of the key" },
	{ "lead", OPT_INLINE, UNIT_NONE, AXIS(lead), NULL, .sub = key_options },
	{ "with", OPT_LIST, UNIT_NONE, AXIS(with), NULL, .sub = key_options,
	  .size = sizeof(struct study_key),
	  .help = "keys that move along, with as many values each" },
	OPT_END
};

static const struct opt replication_options[] = {
	{ "min", OPT_INT, UNIT_NONE, STUDY(min), "3", 1, 100000,
	  .help = "replications of a point at least",
	  .source = "assumption: the fewest whose spread says something" },
	{ "max", OPT_INT, UNIT_NONE, STUDY(max), "10", 1, 100000, .help = "and at most",
	  .source = "assumption" },
	{ "metric", OPT_TEXT, UNIT_NONE, STUDY(metric), "ttft_s.p99",
	  .help = "the figure that has to be known well, by its path in the JSON" },
	{ "half_width", OPT_REAL, UNIT_SHARE, STUDY(half_width), "5%", 0, 10,
	  .help = "enough: half of its 95 % interval, relative to its mean; 0 = run max",
	  .source = "assumption" },
	OPT_END
};

static const struct opt bootstrap_options[] = {
	{ "block", OPT_INT, UNIT_TIME, STUDY(block_ns), "60s", 0, 9e18,
	  .help = "replications of a trace resample it by blocks of this length; 0 = they do not",
	  .source = "assumption: the autoscaler's stable window, so that what it sees in one is "
		    "whole" },
	OPT_END
};

const struct opt study_options[] = {
	{ "axes", OPT_LIST, UNIT_NONE, STUDY(axes), NULL, .sub = axis_options,
	  .size = sizeof(struct study_axis), .help = "what varies; every value meets every other" },
	{ "replications", OPT_TABLE, UNIT_NONE, 0, NULL, .sub = replication_options,
	  .help = "how often a point is run, each time with another seed" },
	{ "bootstrap", OPT_TABLE, UNIT_NONE, 0, NULL, .sub = bootstrap_options,
	  .help = "how replications change a trace" },
	OPT_END
};

const struct opt study_root[] = { { "sweep", OPT_TABLE, UNIT_NONE, 0, NULL, .sub = study_options,
				    .help = "points and replications of sonde sweep" },
				  OPT_END };

bool study_owns(const struct scenario_set *set)
{
	return !strncmp(set->key, "sweep.", 6) || !strcmp(set->key, "sweep");
}

/* ---- values ---- */

struct making {
	const struct opt *root;
	struct arena *arena;
	struct err *err;
};

/* The values of one key: as many sets, and what each is as a number. */
struct values {
	struct scenario_set *set;
	struct study_value *value;
	uint32_t n;
};

static bool is_number(const struct opt *opt)
{
	return opt->type == OPT_INT || opt->type == OPT_REAL || opt->type == OPT_DIST;
}

/* As people plot it: times in seconds, all else in base units. */
static double plotted(const struct opt *opt, const char *text)
{
	struct err err;
	double value;

	if (!is_number(opt) || !unit_parse(text, opt->unit, &value, &err))
		return NAN;
	return opt->unit == UNIT_TIME ? value / 1e9 : value;
}

static void add_value(struct values *values, const char *key, const struct opt *opt,
		      const struct yaml_node *node, struct arena *arena)
{
	const char *text = yaml_flow(node, arena);

	values->set[values->n] = (struct scenario_set){ .key = key, .value = text, .node = node };
	if (node->kind == YAML_SCALAR)
		text = node->text;
	values->value[values->n++] = (struct study_value){ text, plotted(opt, text) };
}

/* Two points of one name could not be told apart; keys that move along may stand still. */
static bool all_differ(struct making *m, const struct yaml_node *list, const struct values *values)
{
	assert(!list || values->value);
	for (uint32_t i = 0; list && i < list->n; i++)
		for (uint32_t j = 0; j < i; j++)
			if (!strcmp(values->value[i].text, values->value[j].text))
				return yaml_err(list->items[i], m->err,
						"values: %.60s is there twice",
						values->value[i].text);
	return true;
}

/* The i-th value of a range, to six digits, or to a whole number where it has to be one. */
static const char *range_text(const struct study_key *key, const struct opt *opt, double from,
			      double to, uint32_t i, struct arena *arena)
{
	double value = key->factor > 0 ? from * pow(key->factor, i)
				       : from + (to - from) * i / (double)(key->steps - 1);
	char text[64];

	if (opt->type == OPT_INT) {
		value = round(value);
	} else if (value != 0) {
		double digit = pow(10, floor(log10(fabs(value))) - 5);

		value = digit < 1 ? round(value / digit) / round(1 / digit)
				  : round(value / digit) * digit;
	}
	return arena_print(arena, "%s", unit_format(value, opt->unit, text, sizeof(text)));
}

static bool make_range(struct making *m, const struct study_key *key, const struct opt *opt,
		       const struct yaml_node *at, struct values *out)
{
	struct err bad;
	double from, to;
	uint32_t n;

	if (!is_number(opt))
		return yaml_err(at, m->err, "%s is no number and has no range: expected `values`",
				key->key);
	if (!unit_parse(key->from, opt->unit, &from, &bad) ||
	    !unit_parse(key->to, opt->unit, &to, &bad))
		return yaml_err(at, m->err, "%s: %s", key->key, bad.text);
	if ((key->steps > 0) == (key->factor > 0) || key->steps == 1)
		return yaml_err(at, m->err,
				"a range takes either steps (2 or more values) or a factor");
	if (key->factor > 0 && (key->factor <= 1 || from <= 0 || to < from))
		return yaml_err(at, m->err,
				"a range by a factor goes up from above 0: expected factor > 1 and "
				"0 < from <= to");
	/* A hair more, so that 1 to 1000 by 10 has its 1000. */
	n = key->factor > 0 ? (uint32_t)fmin(floor(log(to / from) / log(key->factor) + 1e-9) + 1,
					     VALUES_MAX + 1.0)
			    : (uint32_t)key->steps;
	if (n > VALUES_MAX)
		return yaml_err(at, m->err, "an axis of more than %d values", VALUES_MAX);
	out->set = ARENA_ARRAY(m->arena, struct scenario_set, n);
	out->value = ARENA_ARRAY(m->arena, struct study_value, n);
	for (uint32_t i = 0; i < n; i++) {
		const char *text = range_text(key, opt, from, to, i, m->arena);
		struct yaml_node *node = yaml_scalar_at(at, text, m->arena);

		if (i && !strcmp(text, out->value[i - 1].text))
			return yaml_err(at, m->err, "%s: two steps of the range are both %s",
					key->key, text);
		node->plain = true;
		add_value(out, key->key, opt, node, m->arena);
	}
	return true;
}

/* The values of a key; at is its table in the file. */
static bool make_values(struct making *m, const struct study_key *key, const struct yaml_node *at,
			struct values *out)
{
	const struct yaml_node *list = yaml_get(at, "values"), *named = yaml_get(at, "key");
	const struct opt *opt = opt_find(m->root, key->key);
	bool range = *key->from || *key->to || key->steps || key->factor > 0;

	*out = (struct values){ 0 };
	if (!*key->key)
		return yaml_err(at, m->err, "expected a `key`, the option that varies");
	if (!opt)
		return row_unknown(m->root, m->root, key->key, named ? named : at, m->arena,
				   m->err);
	if (range && !list)
		return *key->from && *key->to
			     ? make_range(m, key, opt, at, out)
			     : yaml_err(at, m->err, "a range has both `from` and `to`");
	if (range || !list || list->kind != YAML_LIST || !list->n || list->n > VALUES_MAX)
		return yaml_err(list ? list : at, m->err,
				"%s: expected either a list of values, or from, to and steps or "
				"factor",
				key->key);
	out->set = ARENA_ARRAY(m->arena, struct scenario_set, list->n);
	out->value = ARENA_ARRAY(m->arena, struct study_value, list->n);
	for (uint32_t i = 0; i < list->n; i++)
		add_value(out, key->key, opt, list->items[i], m->arena);
	return true;
}

/* ---- axes ---- */

static const char *last_word(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot ? dot + 1 : key;
}

static bool make_line(struct making *m, const struct study_axis *axis, const struct yaml_node *at,
		      struct study_line *line)
{
	const struct yaml_node *with = yaml_get(at, "with");
	struct scenario_set *sets;
	struct values lead;

	if (!make_values(m, &axis->lead, at, &lead) ||
	    !all_differ(m, yaml_get(at, "values"), &lead))
		return false;
	*line = (struct study_line){ .name = *axis->name ? axis->name : last_word(axis->lead.key),
				     .n = lead.n,
				     .keys = 1 + axis->with.n,
				     .value = lead.value };
	line->sets = sets = ARENA_ARRAY(m->arena, struct scenario_set, line->n * line->keys);
	for (uint32_t i = 0; i < line->n; i++)
		sets[i * line->keys] = lead.set[i];
	for (uint32_t k = 0; k < axis->with.n; k++) {
		const struct study_key *key = (const struct study_key *)axis->with.at + k;
		struct values values;

		if (!make_values(m, key, with->items[k], &values))
			return false;
		if (values.n != line->n)
			return yaml_err(with->items[k], m->err,
					"%s has %u values, but %s, with which it moves, has %u",
					key->key, values.n, axis->lead.key, line->n);
		for (uint32_t i = 0; i < line->n; i++)
			sets[i * line->keys + 1 + k] = values.set[i];
	}
	return true;
}

static bool same_key(const struct study *study, uint32_t axis, const char *key)
{
	for (uint32_t k = 0; k < study->line[axis].keys; k++)
		if (!strcmp(study->line[axis].sets[k].key, key))
			return true;
	return false;
}

/* A key that an axis sets may not be set by anybody else: one of them would be in vain. */
static bool check_sets(const struct study *study, const struct scenario_set *sets, uint32_t n,
		       const char *who, struct err *err)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t a = 0; a < study->axes.n; a++)
			if (same_key(study, a, sets[i].key))
				return err_set(err, "%s sets %s, but the sweep varies it", who,
					       sets[i].key);
	return true;
}

static bool check(const struct study *study, const struct scenario *scenario,
		  const struct yaml_node *axes, const struct scenario_set *sets, uint32_t n_sets,
		  struct making *m)
{
	for (uint32_t a = 0; a < study->axes.n; a++)
		for (uint32_t b = 0; b < a; b++) {
			if (!strcmp(study->line[a].name, study->line[b].name))
				return yaml_err(axes->items[a], m->err,
						"two axes are called \"%.60s\": expected a `name` "
						"of its own for each",
						study->line[a].name);
			for (uint32_t k = 0; k < study->line[a].keys; k++)
				if (same_key(study, b, study->line[a].sets[k].key))
					return yaml_err(axes->items[a], m->err,
							"two axes vary %.60s",
							study->line[a].sets[k].key);
		}
	for (uint32_t v = 0; v < scenario->n_variants; v++) {
		const struct scenario_variant *variant = &scenario->variants[v];
		const char *who = arena_print(m->arena, "variant \"%.60s\"", variant->name);

		if (!check_sets(study, variant->sets, variant->n, who, m->err))
			return false;
	}
	return check_sets(study, sets, n_sets, "--set", m->err);
}

/* ---- the block ---- */

/* A list becomes its text in flow style. */
static void flatten(struct yaml_node *map, struct arena *arena)
{
	struct yaml_node *values = map->kind == YAML_MAP ? yaml_get(map, "values") : NULL;

	if (values && values->kind == YAML_LIST)
		yaml_put(map, yaml_scalar_at(values, "values", arena),
			 yaml_scalar_at(values, yaml_flow(values, arena), arena), arena);
}

static struct yaml_node *list_in(struct yaml_node *map, const char *key)
{
	struct yaml_node *list = map && map->kind == YAML_MAP ? yaml_get(map, key) : NULL;

	return list && list->kind == YAML_LIST ? list : NULL;
}

/* The tree as the option table reads it. */
static struct yaml_node *flat(const struct yaml_node *block, struct arena *arena)
{
	struct yaml_node *copy = yaml_copy(block, arena), *axes = list_in(copy, "axes"), *with;

	for (uint32_t i = 0; axes && i < axes->n; i++) {
		flatten(axes->items[i], arena);
		with = list_in(axes->items[i], "with");
		for (uint32_t j = 0; with && j < with->n; j++)
			flatten(with->items[j], arena);
	}
	return copy;
}

/* The block with its sets in it. */
static bool changed(const struct scenario *scenario, const struct scenario_set *sets,
		    uint32_t n_sets, struct yaml_node **out, struct arena *arena, struct err *err)
{
	struct yaml_node *map;

	if (!scenario->sweep)
		return err_at(err, scenario->path, 0, 0,
			      "no `sweep:` block: expected one such as sweep: {axes: [{key: "
			      "cluster.nodes, values: [10, 20]}]}");
	map = yaml_map_at(scenario->sweep, arena);
	yaml_put(map, yaml_scalar_at(scenario->sweep, "sweep", arena),
		 yaml_copy(scenario->sweep, arena), arena);
	for (uint32_t i = 0; i < n_sets; i++)
		if (study_owns(&sets[i]) && !set_apply(study_root, map, &sets[i], arena, err))
			return false;
	*out = yaml_get(map, "sweep");
	return true;
}

bool study_read(struct study *study, const struct scenario *scenario, uint32_t variants,
		const struct opt *root, const struct scenario_set *sets, uint32_t n_sets,
		struct arena *arena, struct err *err)
{
	struct making m = { root, arena, err };
	struct study_line *line;
	struct yaml_node *block = NULL;
	double points = variants ? variants : 1;

	memset(study, 0, sizeof(*study));
	if (!changed(scenario, sets, n_sets, &block, arena, err) ||
	    !scenario_read(study_options, study, flat(block, arena), arena, err))
		return false;
	if (study->min > study->max)
		return yaml_err(block, err, "replications: min is %lld, above max, %lld",
				(long long)study->min, (long long)study->max);
	study->line = line = ARENA_ARRAY(arena, struct study_line, study->axes.n);
	for (uint32_t a = 0; a < study->axes.n; a++) {
		const struct study_axis *axis = (const struct study_axis *)study->axes.at + a;

		if (!make_line(&m, axis, list_in(block, "axes")->items[a], &line[a]))
			return false;
		points *= line[a].n;
		study->sets += line[a].keys;
	}
	if (points > STUDY_POINTS_MAX)
		return yaml_err(block, err, "a sweep of %.0f points: expected at most %d", points,
				STUDY_POINTS_MAX);
	study->variants = variants ? variants : 1;
	study->points = (uint32_t)points;
	return check(study, scenario, list_in(block, "axes"), sets, n_sets, &m);
}

uint32_t study_at(const struct study *study, uint32_t point, uint32_t axis)
{
	point /= study->variants;
	for (uint32_t a = study->axes.n - 1; a > axis; a--)
		point /= study->line[a].n;
	return point % study->line[axis].n;
}

void study_sets(const struct study *study, uint32_t point, struct scenario_set *out)
{
	for (uint32_t a = 0; a < study->axes.n; a++) {
		const struct study_line *line = &study->line[a];

		memcpy(out, line->sets + study_at(study, point, a) * line->keys,
		       line->keys * sizeof(*out));
		out += line->keys;
	}
}

/* load.h - a scenario file becomes a config struct, through the option table that describes it.
 *
 * The order, last wins: defaults, included files, the file itself, the sets (a variant's, then the
 * command line's). Sets change the tree before it is interpreted, so that one on a table that list
 * elements start from (opt.h: inherit) reaches them. Three top-level keys of a file are no options:
 *   include: FILE or [FILE, ...]    read first, relative to this file; tables are merged key by
 *                                   key, lists and values replaced
 *   variants: [{name: N, set: {KEY: VALUE, ...}}, ...]  kept raw: whoever compares variants loads
 *                                   the file once for each, with its sets
 *   sweep: ...                      kept raw
 * Not for what options mean together: that is checked by whoever owns them. */
#ifndef SCENARIOS_LOAD_H
#define SCENARIOS_LOAD_H
#include "base/opt.h"
#include "scenarios/yaml.h"
#include <stdio.h>

/* key is a dotted path; a list's elements go by index, by their `name`, or by * for all of them.
 * The value of an option is taken as it stands (quotes around it are removed), that of a table
 * (merged key by key) or a list (replaced) is YAML in flow style. */
struct scenario_set {
	const char *key, *value;
	const struct yaml_node *node;  /* where a file gives it (a variant); NULL: command line */
};

struct scenario_variant {
	const char *name;
	const struct scenario_set *sets;
	uint32_t n;
};

/* An option that is not left at its default. */
struct scenario_mark {
	const char *path;              /* as opt_walk gives it */
	const char *file;              /* with line 0: the --set that gave it, as written */
	int line;
	const char *from;              /* NULL, or the table that the list element took it from */
};

struct scenario {
	const char *path;
	const char *text;              /* the file as read, without what it includes */
	const struct scenario_variant *variants;
	uint32_t n_variants;
	const struct yaml_node *sweep; /* NULL = none */
	const char *sweep_text;        /* the same in flow style; NULL = none */
	const struct scenario_mark *marks; /* sorted by path */
	uint32_t n_marks;
};

/* Reads the scenario at path into config and what else is known of it into out (may be NULL). All
 * memory is the arena's. False with one line: file:line:col (or the --set), what was wrong, what
 * was expected. */
bool scenario_load(const struct opt *root, void *config, const char *path,
		   const struct scenario_set *sets, uint32_t n_sets, struct scenario *out,
		   struct arena *arena, struct err *err);
/* Interprets a map by a table, defaults included: for what is kept raw, and other option files. */
bool scenario_read(const struct opt *table, void *config, const struct yaml_node *map,
		   struct arena *arena, struct err *err);
/* Splits "a.b.c=value". */
bool scenario_set_parse(const char *text, struct scenario_set *set, struct arena *arena,
			struct err *err);
/* The variant of a name; NULL with a message where there is none. */
const struct scenario_variant *scenario_variant_find(const struct scenario *scenario,
						     const char *name, struct err *err);
/* Where an option's value comes from; NULL = its default. */
const struct scenario_mark *scenario_mark_find(const struct scenario *scenario, const char *path);
/* Marks an option that had no mark: what set it (a preset) is told where the file's name would be.
 * The texts stay the caller's. */
void scenario_mark_add(struct scenario *scenario, const char *path, const char *from,
		       struct arena *arena);
/* What an option takes: "a time such as 30s or 1.5ms", "one of a, b"; memory from the arena. */
const char *scenario_expects(const struct opt *opt, struct arena *arena);
/* Writes every effective value as YAML, each with a comment on where it comes from ("FILE:LINE",
 * "--set ...", "default: SOURCE"). Loads to the same values. */
void scenario_dump(FILE *out, const struct scenario *scenario, const struct opt *root,
		   const void *config);
#endif

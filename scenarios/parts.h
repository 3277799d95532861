/* parts.h - what the files of the loader share: set.c changes the tree, read.c interprets it,
 * load.c calls them in order. Not for use outside scenarios/. */
#ifndef SCENARIOS_PARTS_H
#define SCENARIOS_PARTS_H
#include "base/vec.h"
#include "scenarios/load.h"

struct reading {
	const struct opt *root;   /* for suggestions */
	struct arena *arena;
	struct err *err;
	VEC(struct scenario_mark) marks; /* in the order of reading; path "" = taken back */
};

/* The row of a key (n bytes) in a table, tables inlined into it included; NULL if none. table and
 * config, which may point to NULL, are moved to the table and struct in which the row lies. */
const struct opt *row_find(const struct opt **table, const char *key, size_t n, void **config);
/* The message for a key that no row has; returns false. */
bool row_unknown(const struct opt *root, const struct opt *table, const char *key,
		 const struct yaml_node *at, struct arena *arena, struct err *err);
/* Interprets a map into config, which holds the defaults; "" is the path of the root. */
bool read_table(struct reading *reading, const struct opt *table, void *config,
		const struct yaml_node *map, const char *path, uint32_t since);
/* Changes the tree as the set says. */
bool set_apply(const struct opt *root, struct yaml_node *map, const struct scenario_set *set,
	       struct arena *arena, struct err *err);
#endif

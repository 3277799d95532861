/* opt.h - the typed option table: one row an option, standing beside the module that it configures.
 *
 * The same rows feed the scenario parser, the defaults, --set, `sonde help KEY`, the effective dump
 * and the man page (fio's idea). Tables nest: OPT_TABLE is a struct inside the struct, OPT_INLINE
 * the same without a level in the file, OPT_LIST a list of structs (struct opt_list). Values are
 * kept in base units: ns, bytes, bytes/s. */
#ifndef BASE_OPT_H
#define BASE_OPT_H
#include "base/arena.h"
#include "base/dist.h"
#include "base/err.h"
#include "base/unit.h"
#include <stdint.h>

enum opt_type {
	OPT_BOOL,    /* bool */
	OPT_INT,     /* int64_t; unit NONE, TIME (ns), BYTES or TOKENS */
	OPT_REAL,    /* double; any unit */
	OPT_TEXT,    /* const char *; NULL or "" when absent */
	OPT_CHOICE,  /* int: index into choices */
	OPT_DIST,    /* struct dist, in the unit given */
	OPT_TABLE,   /* a nested struct, described by sub */
	OPT_INLINE,  /* the same, its keys at this level */
	OPT_LIST     /* struct opt_list of structs described by sub, each of size bytes */
};

struct opt_list { void *at; uint32_t n; };

struct opt {
	const char *name;            /* NULL ends a table */
	enum opt_type type;
	enum unit unit;
	size_t offset;               /* of the value in the module's config struct */
	const char *value;           /* default as a user would write it; NULL for tables, lists */
	double min, max;             /* in base units, may be infinite; both 0 = no range; a
	                              * distribution's mean is held to it */
	const char *const *choices;  /* OPT_CHOICE: NULL-terminated */
	const struct opt *sub;       /* OPT_TABLE, OPT_INLINE, OPT_LIST */
	size_t size;                 /* OPT_LIST: of one element */
	size_t inherit;              /* OPT_LIST: 1 + offset, in the enclosing struct, of a struct
	                              * of the element's type whose values an element starts from;
	                              * 0 = the sub-table's defaults */
	const char *help;            /* one line */
	const char *source;          /* of the default; "assumption" is said so and swept */
};

#define OPT_END { .name = NULL }

/* Fills config with the defaults of the table and everything nested in it (lists empty). */
void opt_defaults(const struct opt *table, void *config, struct arena *arena);
/* Parses text into one option's place in its config struct and checks range and choices. `where`
 * gives the position for messages (its file, line, col are copied); the message names the key, what
 * was wrong and what is expected. */
bool opt_parse(const struct opt *opt, void *config, const char *text, struct arena *arena,
	       struct err *where);
/* Finds an option by dotted path ("engine.kv_blocks"; list elements by index or by their `name` or
 * left out, as the table is the same for all of them); NULL if none. */
const struct opt *opt_find(const struct opt *table, const char *path);
/* The full path of the option whose name or path is nearest to word, or NULL. Memory from the
 * arena. */
const char *opt_nearest(const struct opt *table, const char *word, struct arena *arena);
/* The value as a user would write it; memory from the arena. */
const char *opt_text(const struct opt *opt, const void *config, struct arena *arena);
/* The range as text ("1 to 64", "at least 0s"), "" where there is none; memory from the arena. */
const char *opt_range(const struct opt *opt, struct arena *arena);
/* The `name` of a list's element; NULL where its table has none or it is empty. */
const char *opt_element_name(const struct opt *list, const void *element);
/* Calls visit for each option, depth first in table order, with its path (valid during the call)
 * and the struct it lies in; tables and lists are visited themselves before what they hold,
 * OPT_INLINE is not; elements of lists go by path.NAME, or path.0, path.1 without a name; config
 * NULL visits the tables alone, with path.* for elements. */
typedef void opt_visit(void *ctx, const char *path, const struct opt *opt, const void *config);
void opt_walk(const struct opt *table, const void *config, opt_visit *visit, void *ctx);
#endif

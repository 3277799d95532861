/* yaml.h - a YAML file as a tree in which every node knows where it was written.
 *
 * For whoever reads YAML: scenarios, the catalogue, Kubernetes manifests. It knows nothing of
 * options and makes no values: a scalar is its text. Aliases are expanded to copies of their own,
 * `<<:` is merged, duplicate keys are errors. Files must be UTF-8 and at most 16 MiB. */
#ifndef SCENARIOS_YAML_H
#define SCENARIOS_YAML_H
#include "base/arena.h"
#include "base/err.h"
#include <stdint.h>

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_pair;
struct yaml_node {
	enum yaml_kind kind;
	bool plain;               /* a scalar without quotes */
	const char *text;         /* a scalar's; no zero byte inside */
	struct yaml_node **items; /* a list's */
	struct yaml_pair *pairs;  /* a map's, in the order of the file */
	uint32_t n, cap;          /* of items or pairs */
	const char *file;         /* where it is written; line 0 = file is a label ("--set a=1") */
	int line, col;
};
/* The key is a scalar. */
struct yaml_pair { struct yaml_node *key, *value; };

/* Reads a file of YAML documents; *out is a list of them (empty where the file has but comments).
 * Memory from the arena. A file that cannot be read or is not YAML gives one line with its
 * position. */
bool yaml_read(const char *path, struct yaml_node **out, struct arena *arena, struct err *err);
/* The same from memory; file is the name for messages and is copied. */
bool yaml_parse(const char *data, size_t bytes, const char *file, struct yaml_node **out,
		struct arena *arena, struct err *err);
/* Reads one value written in a line elsewhere (an argument, a string): every node and message has
 * the position file:line:col. Empty text is a null. */
bool yaml_parse_value(const char *text, const char *file, int line, int col, struct yaml_node **out,
		      struct arena *arena, struct err *err);
/* The length of the UTF-8 character at text, left bytes before its end, and its code; 0 if none. */
size_t yaml_char(const char *text, size_t left, uint32_t *code);
/* Whether the text is UTF-8 without control characters, which is all that YAML allows. */
bool yaml_is_text(const char *text, size_t bytes);
/* Reads the whole of a file (or pipe) into the arena, ended by a zero; false where it cannot be
 * read or is too large. */
bool yaml_slurp(const char *path, char **data, size_t *bytes, struct arena *arena, struct err *err);

/* A copy down to the last scalar. */
struct yaml_node *yaml_copy(const struct yaml_node *node, struct arena *arena);
/* An empty map or a scalar (not plain) at the position of another node. */
struct yaml_node *yaml_map_at(const struct yaml_node *at, struct arena *arena);
struct yaml_node *yaml_scalar_at(const struct yaml_node *at, const char *text, struct arena *arena);
/* The value of a key; NULL where the map has no such key. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* Sets a key to a value: in place where the map has it, else at the end. */
void yaml_put(struct yaml_node *map, struct yaml_node *key, struct yaml_node *value,
	      struct arena *arena);
/* Removes a key and returns its value; NULL where the map has no such key. */
struct yaml_node *yaml_drop(struct yaml_node *map, const char *key);
/* Appends to a list. */
void yaml_append(struct yaml_node *list, struct yaml_node *item, struct arena *arena);
/* Lays over's keys over base's, map by map; lists and scalars replace; a null over a map changes
 * nothing. */
void yaml_merge(struct yaml_node *base, const struct yaml_node *over, struct arena *arena);
/* An empty, ~ or null scalar without quotes. */
bool yaml_is_null(const struct yaml_node *node);
/* "a list", "a table", "a value" or "nothing", for messages. */
const char *yaml_kind_name(const struct yaml_node *node);
/* A message at the node's position; returns false. */
bool yaml_err(const struct yaml_node *at, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The node in flow style on one line; parses back to the same tree. */
const char *yaml_flow(const struct yaml_node *node, struct arena *arena);
/* Text as a scalar in block style: as it is where that reads back to it, else quoted. */
const char *yaml_quote(const char *text, struct arena *arena);
#endif

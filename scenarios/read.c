/* A map's keys are looked up in the table one by one: unknown ones first (the plainest message),
 * then all that are not lists, then the lists, whose elements may start from another key's values.
 * Every key leaves a mark (path, file, line); an element starts with copies of the marks of what it
 * starts from, which its own keys take back. */
#include "scenarios/parts.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *scenario_expects(const struct opt *opt, struct arena *arena)
{
	const char *list = "one of";

	switch (opt->type) {
	case OPT_BOOL: return "true or false";
	case OPT_INT:
	case OPT_REAL: return unit_expects(opt->unit);
	case OPT_TEXT: return "a text";
	case OPT_CHOICE:
		for (int i = 0; opt->choices[i]; i++)
			list = arena_print(arena, "%s%s%s", list, i ? ", " : " ", opt->choices[i]);
		return list;
	case OPT_DIST:
		return arena_print(arena,
				   "%s, or a distribution of it such as U(a,b) or LN(p50,p95)",
				   unit_expects(opt->unit));
	case OPT_TABLE:
	case OPT_INLINE: return "a table of options (key: value)";
	case OPT_LIST: return "a list of tables (each begins with \"- \")";
	}
	assert(!"a type of option");
	return "";
}

const struct opt *row_find(const struct opt **table, const char *key, size_t n, void **config)
{
	for (const struct opt *opt = *table; opt->name; opt++) {
		const struct opt *sub = opt->sub, *found;
		void *place = *config ? (char *)*config + opt->offset : NULL;

		if (opt->type == OPT_INLINE && (found = row_find(&sub, key, n, &place))) {
			*table = sub;
			*config = place;
			return found;
		}
		if (opt->type != OPT_INLINE && strlen(opt->name) == n && !memcmp(opt->name, key, n))
			return opt;
	}
	return NULL;
}

static void names_of(const struct opt *table, const char ***at)
{
	for (const struct opt *opt = table; opt->name; opt++) {
		if (opt->type == OPT_INLINE)
			names_of(opt->sub, at);
		else
			*(*at)++ = opt->name;
	}
}

static uint32_t rows_in(const struct opt *table)
{
	uint32_t n = 0;

	for (const struct opt *opt = table; opt->name; opt++)
		n += opt->type == OPT_INLINE ? rows_in(opt->sub) : 1;
	return n;
}

bool row_unknown(const struct opt *root, const struct opt *table, const char *key,
		 const struct yaml_node *at, struct arena *arena, struct err *err)
{
	uint32_t n = rows_in(table);
	const char **names = ARENA_ARRAY(arena, const char *, n + 1), **end = names, *near,
		   *known = "";

	names_of(table, &end);
	near = err_nearest(key, names);
	if (near)
		return yaml_err(at, err, "unknown key \"%.60s\"; did you mean \"%s\"?", key, near);
	near = opt_nearest(root, key, arena);
	if (near)
		return yaml_err(at, err, "unknown key \"%.60s\" here; did you mean \"%s\"?", key,
				near);
	/* U(1s,2s) inside {...} falls apart at its comma. */
	if (*key && key[strlen(key) - 1] == ')')
		return yaml_err(
			at, err,
			"unknown key \"%.60s\"; a value with commas inside {...} needs quotes",
			key);
	for (uint32_t i = 0; i < n; i++)
		known = arena_print(arena, "%s%s%s", known, i ? ", " : "", names[i]);
	return yaml_err(at, err, "unknown key \"%.60s\"; known here: %s", key, known);
}

/* Whether path is or lies under prefix. */
static bool under(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(path, prefix, n) && (!path[n] || path[n] == '.');
}

/* Notes where a key is given; what an element took over for it before (marks from since on) is
 * void. */
static void mark(struct reading *reading, const struct opt *row, const struct yaml_node *node,
		 const char *path, uint32_t since)
{
	for (uint32_t i = since; i < reading->marks.n; i++)
		if (row->type == OPT_LIST ? under(reading->marks.at[i].path, path)
					  : !strcmp(reading->marks.at[i].path, path))
			reading->marks.at[i].path = "";
	vec_push(&reading->marks, (struct scenario_mark){ path, node->file, node->line, NULL });
}

/* Copies the marks under `from`, of those before `until`, to the element at path; without a name
 * that of `from` itself too. */
static void marks_copy(struct reading *reading, const char *from, const char *name,
		       const char *path, uint32_t until)
{
	size_t n = strlen(from);

	for (uint32_t i = 0; i < until; i++) {
		struct scenario_mark copy = reading->marks.at[i];

		if (!under(copy.path, from) || (name && !copy.path[n]))
			continue;
		copy.path = arena_print(reading->arena, "%s%s", path, copy.path + n);
		copy.from = name;
		vec_push(&reading->marks, copy);
	}
}

static const char *join(struct reading *reading, const char *path, const char *name)
{
	return *path ? arena_print(reading->arena, "%s.%s", path, name) : name;
}

/* The row, a table or rows inline, that a list's elements start from. */
static const struct opt *base_row(const struct opt *table, const struct opt *list)
{
	for (const struct opt *opt = table; opt->name; opt++)
		if ((opt->type == OPT_TABLE || opt->type == OPT_INLINE) &&
		    opt->offset == list->inherit - 1)
			return opt;
	return NULL;
}

/* What an element at path takes over; base_path is the base's, of rows inline what they lie in. */
static void take_over(struct reading *reading, const struct opt *base, const char *base_path,
		      const char *path, uint32_t until)
{
	if (base->type == OPT_TABLE) {
		marks_copy(reading, base_path, base->name, path, until);
		return;
	}
	for (const struct opt *row = base->sub; row->name; row++)
		marks_copy(reading, join(reading, base_path, row->name), NULL,
			   join(reading, path, row->name), until);
}

static bool read_element(struct reading *reading, const struct opt *list, char *at, uint32_t i,
			 const struct yaml_node *item, const char *path, const struct opt *base,
			 const char *base_path, uint32_t until)
{
	void *element = at + i * list->size;
	uint32_t since = reading->marks.n;
	const struct yaml_node *named;
	const char *name;

	if (item->kind != YAML_MAP)
		return yaml_err(item, reading->err,
				"%s: expected a table of options in each element, found %s",
				list->name, yaml_kind_name(item));
	named = yaml_get(item, "name");
	/* The label that the element will have once it is read. */
	name = !named					  ? opt_element_name(list, element)
	     : named->kind == YAML_SCALAR && *named->text ? named->text
							  : NULL;
	path = join(reading, path, name ? name : arena_print(reading->arena, "%u", i));
	if (base)
		take_over(reading, base, base_path, path, until);
	if (!read_table(reading, list->sub, element, item, path, since))
		return false;
	name = opt_element_name(list, element);
	for (uint32_t j = 0; name && j < i; j++) {
		const char *other = opt_element_name(list, at + j * list->size);

		if (other && !strcmp(name, other))
			return yaml_err(named ? named : item, reading->err,
					"%s: two elements are called \"%.60s\"; each needs a name "
					"of its own",
					list->name, name);
	}
	return true;
}

/* config is the struct in which the list lies, table its table, parent its path. */
static bool read_list(struct reading *reading, const struct opt *table, const struct opt *row,
		      void *config, const struct yaml_node *node, const char *parent,
		      const char *path)
{
	const struct opt *base = row->inherit ? base_row(table, row) : NULL;
	const char *base_path = !base			? ""
			      : base->type == OPT_TABLE ? join(reading, parent, base->name)
							: parent;
	uint32_t n = yaml_is_null(node) ? 0 : node->n, until = reading->marks.n;
	struct opt_list *list = (void *)((char *)config + row->offset);
	char *at;

	if (node->kind != YAML_LIST && !yaml_is_null(node))
		return yaml_err(node, reading->err, "%s: expected %s, found %s", row->name,
				scenario_expects(row, reading->arena), yaml_kind_name(node));
	at = arena_take(reading->arena, n * row->size);
	for (uint32_t i = 0; i < n; i++) {
		if (row->inherit)
			memcpy(at + i * row->size, (char *)config + row->inherit - 1, row->size);
		else
			opt_defaults(row->sub, at + i * row->size, reading->arena);
		if (!read_element(reading, row, at, i, node->items[i], path, base, base_path,
				  until))
			return false;
	}
	list->at = n ? at : NULL;
	list->n = n;
	return true;
}

static bool read_row(struct reading *reading, const struct opt *table, const struct opt *row,
		     void *config, const struct yaml_node *node, const char *parent, uint32_t since)
{
	const char *path = join(reading, parent, row->name);
	struct err *err = reading->err;

	mark(reading, row, node, path, since);
	if (row->type == OPT_LIST)
		return read_list(reading, table, row, config, node, parent, path);
	if (row->type == OPT_TABLE && yaml_is_null(node))
		return true;
	if (node->kind != (row->type == OPT_TABLE ? YAML_MAP : YAML_SCALAR) || yaml_is_null(node))
		return yaml_err(node, err, "%s: expected %s, found %s", row->name,
				scenario_expects(row, reading->arena), yaml_kind_name(node));
	if (row->type == OPT_TABLE)
		return read_table(reading, row->sub, (char *)config + row->offset, node, path,
				  since);
	yaml_err(node, err, "%s", "");
	return opt_parse(row, config, node->text, reading->arena, err);
}

bool read_table(struct reading *reading, const struct opt *table, void *config,
		const struct yaml_node *map, const char *path, uint32_t since)
{
	enum { UNKNOWN, OTHERS, LISTS, PASSES };

	for (int pass = UNKNOWN; pass < PASSES; pass++) {
		for (uint32_t i = 0; i < map->n; i++) {
			const struct yaml_node *key = map->pairs[i].key;
			const struct opt *owner = table, *row;
			void *place = config;

			row = row_find(&owner, key->text, strlen(key->text), &place);
			if (!row)
				return row_unknown(reading->root, table, key->text, key,
						   reading->arena, reading->err);
			if (pass == (row->type == OPT_LIST ? LISTS : OTHERS) &&
			    !read_row(reading, owner, row, place, map->pairs[i].value, path, since))
				return false;
		}
	}
	return true;
}

bool scenario_read(const struct opt *table, void *config, const struct yaml_node *map,
		   struct arena *arena, struct err *err)
{
	struct reading reading = { .root = table, .arena = arena, .err = err };
	bool ok;

	if (map->kind != YAML_MAP)
		return yaml_err(map, err, "expected a table of options (key: value), found %s",
				yaml_kind_name(map));
	opt_defaults(table, config, arena);
	ok = read_table(&reading, table, config, map, "", 0);
	vec_release(&reading.marks);
	return ok;
}

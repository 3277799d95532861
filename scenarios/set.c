/* A set walks down the option table and the tree side by side, making tables that the file leaves
 * out, and puts its value where they end.  The value's nodes bear the set itself ("--set a.b=1") as
 * their position, so that a message about them, now or when they are interpreted, begins with it.
 */
#include "scenarios/parts.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct change {
	const struct opt *root;
	const struct scenario_set *set;
	struct yaml_node *at; /* bears the position of the set */
	struct arena *arena;
	struct err *err;
};

static bool walk_table(struct change *change, const struct opt *table, struct yaml_node *map,
		       const char *rest);

bool scenario_set_parse(const char *text, struct scenario_set *set, struct arena *arena,
			struct err *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return err_set(err, "--set %.200s: expected KEY=VALUE such as cluster.nodes=8",
			       text);
	*set = (struct scenario_set){ .key = arena_text(arena, text, (size_t)(equals - text)),
				      .value = arena_text(arena, equals + 1, strlen(equals + 1)) };
	return true;
}

/* The set's value as a node for the row. */
static bool value_of(struct change *change, const struct opt *row, struct yaml_node **out)
{
	const struct scenario_set *set = change->set;
	bool whole = row->type == OPT_TABLE || row->type == OPT_LIST;

	if (set->node) {
		*out = yaml_copy(set->node, change->arena);
		return true;
	}
	if (whole || (*set->value && strchr("\"'[{", *set->value)))
		return yaml_parse_value(set->value, change->at->file, 0, 0, out, change->arena,
					change->err);
	*out = yaml_scalar_at(change->at, set->value, change->arena);
	return yaml_is_text(set->value, strlen(set->value)) ||
	       yaml_err(change->at, change->err, "%s: not UTF-8 text", row->name);
}

static bool put(struct change *change, const struct opt *row, struct yaml_node *map)
{
	struct yaml_node *value, *old = yaml_get(map, row->name);

	if (!value_of(change, row, &value))
		return false;
	if (row->type == OPT_TABLE && old && old->kind == YAML_MAP && value->kind == YAML_MAP)
		yaml_merge(old, value, change->arena);
	else
		yaml_put(map, yaml_scalar_at(change->at, row->name, change->arena), value,
			 change->arena);
	return true;
}

/* The length of the element's label at the start of rest if it is this element's name, else 0. */
static size_t names(const struct yaml_node *item, const char *rest)
{
	const struct yaml_node *name = item->kind == YAML_MAP ? yaml_get(item, "name") : NULL;
	size_t n = name && name->kind == YAML_SCALAR ? strlen(name->text) : 0;

	return n && !strncmp(rest, name->text, n) && rest[n] == '.' ? n : 0;
}

static bool no_element(struct change *change, const struct opt *row, const struct yaml_node *list,
		       const char *rest)
{
	const char *known = "";
	uint32_t named = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		const struct yaml_node *item = list->items[i];
		const struct yaml_node *name =
			item->kind == YAML_MAP ? yaml_get(item, "name") : NULL;

		if (name && name->kind == YAML_SCALAR && strlen(known) < 200)
			known = arena_print(change->arena, "%s%s%s", known, named++ ? ", " : "",
					    name->text);
	}
	return yaml_err(change->at, change->err,
			"%s has %u element%s%s%s%s, and none is called \"%.*s\"", row->name,
			list->n, list->n == 1 ? "" : "s", named ? " (" : "", known,
			named ? ")" : "", (int)strcspn(rest, "."), rest);
}

static bool walk_list(struct change *change, const struct opt *row, struct yaml_node *list,
		      const char *rest)
{
	uint32_t at = UINT32_MAX;
	size_t n = 0, best = 0;
	char *end;

	if (!list || list->kind != YAML_LIST)
		return yaml_err(change->at, change->err,
				"%s is %s in the scenario, so it has no element to change",
				row->name, list ? "not a list" : "not given");
	for (uint32_t i = 0; i < list->n; i++) {
		n = names(list->items[i], rest);
		if (n > best) {
			best = n;
			at = i;
		}
	}
	if (at == UINT32_MAX && isdigit((unsigned char)*rest)) {
		unsigned long index = strtoul(rest, &end, 10);

		if (*end == '.' && index < list->n) {
			at = (uint32_t)index;
			best = (size_t)(end - rest);
		}
	}
	if (at == UINT32_MAX && (strncmp(rest, "*.", 2) != 0 || !list->n))
		return no_element(change, row, list, rest);
	for (uint32_t i = 0; i < list->n; i++) {
		if (at != UINT32_MAX && i != at)
			continue;
		if (list->items[i]->kind != YAML_MAP)
			return yaml_err(list->items[i], change->err,
					"%s: expected a table of options, found %s", row->name,
					yaml_kind_name(list->items[i]));
		if (!walk_table(change, row->sub, list->items[i],
				rest + (at == UINT32_MAX ? 1 : best) + 1))
			return false;
	}
	return true;
}

static bool walk_table(struct change *change, const struct opt *table, struct yaml_node *map,
		       const char *rest)
{
	size_t n = strcspn(rest, ".");
	const struct opt *owner = table, *row;
	struct yaml_node *child;
	void *none = NULL;

	row = row_find(&owner, rest, n, &none);
	if (!row)
		return row_unknown(change->root, table, arena_text(change->arena, rest, n),
				   change->at, change->arena, change->err);
	if (!rest[n])
		return put(change, row, map);
	child = yaml_get(map, row->name);
	if (row->type == OPT_LIST)
		return walk_list(change, row, child, rest + n + 1);
	if (row->type != OPT_TABLE)
		return yaml_err(change->at, change->err, "%s is a value, it has no key \"%.60s\"",
				row->name, rest + n + 1);
	if (!child || yaml_is_null(child)) {
		child = yaml_map_at(change->at, change->arena);
		yaml_put(map, yaml_scalar_at(change->at, row->name, change->arena), child,
			 change->arena);
	}
	if (child->kind != YAML_MAP)
		return yaml_err(child, change->err, "%s: expected a table of options, found %s",
				row->name, yaml_kind_name(child));
	return walk_table(change, row->sub, child, rest + n + 1);
}

bool set_apply(const struct opt *root, struct yaml_node *map, const struct scenario_set *set,
	       struct arena *arena, struct err *err)
{
	struct yaml_node at = { .kind = YAML_SCALAR, .text = "" };
	struct change change = { .root = root, .set = set, .at = &at, .arena = arena, .err = err };

	if (set->node)
		at = *set->node;
	else
		at.file = arena_print(arena, "--set %s=%s", set->key, set->value);
	return walk_table(&change, root, map, set->key);
}

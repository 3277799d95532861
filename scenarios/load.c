/* Files first become one tree (includes below, includers above), what is no option is taken out of
 * it and kept, sets change it, and read.c interprets what is left. */
#include "scenarios/parts.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INCLUDES_MAX = 16 };

struct files {
	struct arena *arena;
	struct err *err;
	struct stat open[INCLUDES_MAX]; /* the files that include the one being read, and it */
	int depth;
};

static bool read_file(struct files *files, const char *path, struct yaml_node **out,
		      const char **text);

/* The one document of a file, which must be a map. */
static bool parse(struct files *files, const char *path, struct yaml_node **out, const char **text)
{
	struct err *err = files->err;
	struct yaml_node *list;
	size_t bytes;
	char *data;

	if (!yaml_slurp(path, &data, &bytes, files->arena, err))
		return false;
	if (!bytes)
		return err_at(err, path, 0, 0, "the file is empty");
	if (!yaml_parse(data, bytes, path, &list, files->arena, err))
		return false;
	if (list->n > 1)
		return yaml_err(list->items[1], err, "a second document begins; a scenario is one");
	if (!list->n || yaml_is_null(list->items[0]))
		return err_at(err, path, 0, 0,
			      "the file has no options in it, only comments or nothing");
	*out = list->items[0];
	*text = data;
	if ((*out)->kind == YAML_MAP)
		return true;
	return yaml_err(*out, err, "expected a table of options (key: value), found %s",
			yaml_kind_name(*out));
}

/* Reads one included file and lays it over base. */
static bool include(struct files *files, const char *by, const struct yaml_node *node,
		    struct yaml_node *base)
{
	const char *slash = strrchr(by, '/'), *path, *text;
	struct yaml_node *map = NULL;

	if (node->kind != YAML_SCALAR || yaml_is_null(node) || !*node->text)
		return yaml_err(node, files->err, "include: expected a file name, found %s",
				yaml_kind_name(node));
	if (!slash || *node->text == '/')
		path = node->text;
	else
		path = arena_print(files->arena, "%.*s/%s", (int)(slash - by), by, node->text);
	if (!read_file(files, path, &map, &text)) {
		/* A file that is missing is the fault of this line, not of that file. */
		return files->err->line ? false
					: yaml_err(node, files->err, "include: %s: %s", path,
						   files->err->text);
	}
	yaml_merge(base, map, files->arena);
	return true;
}

static bool read_file(struct files *files, const char *path, struct yaml_node **out,
		      const char **text)
{
	struct yaml_node *map = NULL, *includes, *base;
	struct stat *is = &files->open[files->depth];

	if (!parse(files, path, &map, text))
		return false;
	if (stat(path, is))
		memset(is, 0, sizeof(*is));
	for (int i = 0; i < files->depth; i++)
		if (files->open[i].st_dev == is->st_dev && files->open[i].st_ino == is->st_ino)
			return err_at(files->err, path, 0, 0,
				      "the file includes itself, directly or through another");
	includes = yaml_drop(map, "include");
	*out = map;
	if (!includes)
		return true;
	if (files->depth + 1 == INCLUDES_MAX)
		return yaml_err(includes, files->err, "include: more than %d files deep",
				INCLUDES_MAX - 1);
	files->depth++;
	base = yaml_map_at(map, files->arena);
	if (includes->kind == YAML_LIST) {
		for (uint32_t i = 0; i < includes->n; i++)
			if (!include(files, path, includes->items[i], base))
				return false;
	} else if (!include(files, path, includes, base)) {
		return false;
	}
	files->depth--;
	yaml_merge(base, map, files->arena);
	*out = base;
	return true;
}

/* One {name: N, set: {KEY: VALUE, ...}}; its keys must be options, so that a slip shows in every
 * run. */
static bool read_variant(const struct opt *root, const struct yaml_node *node,
			 struct scenario_variant *variant, struct arena *arena, struct err *err)
{
	const struct yaml_node *name = node->kind == YAML_MAP ? yaml_get(node, "name") : NULL;
	const struct yaml_node *set = node->kind == YAML_MAP ? yaml_get(node, "set") : NULL;
	struct scenario_set *sets;

	if (!name || name->kind != YAML_SCALAR || yaml_is_null(name) || !*name->text)
		return yaml_err(
			node, err,
			"variants: expected {name: NAME, set: {KEY: VALUE, ...}} in each element");
	for (uint32_t i = 0; i < node->n; i++)
		if (strcmp(node->pairs[i].key->text, "name") != 0 &&
		    strcmp(node->pairs[i].key->text, "set") != 0)
			return yaml_err(node->pairs[i].key, err,
					"unknown key \"%.60s\"; known here: name, set",
					node->pairs[i].key->text);
	*variant = (struct scenario_variant){ .name = name->text };
	if (!set || yaml_is_null(set))
		return true;
	if (set->kind != YAML_MAP)
		return yaml_err(set, err, "set: expected a table of KEY: VALUE, found %s",
				yaml_kind_name(set));
	sets = ARENA_ARRAY(arena, struct scenario_set, set->n);
	for (uint32_t i = 0; i < set->n; i++) {
		const struct yaml_node *key = set->pairs[i].key;

		if (!opt_find(root, key->text))
			return row_unknown(root, root, key->text, key, arena, err);
		sets[i] = (struct scenario_set){ .key = key->text,
						 .node = set->pairs[i].value,
						 .value = yaml_flow(set->pairs[i].value, arena) };
	}
	variant->sets = sets;
	variant->n = set->n;
	return true;
}

static bool read_variants(const struct opt *root, const struct yaml_node *node,
			  struct scenario *out, struct arena *arena, struct err *err)
{
	struct scenario_variant *variants;

	if (!node || yaml_is_null(node))
		return true;
	if (node->kind != YAML_LIST)
		return yaml_err(node, err,
				"variants: expected a list of {name: NAME, set: {KEY: VALUE, "
				"...}}, found %s",
				yaml_kind_name(node));
	variants = ARENA_ARRAY(arena, struct scenario_variant, node->n);
	for (uint32_t i = 0; i < node->n; i++) {
		if (!read_variant(root, node->items[i], &variants[i], arena, err))
			return false;
		for (uint32_t j = 0; j < i; j++)
			if (!strcmp(variants[i].name, variants[j].name))
				return yaml_err(node->items[i], err,
						"variants: two are called \"%.60s\"",
						variants[i].name);
	}
	out->variants = variants;
	out->n_variants = node->n;
	return true;
}

static int by_path(const void *a, const void *b)
{
	const struct scenario_mark *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void keep_marks(struct reading *reading, struct scenario *out)
{
	struct scenario_mark *marks =
		ARENA_ARRAY(reading->arena, struct scenario_mark, reading->marks.n);
	uint32_t n = 0;

	for (uint32_t i = 0; i < reading->marks.n; i++)
		if (*reading->marks.at[i].path)
			marks[n++] = reading->marks.at[i];
	if (n)
		qsort(marks, n, sizeof(marks[0]), by_path);
	out->marks = marks;
	out->n_marks = n;
}

bool scenario_load(const struct opt *root, void *config, const char *path,
		   const struct scenario_set *sets, uint32_t n_sets, struct scenario *out,
		   struct arena *arena, struct err *err)
{
	struct files files = { .arena = arena, .err = err };
	struct reading reading = { .root = root, .arena = arena, .err = err };
	struct scenario unwanted;
	struct yaml_node *map = NULL;
	bool ok = true;

	if (!out)
		out = &unwanted;
	*out = (struct scenario){ .path = arena_text(arena, path, strlen(path)) };
	if (!read_file(&files, out->path, &map, &out->text) ||
	    !read_variants(root, yaml_drop(map, "variants"), out, arena, err))
		return false;
	out->sweep = yaml_drop(map, "sweep");
	out->sweep_text = out->sweep ? yaml_flow(out->sweep, arena) : NULL;
	for (uint32_t i = 0; i < n_sets && ok; i++)
		ok = set_apply(root, map, &sets[i], arena, err);
	opt_defaults(root, config, arena);
	ok = ok && read_table(&reading, root, config, map, "", 0);
	keep_marks(&reading, out);
	vec_release(&reading.marks);
	return ok;
}

const struct scenario_variant *scenario_variant_find(const struct scenario *scenario,
						     const char *name, struct err *err)
{
	const char **names = calloc(scenario->n_variants + 1, sizeof(*names)), *near;
	const struct scenario_variant *found = NULL;

	assert(names);
	for (uint32_t i = 0; i < scenario->n_variants; i++) {
		names[i] = scenario->variants[i].name;
		if (!strcmp(names[i], name))
			found = &scenario->variants[i];
	}
	near = err_nearest(name, names);
	if (!found)
		err_at(err, scenario->path, 0, 0, "no variant is called \"%.60s\"%s%s%s", name,
		       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	free(names);
	return found;
}

const struct scenario_mark *scenario_mark_find(const struct scenario *scenario, const char *path)
{
	uint32_t low = 0, high = scenario->n_marks;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(scenario->marks[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < scenario->n_marks && !strcmp(scenario->marks[low].path, path)
		     ? &scenario->marks[low]
		     : NULL;
}

void scenario_mark_add(struct scenario *scenario, const char *path, const char *from,
		       struct arena *arena)
{
	struct scenario_mark *marks =
		ARENA_ARRAY(arena, struct scenario_mark, scenario->n_marks + 1);

	for (uint32_t i = 0; i < scenario->n_marks; i++)
		marks[i] = scenario->marks[i];
	marks[scenario->n_marks++] = (struct scenario_mark){ .path = path, .file = from };
	qsort(marks, scenario->n_marks, sizeof(marks[0]), by_path);
	scenario->marks = marks;
}

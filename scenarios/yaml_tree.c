/* Reading files whole, and what is done to a tree once it is read: look up, change, merge, write.
 */
#include "scenarios/yaml.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Far above any scenario, far below what would hurt. */
#define FILE_BYTES_MAX ((size_t)16 << 20)

bool yaml_err(const struct yaml_node *at, struct err *err, const char *format, ...)
{
	char text[sizeof(err->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err_at(err, at->file, at->line, at->col, "%s", text);
}

static bool slurp(FILE *file, const char *path, char **data, size_t *bytes, struct arena *arena,
		  struct err *err)
{
	size_t cap = (size_t)1 << 16, got;
	char *at = malloc(cap), *more;

	for (*bytes = 0; at; *bytes += got) {
		if (*bytes == cap) {
			cap *= 2;
			more = realloc(at, cap);
			if (!more)
				break;
			at = more;
		}
		got = fread(at + *bytes, 1, cap - *bytes, file);
		if (!got || *bytes + got > FILE_BYTES_MAX) {
			*bytes += got;
			break;
		}
	}
	if (!at || ferror(file)) {
		free(at);
		err_at(err, path, 0, 0, "cannot be read: %s", strerror(errno));
		err->system = true;
		return false;
	}
	if (*bytes <= FILE_BYTES_MAX)
		*data = arena_text(arena, at, *bytes);
	free(at);
	return *bytes <= FILE_BYTES_MAX ||
	       err_at(err, path, 0, 0, "larger than %zu MiB: not a file of this kind",
		      FILE_BYTES_MAX >> 20);
}

bool yaml_slurp(const char *path, char **data, size_t *bytes, struct arena *arena, struct err *err)
{
	FILE *file = fopen(path, "rb");
	struct stat is;
	bool ok;

	if (!file) {
		err_at(err, path, 0, 0, errno == ENOENT ? "no such file" : "cannot be opened: %s",
		       strerror(errno));
		err->system = errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG;
		return false;
	}
	if (!fstat(fileno(file), &is) && S_ISDIR(is.st_mode))
		ok = err_at(err, path, 0, 0, "a directory; a YAML file is expected");
	else
		ok = slurp(file, path, data, bytes, arena, err);
	fclose(file);
	return ok;
}

bool yaml_read(const char *path, struct yaml_node **out, struct arena *arena, struct err *err)
{
	size_t bytes = 0;
	char *data = NULL;

	return yaml_slurp(path, &data, &bytes, arena, err) &&
	       yaml_parse(data, bytes, path, out, arena, err);
}

struct yaml_node *yaml_map_at(const struct yaml_node *at, struct arena *arena)
{
	struct yaml_node *node = ARENA_ARRAY(arena, struct yaml_node, 1);

	*node = (struct yaml_node){
		.kind = YAML_MAP, .file = at->file, .line = at->line, .col = at->col
	};
	return node;
}

struct yaml_node *yaml_scalar_at(const struct yaml_node *at, const char *text, struct arena *arena)
{
	struct yaml_node *node = yaml_map_at(at, arena);

	node->kind = YAML_SCALAR;
	node->text = arena_text(arena, text, strlen(text));
	return node;
}

struct yaml_node *yaml_copy(const struct yaml_node *node, struct arena *arena)
{
	struct yaml_node *copy = ARENA_ARRAY(arena, struct yaml_node, 1);

	*copy = *node;
	copy->cap = copy->n;
	if (node->kind == YAML_LIST) {
		copy->items = ARENA_ARRAY(arena, struct yaml_node *, node->n);
		for (uint32_t i = 0; i < node->n; i++)
			copy->items[i] = yaml_copy(node->items[i], arena);
	} else if (node->kind == YAML_MAP) {
		copy->pairs = ARENA_ARRAY(arena, struct yaml_pair, node->n);
		for (uint32_t i = 0; i < node->n; i++) {
			copy->pairs[i].key = yaml_copy(node->pairs[i].key, arena);
			copy->pairs[i].value = yaml_copy(node->pairs[i].value, arena);
		}
	} else {
		copy->text = arena_text(arena, node->text, strlen(node->text));
	}
	return copy;
}

static struct yaml_pair *pair_of(const struct yaml_node *map, const char *key)
{
	assert(map->kind == YAML_MAP);
	for (uint32_t i = 0; i < map->n; i++)
		if (!strcmp(map->pairs[i].key->text, key))
			return &map->pairs[i];
	return NULL;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_pair *pair = pair_of(map, key);

	return pair ? pair->value : NULL;
}

/* Room for one more of size bytes behind n; arrays in an arena double by moving. */
static void *room(struct yaml_node *node, void *at, size_t size, struct arena *arena)
{
	void *moved;

	if (node->n < node->cap)
		return at;
	node->cap = node->cap < 4 ? 8 : node->cap * 2;
	moved = arena_take(arena, node->cap * size);
	if (node->n)
		memcpy(moved, at, node->n * size);
	return moved;
}

void yaml_append(struct yaml_node *list, struct yaml_node *item, struct arena *arena)
{
	assert(list->kind == YAML_LIST);
	list->items = room(list, list->items, sizeof(struct yaml_node *), arena);
	list->items[list->n++] = item;
}

void yaml_put(struct yaml_node *map, struct yaml_node *key, struct yaml_node *value,
	      struct arena *arena)
{
	struct yaml_pair *pair = pair_of(map, key->text);

	if (!pair) {
		map->pairs = room(map, map->pairs, sizeof(struct yaml_pair), arena);
		pair = &map->pairs[map->n++];
	}
	*pair = (struct yaml_pair){ key, value };
}

struct yaml_node *yaml_drop(struct yaml_node *map, const char *key)
{
	struct yaml_pair *pair = pair_of(map, key);
	struct yaml_node *value = pair ? pair->value : NULL;

	if (pair) {
		map->n--;
		memmove(pair, pair + 1, (size_t)(map->pairs + map->n - pair) * sizeof(*pair));
	}
	return value;
}

void yaml_merge(struct yaml_node *base, const struct yaml_node *over, struct arena *arena)
{
	for (uint32_t i = 0; i < over->n; i++) {
		struct yaml_node *value = over->pairs[i].value,
				 *old = yaml_get(base, over->pairs[i].key->text);

		if (old && old->kind == YAML_MAP && value->kind == YAML_MAP)
			yaml_merge(old, value, arena);
		else if (!old || old->kind != YAML_MAP || !yaml_is_null(value))
			yaml_put(base, over->pairs[i].key, value, arena);
	}
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->plain &&
	       (!*node->text || !strcmp(node->text, "~") || !strcasecmp(node->text, "null"));
}

const char *yaml_kind_name(const struct yaml_node *node)
{
	return node->kind == YAML_LIST ? "a list"
	     : node->kind == YAML_MAP  ? "a table"
	     : yaml_is_null(node)      ? "nothing"
				       : "a value";
}

/* Whether text without quotes reads back as this text, in block and flow style alike: a letter,
 * digit or one of a few signs first, no sign that YAML knows anywhere, no blank at the end. */
static bool plain_is_safe(const char *text, bool flow)
{
	size_t n = strlen(text);

	if (!n || !(isalnum((unsigned char)*text) || strchr("./+_(", *text) ||
		    (*text == '-' && isalnum((unsigned char)text[1]))))
		return false;
	if (text[n - 1] == ' ' || text[n - 1] == ':' || !strcasecmp(text, "null"))
		return false;
	if (!strncmp(text, "...", 3))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c >= 0x7f || strchr(":#\"'", c) || (flow && strchr(",[]{}", c)))
			return false;
	}
	return true;
}

/* Double quotes; escaped is what YAML does not allow in a text, takes for a line break or for a
 * mark. */
static void quote(FILE *out, const char *text)
{
	uint32_t c;

	putc('"', out);
	for (size_t n; *text; text += n) {
		n = yaml_char(text, strnlen(text, 4), &c);
		if (!n) {
			fputs("\\ufffd", out); /* not UTF-8: the replacement character */
			n = 1;
		} else if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", (int)c);
		} else if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
			   c == 0xfeff || c == 0xfffe || c == 0xffff) {
			fprintf(out, "\\u%04x", c);
		} else {
			fwrite(text, 1, n, out);
		}
	}
	putc('"', out);
}

static void flow(FILE *out, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR) {
		if (yaml_is_null(node) || (plain_is_safe(node->text, true) && node->plain))
			fputs(*node->text ? node->text : "~", out);
		else
			quote(out, node->text);
		return;
	}
	putc(node->kind == YAML_LIST ? '[' : '{', out);
	for (uint32_t i = 0; i < node->n; i++) {
		if (i)
			fputs(", ", out);
		if (node->kind == YAML_MAP) {
			flow(out, node->pairs[i].key);
			fputs(": ", out);
		}
		flow(out, node->kind == YAML_LIST ? node->items[i] : node->pairs[i].value);
	}
	putc(node->kind == YAML_LIST ? ']' : '}', out);
}

/* Writes into memory and hands that to the arena. */
static const char *written(void (*write)(FILE *out, const void *what), const void *what,
			   struct arena *arena)
{
	char *text = NULL, *kept;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	write(out, what);
	if (fclose(out))
		abort();
	kept = arena_text(arena, text, n);
	free(text);
	return kept;
}

static void write_flow(FILE *out, const void *what)
{
	flow(out, what);
}

static void write_quoted(FILE *out, const void *what)
{
	quote(out, what);
}

const char *yaml_flow(const struct yaml_node *node, struct arena *arena)
{
	return written(write_flow, node, arena);
}

const char *yaml_quote(const char *text, struct arena *arena)
{
	return plain_is_safe(text, false) ? text : written(write_quoted, text, arena);
}

/* libyaml's document becomes our tree: in the arena, with positions, and without sharing, so that a
 * change to one use of an anchor leaves the others alone.  Sharing may hide exponential growth and
 * cycles; depth and size are bounded. What libyaml says badly (encodings, control characters, tabs)
 * is looked for before or put in other words. */
#include "scenarios/yaml.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 64, NODES_MAX = 1 << 20, KEYS_MAX = 1 << 14 };

struct build {
	yaml_document_t document; /* the one being built */
	struct arena *arena;
	struct err *err;
	const char *file;
	int line, col; /* line or fixed: the position of every node */
	bool fixed;
	uint32_t nodes;
};

static struct yaml_node *make(struct build *build, const yaml_node_t *from, enum yaml_kind kind)
{
	struct yaml_node *node = ARENA_ARRAY(build->arena, struct yaml_node, 1);

	node->kind = kind;
	node->file = build->file;
	node->line = build->fixed ? build->line : (int)from->start_mark.line + 1;
	node->col = build->fixed ? build->col : (int)from->start_mark.column + 1;
	return node;
}

static struct yaml_node *build_node(struct build *build, int id, int depth);

static struct yaml_node *build_scalar(struct build *build, const yaml_node_t *from)
{
	struct yaml_node *node = make(build, from, YAML_SCALAR);
	const char *text = (const char *)from->data.scalar.value;

	if (strlen(text) != from->data.scalar.length) {
		yaml_err(node, build->err, "a text with a zero byte inside");
		return NULL;
	}
	node->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_text(build->arena, text, from->data.scalar.length);
	return node;
}

static struct yaml_node *build_list(struct build *build, const yaml_node_t *from, int depth)
{
	struct yaml_node *node = make(build, from, YAML_LIST);
	uint32_t n = (uint32_t)(from->data.sequence.items.top - from->data.sequence.items.start);

	node->items = ARENA_ARRAY(build->arena, struct yaml_node *, n);
	node->cap = n;
	for (; node->n < n; node->n++) {
		node->items[node->n] =
			build_node(build, from->data.sequence.items.start[node->n], depth + 1);
		if (!node->items[node->n])
			return NULL;
	}
	return node;
}

/* `<<: {...}` or a list of them: their keys, where the map has none of its own. */
static bool merge_key(struct build *build, struct yaml_node *map, const struct yaml_node *value)
{
	if (value->kind == YAML_LIST) {
		for (uint32_t i = 0; i < value->n; i++)
			if (value->items[i]->kind != YAML_MAP ||
			    !merge_key(build, map, value->items[i]))
				return yaml_err(value->items[i], build->err,
						"<<: expected a table");
		return true;
	}
	if (value->kind != YAML_MAP)
		return yaml_err(value, build->err,
				"<<: expected a table or a list of tables, found %s",
				yaml_kind_name(value));
	for (uint32_t i = 0; i < value->n; i++)
		if (!yaml_get(map, value->pairs[i].key->text))
			yaml_put(map, value->pairs[i].key, value->pairs[i].value, build->arena);
	return true;
}

static struct yaml_node *build_map(struct build *build, const yaml_node_t *from, int depth)
{
	struct yaml_node *node = make(build, from, YAML_MAP), *key, *value, *merge = NULL;
	const yaml_node_pair_t *pair = from->data.mapping.pairs.start;
	uint32_t n = (uint32_t)(from->data.mapping.pairs.top - pair);

	if (n > KEYS_MAX) {
		yaml_err(node, build->err, "a table with %u keys; at most %d are expected", n,
			 KEYS_MAX);
		return NULL;
	}
	node->pairs = ARENA_ARRAY(build->arena, struct yaml_pair, n);
	node->cap = n;
	for (; pair < from->data.mapping.pairs.top; pair++) {
		key = build_node(build, pair->key, depth + 1);
		value = key ? build_node(build, pair->value, depth + 1) : NULL;
		if (!value)
			return NULL;
		if (key->kind != YAML_SCALAR) {
			yaml_err(key, build->err, "a key must be a word, not %s",
				 yaml_kind_name(key));
			return NULL;
		}
		if (key->plain && !strcmp(key->text, "<<") && !merge) {
			merge = value;
			continue;
		}
		for (uint32_t i = 0; i < node->n; i++) {
			if (strcmp(node->pairs[i].key->text, key->text) != 0)
				continue;
			yaml_err(key, build->err,
				 "the key \"%.60s\" is given twice (first in line %d)", key->text,
				 node->pairs[i].key->line);
			return NULL;
		}
		node->pairs[node->n++] = (struct yaml_pair){ key, value };
	}
	return merge && !merge_key(build, node, merge) ? NULL : node;
}

static struct yaml_node *build_node(struct build *build, int id, int depth)
{
	const yaml_node_t *from = yaml_document_get_node(&build->document, id);
	const char *wrong = depth > DEPTH_MAX ? "nested too deeply (or an anchor that holds itself)"
			  : ++build->nodes > NODES_MAX
				  ? "too many values (or anchors that multiply)"
				  : NULL;

	assert(from);
	if (wrong) {
		err_at(build->err, build->file,
		       build->fixed ? build->line : (int)from->start_mark.line + 1,
		       build->fixed ? build->col : (int)from->start_mark.column + 1, "%s", wrong);
		return NULL;
	}
	if (from->type == YAML_SEQUENCE_NODE)
		return build_list(build, from, depth);
	if (from->type == YAML_MAPPING_NODE)
		return build_map(build, from, depth);
	return build_scalar(build, from);
}

/* libyaml's complaint in one line. */
static bool complaint(const yaml_parser_t *parser, const char *data, size_t bytes,
		      const struct build *build)
{
	const char *problem = parser->problem ? parser->problem : "unreadable";
	const yaml_mark_t *at = &parser->problem_mark;
	bool placed = parser->error != YAML_READER_ERROR && parser->error != YAML_MEMORY_ERROR;
	int line = build->fixed ? build->line : placed ? (int)at->line + 1 : 0;
	int col = build->fixed ? build->col : placed ? (int)at->column + 1 : 0;

	if (placed && at->index < bytes && data[at->index] == '\t')
		return err_at(build->err, build->file, line, col,
			      "a tab stands where YAML expects spaces for indentation");
	if (!parser->context)
		return err_at(build->err, build->file, line, col, "not valid YAML: %s", problem);
	if (build->fixed || parser->context_mark.line == at->line)
		return err_at(build->err, build->file, line, col, "not valid YAML: %s %s", problem,
			      parser->context);
	return err_at(build->err, build->file, line, col,
		      "not valid YAML: %s %s that begins in line %d", problem, parser->context,
		      (int)parser->context_mark.line + 1);
}

static bool build_documents(struct build *build, const char *data, size_t bytes,
			    struct yaml_node **out)
{
	struct yaml_node *list = ARENA_ARRAY(build->arena, struct yaml_node, 1), *node;
	yaml_parser_t parser;
	bool ok = true;

	*list = (struct yaml_node){
		.kind = YAML_LIST, .file = build->file, .line = build->line, .col = build->col
	};
	*out = list;
	if (!yaml_parser_initialize(&parser))
		return err_system(build->err, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)data, bytes);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	while (ok) {
		if (!yaml_parser_load(&parser, &build->document)) {
			ok = complaint(&parser, data, bytes, build);
			break;
		}
		if (!yaml_document_get_root_node(&build->document)) {
			yaml_document_delete(&build->document);
			break;
		}
		node = build_node(build, 1, 0);
		yaml_document_delete(&build->document);
		ok = node != NULL;
		if (ok)
			yaml_append(list, node, build->arena);
	}
	yaml_parser_delete(&parser);
	return ok;
}

size_t yaml_char(const char *text, size_t left, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t n = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;

	if (!n || n > left)
		return 0;
	*code = n == 1 ? *s : *s & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	return *code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff) ? 0 : n;
}

/* The length of the character at s; 0 if it is none, or one that YAML does not allow in a text. */
static size_t character(const char *s, size_t left)
{
	uint32_t c;
	size_t n = yaml_char(s, left, &c);

	if (!n || c == 0xfffe || c == 0xffff)
		return 0;
	return c == '\t' || c == '\n' || c == '\r' || c == 0x85 || (c >= 0x20 && c < 0x7f) ||
			       c >= 0xa0
		     ? n
		     : 0;
}

bool yaml_is_text(const char *text, size_t bytes)
{
	for (size_t i = 0, n; i < bytes; i += n)
		if (!(n = character(text + i, bytes - i)))
			return false;
	return true;
}

static bool check_text(const char *data, size_t bytes, const struct build *build)
{
	const unsigned char *s = (const unsigned char *)data;
	int line = 1, col = 1;

	if (memchr(data, 0, bytes))
		return err_at(build->err, build->file, build->line, build->col,
			      "a binary file, not YAML text");
	for (size_t i = 0, n; i < bytes; i += n) {
		n = character(data + i, bytes - i);
		if (!n)
			return err_at(build->err, build->file, build->fixed ? build->line : line,
				      build->fixed ? build->col : col,
				      s[i] >= 0x80 ? "the byte 0x%02x is not UTF-8 text"
						   : "the control character 0x%02x in a text",
				      s[i]);
		col++;
		if (s[i] == '\n') {
			line++;
			col = 1;
		}
	}
	return true;
}

bool yaml_parse(const char *data, size_t bytes, const char *file, struct yaml_node **out,
		struct arena *arena, struct err *err)
{
	struct build build = { .arena = arena,
			       .err = err,
			       .file = arena_text(arena, file, strlen(file)) };

	/* The mark that some editors put before UTF-8 text means nothing. */
	if (bytes >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
		data += 3;
		bytes -= 3;
	}
	return check_text(data, bytes, &build) && build_documents(&build, data, bytes, out);
}

bool yaml_parse_value(const char *text, const char *file, int line, int col, struct yaml_node **out,
		      struct arena *arena, struct err *err)
{
	struct build build = { .arena = arena,
			       .err = err,
			       .file = arena_text(arena, file, strlen(file)),
			       .fixed = true,
			       .line = line,
			       .col = col };
	struct yaml_node *list;

	if (!check_text(text, strlen(text), &build) ||
	    !build_documents(&build, text, strlen(text), &list))
		return false;
	if (list->n > 1)
		return err_at(err, file, line, col, "expected one value, found %u documents",
			      list->n);
	*out = list->n ? list->items[0] : yaml_scalar_at(list, "", arena);
	if (!list->n)
		(*out)->plain = true;
	return true;
}

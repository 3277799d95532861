/* A line of JSON Lines as a row: one object, whose keys of interest are the columns.  Values are
 * read by the same functions as fields of CSV; what nobody asked for is skipped by counting
 * brackets.  Everything ends at the '\n' that closes the line, at the latest. */
#include "traces/row.h"
#include <assert.h>
#include <stdbool.h>
#include <string.h>

static const char *skip_space(const char *text)
{
	while (*text == ' ' || *text == '\t' || *text == '\r')
		text++;
	return text;
}

/* Of a flaw that is one of the JSON itself. */
static int no_column(const struct columns *columns)
{
	return columns->n + 1;
}

/* Behind the quote that closes the string whose first byte is at text. */
static const char *skip_string(const char *text)
{
	for (; *text != '\n'; text++) {
		if (*text == '\\' && text[1] != '\n')
			text++;
		else if (*text == '"')
			return text + 1;
	}
	return NULL;
}

/* Behind a value of any kind. */
static const char *skip_value(const char *text)
{
	int depth = 0;

	for (; *text != '\n'; text++) {
		if (*text == '"') {
			text = skip_string(text + 1);
			if (!text)
				return NULL;
			text--;
		} else if (*text == '[' || *text == '{') {
			depth++;
		} else if (*text == ']' || *text == '}') {
			if (!depth)
				return text;
			depth--;
		} else if (*text == ',' && !depth) {
			return text;
		}
	}
	return depth ? NULL : text;
}

static int column_of(const struct columns *columns, const char *key, size_t n)
{
	for (int i = 0; i < columns->n; i++)
		if (!strncmp(columns->name[i], key, n) && !columns->name[i][n])
			return i;
	return no_column(columns);
}

/* One "key": value; returns what follows it. */
static const char *parse_member(const struct columns *columns, const char *text, struct row *row,
				uint64_t *seen, struct flaw *flaw)
{
	const char *key = text + 1, *end = *text == '"' ? skip_string(key) : NULL, *value;

	flaw->at = text;
	flaw->column = no_column(columns);
	if (!end)
		return NULL;
	value = skip_space(end);
	flaw->at = value;
	if (*value != ':')
		return NULL;
	value = skip_space(value + 1);
	flaw->at = value;
	flaw->column = column_of(columns, key, (size_t)(end - 1 - key));
	if (flaw->column > columns->n)
		return skip_value(value);
	*seen |= UINT64_C(1) << flaw->column;
	return row_parse_field(columns->kind[flaw->column], value, row);
}

const char *row_parse_json(const struct columns *columns, const char *text, struct row *row,
			   struct flaw *flaw)
{
	uint64_t seen = 0;

	assert(columns->n < ROW_COLUMNS_MAX);
	flaw->fields = -1;
	flaw->column = no_column(columns);
	text = skip_space(text);
	flaw->at = text;
	if (*text++ != '{')
		return NULL;
	for (;;) {
		text = parse_member(columns, skip_space(text), row, &seen, flaw);
		if (!text)
			return NULL;
		text = skip_space(text);
		if (*text == ',') {
			text++;
			continue;
		}
		flaw->at = text;
		flaw->column = no_column(columns);
		if (*text != '}')
			return NULL;
		break;
	}
	for (flaw->column = 0; flaw->column < columns->n; flaw->column++)
		if (!(seen >> flaw->column & 1))
			return NULL;
	flaw->column = no_column(columns);
	text = skip_space(text + 1);
	flaw->at = text;
	return *text == '\n' ? text + 1 : NULL;
}

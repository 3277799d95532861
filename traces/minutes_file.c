/* Header by name, minutes by the number that heads their column.  A digest is known by its first
 * bytes, as in every format with digests. */
#include "base/err.h"
#include "traces/input.h"
#include "traces/minutes.h"
#include "traces/names.h"
#include "traces/row.h"
#include <assert.h>
#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = MINUTES_MAX + 16, POINTS = 7, NS_PER_MS = 1000000 };
enum { OWNER, APP, FUNCTION, DIGESTS }; /* of a column; negative: a minute or a percentile */

static const char *const digest_names[] = { "HashOwner", "HashApp", "HashFunction" };
static const char *const percentiles[POINTS] = { "percentile_Average_0",  "percentile_Average_1",
						 "percentile_Average_25", "percentile_Average_50",
						 "percentile_Average_75", "percentile_Average_99",
						 "percentile_Average_100" };
static const double shares[POINTS] = { 0, 0.01, 0.25, 0.5, 0.75, 0.99, 1 };

struct field {
	const char *at;
	size_t n;
};

/* A file with a header, line by line. */
struct sheet {
	const char *file;
	struct input input;
	int32_t *meaning; /* by column: a digest, -1 - a minute or percentile, or DIGESTS = nothing
			   */
	int columns, line;
	const char *text, *next; /* the line, and the field that comes next */
};

struct load {
	const struct trace_spec *spec;
	struct minutes_table *table;
	struct arena *arena;
	struct sheet sheet;
	struct names names;
	VEC(uint64_t) total; /* by name */
	struct err *err;
};

/* The next field of the line, without quotes; false behind the last. */
static bool next_field(struct sheet *sheet, struct field *field)
{
	const char *at = sheet->next, *end = at;

	if (!at)
		return false;
	while (*end != ',' && *end != '\n')
		end++;
	sheet->next = *end == ',' ? end + 1 : NULL;
	if (*end == '\n' && end > at && end[-1] == '\r')
		end--;
	if (end - at >= 2 && *at == '"' && end[-1] == '"') {
		at++;
		end--;
	}
	*field = (struct field){ at, (size_t)(end - at) };
	return true;
}

/* The next line that says something: 1, 0 at the end, -1. */
static int next_line(struct sheet *sheet, struct err *err)
{
	for (;;) {
		int got = input_lines(&sheet->input, err);
		const char *line = sheet->input.at, *end;

		if (got <= 0)
			return got;
		end = memchr(line, '\n', (size_t)(sheet->input.end - line));
		sheet->input.at += end + 1 - line;
		if (++sheet->line == 1 && !strncmp(line, "\xef\xbb\xbf", 3))
			line += 3;
		if (*line == '#' || end == line || (end == line + 1 && *line == '\r'))
			continue;
		sheet->text = sheet->next = line;
		return 1;
	}
}

static bool parse_number(const struct field *field, uint64_t max, uint64_t *value)
{
	*value = 0;
	if (!field->n || field->n > 18)
		return false;
	for (size_t i = 0; i < field->n; i++) {
		if (field->at[i] < '0' || field->at[i] > '9')
			return false;
		*value = *value * 10 + (uint64_t)(field->at[i] - '0');
	}
	return *value <= max;
}

/* What a column of this name holds. */
static int32_t meaning_of(const struct field *field, bool minutes)
{
	uint64_t minute;

	for (int i = 0; i < DIGESTS; i++)
		if (strlen(digest_names[i]) == field->n &&
		    !memcmp(digest_names[i], field->at, field->n))
			return i;
	for (int i = 0; !minutes && i < POINTS; i++)
		if (strlen(percentiles[i]) == field->n &&
		    !memcmp(percentiles[i], field->at, field->n))
			return -1 - i;
	if (minutes && parse_number(field, MINUTES_MAX, &minute) && minute)
		return -(int32_t)minute;
	return DIGESTS;
}

/* Opens a file and reads its header, which must have these digests and so many other columns. */
static bool sheet_open(struct load *load, const char *file, bool minutes, const char *expected)
{
	struct sheet *sheet = &load->sheet;
	struct field field;
	int got, others = 0;
	bool digest[DIGESTS + 1] = { false };

	*sheet = (struct sheet){ .file = file };
	if (!input_open(&sheet->input, file, load->arena, load->err))
		return false;
	got = next_line(sheet, load->err);
	if (got == 0)
		err_at(load->err, file, 0, 0, "is empty: expected the header %s", expected);
	if (got <= 0)
		return false;
	sheet->meaning = ARENA_ARRAY(load->arena, int32_t, COLUMNS_MAX);
	while (next_field(sheet, &field)) {
		int32_t meaning = meaning_of(&field, minutes);

		if (sheet->columns == COLUMNS_MAX)
			return err_at(load->err, file, sheet->line, 1, "more than %d columns",
				      COLUMNS_MAX);
		sheet->meaning[sheet->columns++] = meaning;
		if (meaning < 0)
			others++;
		else
			digest[meaning] = true;
	}
	if (digest[FUNCTION] && (!minutes || digest[FUNCTION - load->spec->tenant]) &&
	    (minutes ? others > 0 : others == POINTS))
		return true;
	return err_at(load->err, file, sheet->line, 1, "expected the header %s", expected);
}

static bool bad_field(struct load *load, const struct field *field, const char *expected)
{
	return err_at(load->err, load->sheet.file, load->sheet.line,
		      (int)(field->at - load->sheet.text) + 1, "expected %s, found \"%.*s\"",
		      expected, field->n < 40 ? (int)field->n : 40, field->at);
}

static bool bad_count(struct load *load, int found)
{
	return err_at(load->err, load->sheet.file, load->sheet.line, 1,
		      "expected %d fields as in the header, found %s%d", load->sheet.columns,
		      found > load->sheet.columns ? "more than " : "",
		      found > load->sheet.columns ? load->sheet.columns : found);
}

/* A digest as a name, cut as everywhere; NULL where it is none. */
static const char *digest(struct load *load, const struct field *field)
{
	size_t n = field->n < ROW_DIGEST_MAX ? field->n : ROW_DIGEST_MAX;
	const char *name = arena_text(load->arena, field->at, n);

	return row_is_name(name) ? name : NULL;
}

static bool find_tenant(struct load *load, const char *name, uint32_t *tenant)
{
	uint32_t n = (uint32_t)strlen(name);
	const char *near;

	*tenant = names_find(&load->names, name, n);
	if (*tenant == NAMES_NONE && load->spec->services) {
		near = err_nearest(name, load->spec->services);
		return err_at(load->err, load->sheet.file, load->sheet.line, 1,
			      "unknown service \"%s\": expected a service of the scenario%s%s%s",
			      name, near ? "; did you mean \"" : "", near ? near : "",
			      near ? "\"?" : "");
	}
	if (*tenant == NAMES_NONE)
		*tenant = names_add(&load->names, name, n);
	while (load->total.n <= *tenant)
		vec_push(&load->total, 0);
	return true;
}

/* One function; its cells stay only where the whole row is good. */
static bool read_function(struct load *load)
{
	struct minutes_table *table = load->table;
	struct sheet *sheet = &load->sheet;
	uint32_t cells = table->cells.n, id = table->functions.n;
	const char *names[DIGESTS] = { NULL };
	struct minutes_function function = { .duration = load->spec->duration };
	struct field field;
	uint64_t count, total = 0;
	int column = 0;
	bool ok = true;

	for (; ok && next_field(sheet, &field); column++) {
		int32_t meaning = column < sheet->columns ? sheet->meaning[column] : DIGESTS;

		if (meaning >= 0 && meaning < DIGESTS) {
			names[meaning] = digest(load, &field);
			ok = names[meaning] || bad_field(load, &field, ROW_NAME_EXPECTED);
		} else if (meaning < 0) {
			ok = parse_number(&field, MINUTES_COUNT_MAX, &count) ||
			     bad_field(load, &field, "a count of invocations from 0 to 10000000");
			if (ok && count)
				vec_push(&table->cells,
					 (struct minutes_cell){ (uint32_t)(-1 - meaning), id,
								(uint32_t)count });
			total += ok ? count : 0;
		}
	}
	ok = ok && (column == sheet->columns || bad_count(load, column)) &&
	     find_tenant(load, names[FUNCTION - load->spec->tenant], &function.tenant);
	if (!ok) {
		table->cells.n = cells;
		return false;
	}
	function.name = names[FUNCTION];
	load->total.at[function.tenant] += total;
	vec_push(&table->functions, function);
	return true;
}

/* Whether the row's fault may be dropped and counted. */
static bool forgiven(struct load *load)
{
	load->table->malformed += load->spec->lenient;
	return load->spec->lenient;
}

static bool read_functions(struct load *load)
{
	int got;

	if (!sheet_open(load, load->spec->file, true,
			"HashOwner,HashApp,HashFunction,Trigger,1,2,3,..."))
		return false;
	while ((got = next_line(&load->sheet, load->err)) == 1)
		if (!read_function(load) && !forgiven(load))
			return false;
	return got == 0;
}

/* ---- durations ---- */

/* The percentiles of one function, given to it where it is known. */
static bool read_duration(struct load *load, struct names *functions)
{
	double *value = ARENA_ARRAY(load->arena, double, POINTS);
	struct sheet *sheet = &load->sheet;
	struct field field;
	const char *name = NULL;
	uint32_t id;
	int column = 0;

	for (; next_field(sheet, &field); column++) {
		int32_t meaning = column < sheet->columns ? sheet->meaning[column] : DIGESTS;
		char *end;

		if (meaning == FUNCTION && !(name = digest(load, &field)))
			return bad_field(load, &field, ROW_NAME_EXPECTED);
		if (meaning >= 0)
			continue;
		value[-1 - meaning] = strtod(field.at, &end) * NS_PER_MS;
		if (end != field.at + field.n || !(value[-1 - meaning] >= 0) ||
		    value[-1 - meaning] > 3.6e15)
			return bad_field(load, &field, "a duration in ms, at most 1000 h");
	}
	if (column != sheet->columns)
		return bad_count(load, column);
	for (int i = 1; i < POINTS; i++)
		if (value[i] < value[i - 1])
			return err_at(load->err, sheet->file, sheet->line, 1,
				      "expected percentiles that never fall");
	id = names_find(functions, name, (uint32_t)strlen(name));
	if (id != NAMES_NONE)
		load->table->functions.at[id].duration = (struct dist){
			.kind = DIST_TABLE, .value = value, .share = shares, .n = POINTS
		};
	return true;
}

static bool read_durations(struct load *load)
{
	const char **known = ARENA_ARRAY(load->arena, const char *, load->table->functions.n + 1);
	struct names functions;
	bool ok;
	int got = 0;

	for (uint32_t i = 0; i < load->table->functions.n; i++)
		known[i] = load->table->functions.at[i].name;
	names_init(&functions, known, load->arena);
	ok = sheet_open(load, load->spec->durations, false,
			"HashOwner,HashApp,HashFunction,percentile_Average_0 (1, 25, 50, 75, 99, "
			"100)");
	while (ok && (got = next_line(&load->sheet, load->err)) == 1)
		ok = read_duration(load, &functions) || forgiven(load);
	names_release(&functions);
	return ok && got == 0;
}

/* ---- order ---- */

struct rank {
	uint64_t total;
	uint32_t tenant;
};

static int by_total(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return (x->tenant > y->tenant) - (x->tenant < y->tenant);
}

/* Tenants by what they are going to ask for, unless their numbers are the scenario's. */
static void rank_tenants(struct load *load)
{
	uint32_t n = load->names.n;
	struct rank *rank = ARENA_ARRAY(load->arena, struct rank, n);
	uint32_t *number = ARENA_ARRAY(load->arena, uint32_t, n);
	const char **names = ARENA_ARRAY(load->arena, const char *, n + 1);

	for (uint32_t i = 0; i < n; i++)
		rank[i] = (struct rank){ i < load->total.n ? load->total.at[i] : 0, i };
	if (!load->spec->services && n)
		qsort(rank, n, sizeof(*rank), by_total);
	for (uint32_t i = 0; i < n; i++) {
		number[rank[i].tenant] = i;
		names[i] = load->names.text[rank[i].tenant];
	}
	for (uint32_t i = 0; i < load->table->functions.n; i++)
		load->table->functions.at[i].tenant = number[load->table->functions.at[i].tenant];
	load->table->tenants = names;
}

static int by_minute(const void *a, const void *b)
{
	const struct minutes_cell *x = a, *y = b;

	if (x->minute != y->minute)
		return x->minute < y->minute ? -1 : 1;
	return (x->function > y->function) - (x->function < y->function);
}

static bool read_both(struct load *load)
{
	bool ok = read_functions(load);

	if (load->sheet.input.buffer)
		input_release(&load->sheet.input);
	load->sheet.input.buffer = NULL;
	if (!ok || !load->spec->durations || !*load->spec->durations)
		return ok;
	ok = read_durations(load);
	if (load->sheet.input.buffer)
		input_release(&load->sheet.input);
	return ok;
}

bool minutes_read(const struct trace_spec *spec, struct minutes_table *table, struct arena *arena,
		  struct err *err)
{
	struct load load = { .spec = spec, .table = table, .arena = arena, .err = err };
	bool ok;

	*table = (struct minutes_table){ 0 };
	names_init(&load.names, spec->services, arena);
	ok = read_both(&load);
	if (ok) {
		rank_tenants(&load);
		if (table->cells.n)
			qsort(table->cells.at, table->cells.n, sizeof(*table->cells.at), by_minute);
	} else {
		minutes_release(table);
	}
	vec_release(&load.total);
	names_release(&load.names);
	return ok;
}

void minutes_release(struct minutes_table *table)
{
	vec_release(&table->functions);
	vec_release(&table->cells);
}

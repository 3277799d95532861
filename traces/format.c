/* One row a format.  Sources: Azure/AzurePublicDataset (2023: naive stamps with 7 fractional
 * digits; 2024: +00:00; its multimodal trace of 2025, with Z and a further column, reads as
 * azure2024; functions of 2019 and 2021); microsoft/vidur data/processed_traces (seconds from the
 * first arrival); HPMLL/BurstGPT (its third file inserts two columns); kvcache-ai/Mooncake;
 * alibaba/ServeGen. */
#include "traces/format.h"
#include "traces/source.h"
#include "traces/trace.h"
#include <stdio.h>
#include <string.h>

static const struct format formats[] = {
	{ .name = "sonde",
	  .header = "arrival_s,service,input_tokens,output_tokens[,session][,prefix]",
	  .exact = true,
	  .column = { { "arrival_s", COLUMN_SECONDS, false },
		      { "service", COLUMN_SERVICE, false },
		      { "input_tokens", COLUMN_INPUT, false },
		      { "output_tokens", COLUMN_OUTPUT, false },
		      { "session", COLUMN_SESSION, true },
		      { "prefix", COLUMN_PREFIX, true } } },
	{ .name = "azure2023",
	  .header = "TIMESTAMP,ContextTokens,GeneratedTokens",
	  .column = { { "TIMESTAMP", COLUMN_STAMP, false },
		      { "ContextTokens", COLUMN_INPUT, false },
		      { "GeneratedTokens", COLUMN_OUTPUT, false } } },
	{ .name = "azure2024",
	  .header = "TIMESTAMP,ContextTokens,GeneratedTokens",
	  .column = { { "TIMESTAMP", COLUMN_STAMP_ZONED, false },
		      { "ContextTokens", COLUMN_INPUT, false },
		      { "GeneratedTokens", COLUMN_OUTPUT, false } } },
	{ .name = "vidur",
	  .header = "arrived_at,num_prefill_tokens,num_decode_tokens",
	  .column = { { "arrived_at", COLUMN_SECONDS, false },
		      { "num_prefill_tokens", COLUMN_INPUT, false },
		      { "num_decode_tokens", COLUMN_OUTPUT, false } } },
	{ .name = "burstgpt",
	  .header = "Timestamp[,Session ID],Model,Request tokens,Response tokens",
	  .foreign = true,
	  .column = { { "Timestamp", COLUMN_SECONDS, false },
		      { "Session ID", COLUMN_SESSION_TEXT, true },
		      { "Model", COLUMN_SERVICE, false },
		      { "Request tokens", COLUMN_INPUT, false },
		      { "Response tokens", COLUMN_OUTPUT, false } } },
	{ .name = "mooncake",
	  .header = "{\"timestamp\": , \"input_length\": , \"output_length\": , "
		    "\"hash_ids\": []} a line",
	  .json = true,
	  .column = { { "timestamp", COLUMN_MILLISECONDS, false },
		      { "input_length", COLUMN_INPUT, false },
		      { "output_length", COLUMN_OUTPUT, false },
		      { "hash_ids", COLUMN_BLOCKS, false } } },
	{ .name = "azure-functions-2021",
	  .header = "app,func,end_timestamp,duration",
	  .foreign = true,
	  .durations = true,
	  .column = { { "app", COLUMN_APP, false },
		      { "func", COLUMN_FUNCTION, false },
		      { "end_timestamp", COLUMN_SECONDS, false },
		      { "duration", COLUMN_DURATION, false } } },
	{ .name = "azure-functions-2019",
	  .foreign = true,
	  .durations = true,
	  .open = minutes_open },
	{ .name = "servegen", .foreign = true, .made_up = true, .open = servegen_open },
};
enum { FORMATS = sizeof(formats) / sizeof(*formats) };

const char *const trace_formats[] = { "sonde",
				      "azure2023",
				      "azure2024",
				      "vidur",
				      "burstgpt",
				      "mooncake",
				      "azure-functions-2021",
				      "azure-functions-2019",
				      "servegen",
				      NULL };
_Static_assert(sizeof(trace_formats) / sizeof(*trace_formats) == FORMATS + 1, "one name a format");

const struct format *format_find(const char *name, struct err *err)
{
	char list[160];
	const char *near;
	int n = 0;

	for (int i = 0; i < FORMATS; i++)
		n += snprintf(list + n, sizeof(list) - (size_t)n, "%s%s", i ? ", " : "",
			      formats[i].name);
	if (!name || !*name) {
		err_set(err, "no trace format given: expected one of %s", list);
		return NULL;
	}
	for (int i = 0; i < FORMATS; i++)
		if (!strcmp(name, formats[i].name))
			return &formats[i];
	near = err_nearest(name, trace_formats);
	err_set(err, "unknown trace format \"%s\": expected one of %s%s%s%s", name, list,
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return NULL;
}

bool trace_made_up(const char *format)
{
	for (int i = 0; i < FORMATS; i++)
		if (format && !strcmp(format, formats[i].name))
			return formats[i].made_up;
	return false;
}

void format_keys(const struct format *format, struct columns *columns)
{
	columns->n = 0;
	for (int i = 0; i < FORMAT_COLUMNS && format->column[i].name; i++) {
		columns->name[columns->n] = format->column[i].name;
		columns->kind[columns->n++] = (uint8_t)format->column[i].kind;
	}
}

void format_choose_digest(struct columns *columns, enum column kind)
{
	for (int i = 0; i < columns->n; i++)
		if (columns->kind[i] >= COLUMN_FUNCTION && columns->kind[i] <= COLUMN_OWNER)
			columns->kind[i] =
				columns->kind[i] == kind ? COLUMN_DIGEST : COLUMN_IGNORED;
}

bool format_has(const struct columns *columns, enum column kind)
{
	return memchr(columns->kind, (int)kind, (size_t)columns->n) != NULL;
}

/* One name of the header: without spaces or quotes around it. */
static const char *header_name(const char *text, size_t n, struct arena *arena)
{
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\r'))
		n--;
	for (; n && *text == ' '; n--)
		text++;
	if (n >= 2 && *text == '"' && text[n - 1] == '"') {
		text++;
		n -= 2;
	}
	return arena_text(arena, text, n);
}

/* What the format says of a column of this name; COLUMNS where it says nothing. */
static enum column kind_of(const struct format *format, const char *name)
{
	for (int i = 0; i < FORMAT_COLUMNS && format->column[i].name; i++)
		if (!strcmp(name, format->column[i].name))
			return format->column[i].kind;
	return COLUMNS;
}

static bool unknown_column(const struct format *format, const char *name, const char *file,
			   int line, int col, struct err *err)
{
	const char *known[FORMAT_COLUMNS + 1] = { NULL }, *near;

	for (int i = 0; i < FORMAT_COLUMNS; i++)
		known[i] = format->column[i].name;
	near = err_nearest(name, known);
	return err_at(err, file, line, col,
		      "unknown column \"%.40s\" in a header of format %s%s%s%s: expected %s", name,
		      format->name, near ? "; did you mean \"" : "", near ? near : "",
		      near ? "\"?" : "", format->header);
}

bool format_columns(const struct format *format, const char *line, size_t n, const char *file,
		    int number, struct columns *columns, struct arena *arena, struct err *err)
{
	const char *end = line + n;

	columns->n = 0;
	for (const char *at = line, *comma; at <= end; at = comma + 1) {
		int col = (int)(at - line) + 1;
		enum column kind;
		const char *name;

		comma = memchr(at, ',', (size_t)(end - at));
		if (!comma)
			comma = end;
		if (columns->n == ROW_COLUMNS_MAX)
			return err_at(err, file, number, col, "more than %d columns",
				      ROW_COLUMNS_MAX);
		name = header_name(at, (size_t)(comma - at), arena);
		kind = kind_of(format, name);
		if (kind == COLUMNS && format->exact)
			return unknown_column(format, name, file, number, col, err);
		if (kind != COLUMNS && format_has(columns, kind))
			return err_at(err, file, number, col, "the column %s stands there twice",
				      name);
		columns->name[columns->n] = name;
		columns->kind[columns->n++] = (uint8_t)(kind == COLUMNS ? COLUMN_IGNORED : kind);
	}
	for (int i = 0; i < FORMAT_COLUMNS && format->column[i].name; i++)
		if (!format->column[i].optional && !format_has(columns, format->column[i].kind))
			return err_at(err, file, number, 1,
				      "no column %s: a file of format %s begins with the header %s",
				      format->column[i].name, format->name, format->header);
	return true;
}

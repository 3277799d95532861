/* format.h - the formats by name: which columns a file must have, what each means, and how its
 * header is read.
 *
 * Columns are found by their names, in any order. */
#ifndef TRACES_FORMAT_H
#define TRACES_FORMAT_H
#include "base/arena.h"
#include "traces/row.h"

struct trace;
struct trace_spec;

enum { FORMAT_COLUMNS = 8 };

struct format {
	const char *name;
	const char *header;         /* for messages */
	bool exact;                 /* a column that is not listed is an error, not ignored */
	bool foreign;               /* its names are those of tenants or functions, which no
	                             * scenario's services are called after */
	bool made_up;               /* rates, of which requests are drawn */
	bool durations;             /* rows have durations in place of tokens */
	bool json;                  /* a JSON object a line, columns being its keys; no header */
	/* a kind of source of its own; NULL = a file of rows */
	struct trace *(*open)(const struct trace_spec *spec, struct err *err);
	struct { const char *name; enum column kind; bool optional; } column[FORMAT_COLUMNS];
};

/* The format of this name; NULL with a message that lists them. */
const struct format *format_find(const char *name, struct err *err);
/* Reads the header line[0..n), without its '\n', and finds the format's columns in it; names from
 * the arena.  False with a message at file:number. */
bool format_columns(const struct format *format, const char *line, size_t n, const char *file,
		    int number, struct columns *columns, struct arena *arena, struct err *err);
/* The columns of a format of JSON. */
void format_keys(const struct format *format, struct columns *columns);
/* Makes the column of this kind (of digests) the one that names the service, the others ignored;
 * nothing where there are none. */
void format_choose_digest(struct columns *columns, enum column kind);
/* Whether any column is of the kind. */
bool format_has(const struct columns *columns, enum column kind);
#endif

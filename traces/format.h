/* format.h - the formats by name: which columns a file must have, what each means, and how its
 * header is read.
 *
 * Columns are found by their names, in any order. */
#ifndef TRACES_FORMAT_H
#define TRACES_FORMAT_H
#include "base/arena.h"
#include "traces/row.h"

struct format {
	const char *name;
	const char *header;         /* for messages */
	bool exact;                 /* a column that is not listed is an error, not ignored */
	struct { const char *name; enum column kind; bool optional; } column[8];
};

/* The format of this name; NULL with a message that lists them. */
const struct format *format_find(const char *name, struct err *err);
/* Reads the header line[0..n), without its '\n', and finds the format's columns in it; names from
 * the arena.  False with a message at file:number. */
bool format_columns(const struct format *format, const char *line, size_t n, const char *file,
		    int number, struct columns *columns, struct arena *arena, struct err *err);
/* Whether any column is of the kind. */
bool format_has(const struct columns *columns, enum column kind);
#endif

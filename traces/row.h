/* row.h - one line of CSV to the values of a request, by the columns that the header named.
 *
 * Integers only: a time goes from its digits to ns without a double between.  The line must end in
 * '\n'; '\r' before it, quoted fields and columns that nobody asked for are taken as they come.
 * Not for what a value means. */
#ifndef TRACES_ROW_H
#define TRACES_ROW_H
#include "base/err.h"
#include <stdint.h>

enum column {
	COLUMN_IGNORED,
	COLUMN_SECONDS,     /* 12, 12.5, 1e-06: s from any origin, rounded to ns */
	COLUMN_MILLISECONDS, /* whole ms from any origin */
	COLUMN_STAMP,       /* 2023-11-16 18:15:46.6805900, no zone: UTC */
	COLUMN_STAMP_ZONED, /* the same with +00:00 or Z behind it */
	COLUMN_SERVICE, COLUMN_INPUT, COLUMN_OUTPUT, COLUMN_SESSION, COLUMN_PREFIX,
	COLUMN_DURATION,    /* seconds: the stamp is the end, the request came so long before it */
	COLUMN_SESSION_TEXT, /* any text: its hash is the session */
	COLUMN_BLOCKS,      /* a list of ids of prompt blocks in JSON: the first, from 1, is the
	                     * prefix */
	/* digests that may name the service; the reader makes the one asked for COLUMN_DIGEST */
	COLUMN_FUNCTION, COLUMN_APP, COLUMN_OWNER,
	COLUMN_DIGEST,      /* its first ROW_DIGEST_MAX bytes name the service */
	COLUMNS
};
enum { ROW_COLUMNS_MAX = 64, ROW_DIGEST_MAX = 16 };

/* The columns of a file in their order. */
struct columns {
	uint8_t kind[ROW_COLUMNS_MAX];
	const char *name[ROW_COLUMNS_MAX];
	int n;
};

struct row {
	int64_t at_ns;
	const char *service;   /* not terminated; in the line */
	uint32_t service_n;
	uint32_t input_tokens, output_tokens;
	uint64_t session, prefix; /* 0 where the field is empty or the column absent */
	int64_t duration_ns;
};

/* What was wrong with a line. */
struct flaw {
	const char *at;        /* the field, or where it should stand */
	int column;            /* index; == columns->n for fields too many */
	int fields;            /* -1, or how many fields the line has where that is what is wrong */
};

/* Parses the line at text; returns what follows its '\n', or NULL with the flaw. */
const char *row_parse(const struct columns *columns, const char *text, struct row *row,
		      struct flaw *flaw);
/* The same for one object of JSON on the line, the columns being its keys: each must be there, what
 * else there is is skipped.  A flaw in column columns->n + 1 is one of the JSON itself. */
const char *row_parse_json(const struct columns *columns, const char *text, struct row *row,
			   struct flaw *flaw);
/* One value of the kind, which begins at text; returns what follows it, or NULL. */
const char *row_parse_field(enum column kind, const char *text, struct row *row);
/* Whether a service may be called so. */
bool row_is_name(const char *text);
#define ROW_NAME_EXPECTED "a name of at most 63 bytes, without spaces, commas or quotes"
/* Says what was wrong in the line that begins at line, as file:line:col and what was expected.
 * Returns false. */
bool row_error(const struct columns *columns, const struct flaw *flaw, const char *file, int number,
	       const char *line, struct err *err);
#endif

/* writer.h - rows to a file in Sonde's own CSV:
 * arrival_s,service,input_tokens,output_tokens[,session,prefix].
 *
 * Times are exact to the ns.  A name that ends in .gz or .zst is compressed.  The file is whole or
 * absent: it is written beside its place and renamed at the end.  A device or a pipe is written to
 * as it stands. */
#ifndef TRACES_WRITER_H
#define TRACES_WRITER_H
#include "traces/trace.h"

enum writer_kind { WRITER_PLAIN, WRITER_GZIP, WRITER_ZSTD };
enum { WRITER_BUFFER_BYTES = 1 << 18, WRITER_ROW_MAX = 160 + TRACE_NAME_MAX };

struct writer {
	const char *path;
	char *temporary;           /* NULL: written to directly */
	int fd;
	enum writer_kind kind;
	void *codec;               /* gzFile or ZSTD_CStream */
	bool sessions;
	char *buffer, *packed;     /* rows not yet handed on; compressed bytes */
	size_t fill;
};

/* Creates the file; path must outlive the writer.  False with a message where that cannot be done.
 */
bool writer_open(struct writer *writer, const char *path, bool sessions, struct err *err);
/* Adds a row of the service with this name. */
bool writer_add(struct writer *writer, const struct trace_row *row, const char *service,
		struct err *err);
/* Ends the file and puts it in its place; false, and nothing there, where a write failed. */
bool writer_finish(struct writer *writer, struct err *err);
/* Gives the file up: nothing is left of it. */
void writer_drop(struct writer *writer);
#endif

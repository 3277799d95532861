/* outfile.h - a file that is written whole or not at all.
 *
 * Bytes go through a buffer to a temporary file in the same folder; outfile_close syncs it and
 * renames it to its name.  Until then the name keeps what it held.  A fault (disk full, no
 * permission) is remembered, later writes do nothing, and close reports it once and leaves
 * nothing behind.  A name that is a device or a pipe is written to directly.  Not for files that
 * others read while they grow. */
#ifndef RESULTS_OUTFILE_H
#define RESULTS_OUTFILE_H
#include "base/err.h"
#include <stdint.h>

struct outfile {
	char *path, *temporary;  /* temporary NULL: written to directly */
	char *buffer;
	size_t used_bytes;
	int fd;
	int fault;               /* errno of the first write that failed; 0 = none */
};

/* Opens path for writing; false with a system error when its folder cannot be written to. */
bool outfile_open(struct outfile *file, const char *path, struct err *err);
/* Appends bytes. */
void outfile_write(struct outfile *file, const void *data, size_t bytes);
/* Appends text. */
void outfile_text(struct outfile *file, const char *text);
/* Appends formatted text. */
void outfile_print(struct outfile *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Room for at least `bytes` (at most 64 KiB) in the buffer, to be filled by the caller, who then
 * adds what was used to used_bytes: for writers that format by hand. */
char *outfile_room(struct outfile *file, size_t bytes);
/* Puts the file in place and releases the struct; on a fault removes what was written and
 * reports it. */
bool outfile_close(struct outfile *file, struct err *err);
/* Gives the file up: removes what was written and releases the struct. */
void outfile_abort(struct outfile *file);
#endif

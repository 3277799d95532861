/* input.h - the whole lines of a file, plain, gzip or zstd, through one buffer of fixed size.
 *
 * The compression is told from the first bytes, not from the name.  Not for parsing: row.h does
 * that.  The caller works on the bytes between `at` and `end`, which always end in '\n' (a last
 * line without one is given it), so that a parser which stops at '\n' needs no other bound. */
#ifndef TRACES_INPUT_H
#define TRACES_INPUT_H
#include "base/arena.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* Large enough that a read costs little against parsing, small enough to stay in the second-level
 * cache. */
enum { INPUT_BUFFER_BYTES = 1 << 20, INPUT_RAW_BYTES = 1 << 17 };

enum input_kind { INPUT_PLAIN, INPUT_GZIP, INPUT_ZSTD };

struct input {
	char *at, *end;        /* whole lines not yet consumed; the caller moves at */
	/* private */
	char *buffer;          /* INPUT_BUFFER_BYTES and slack: a word may be loaded anywhere */
	size_t fill;           /* bytes in buffer */
	enum input_kind kind;
	int fd;
	bool ended;            /* nothing more will come into the buffer */
	unsigned char *raw;    /* compressed bytes raw[raw_at..raw_n) */
	size_t raw_at, raw_n;
	bool raw_ended;        /* the file is read to its end */
	void *codec, *codec_room; /* z_stream (in codec_room) or ZSTD_DStream */
	bool open_frame;       /* the codec is inside a member or frame */
	char path[256];
};

/* Opens the file; buffers from the arena.  False with a message where it cannot be read; nothing
 * is left to release then. */
bool input_open(struct input *input, const char *path, struct arena *arena, struct err *err);
/* Makes at least one whole line available between at and end, keeping what was not consumed: 1; 0
 * at the end of the file; -1 on bad input (truncated or corrupt compression, a line longer than
 * the buffer) or a failed read. */
int input_lines(struct input *input, struct err *err);
/* Starts again from the first byte; false where the file cannot seek. */
bool input_rewind(struct input *input, struct err *err);
/* Closes the file. */
void input_release(struct input *input);
#endif

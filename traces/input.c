/* One buffer holds [consumed | whole lines | part of a line].  A refill moves the part to the front
 * and reads behind it, so a byte is moved at most once, and memory does not grow with the file.
 * Decompression writes straight into the same buffer; members of gzip and frames of zstd may follow
 * one another, as both tools allow. */
#include "traces/input.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { SLACK_BYTES = 64 };

static bool fill_raw(struct input *in, struct err *err)
{
	ssize_t n;

	assert(in->raw_at == in->raw_n);
	do
		n = read(in->fd, in->raw, INPUT_RAW_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_system(err, "cannot read %s: %s", in->path, strerror(errno));
	in->raw_at = 0;
	in->raw_n = (size_t)n;
	in->raw_ended = n == 0;
	return true;
}

/* The first bytes say what the file is: gzip 1f 8b (RFC 1952), zstd 28 b5 2f fd or a skippable
 * frame 5x 2a 4d 18 (RFC 8878), else text. */
static bool start(struct input *in, struct err *err)
{
	const unsigned char *raw = in->raw;

	in->raw_at = in->raw_n = 0;
	if (!fill_raw(in, err))
		return false;
	in->kind = INPUT_PLAIN;
	if (in->raw_n >= 2 && raw[0] == 0x1f && raw[1] == 0x8b)
		in->kind = INPUT_GZIP;
	else if (in->raw_n >= 4 && raw[0] == 0x28 && raw[1] == 0xb5 && raw[2] == 0x2f &&
		 raw[3] == 0xfd)
		in->kind = INPUT_ZSTD;
	else if (in->raw_n >= 4 && (raw[0] & 0xf0) == 0x50 && raw[1] == 0x2a && raw[2] == 0x4d &&
		 raw[3] == 0x18)
		in->kind = INPUT_ZSTD;
	in->fill = 0;
	in->at = in->end = in->buffer;
	in->ended = in->open_frame = false;
	if (in->kind == INPUT_GZIP) {
		memset(in->codec_room, 0, sizeof(z_stream));
		if (inflateInit2((z_stream *)in->codec_room, 15 + 16) != Z_OK)
			return err_system(err, "%s: zlib cannot start", in->path);
		in->codec = in->codec_room;
	} else if (in->kind == INPUT_ZSTD) {
		in->codec = ZSTD_createDStream();
		if (!in->codec)
			return err_system(err, "%s: zstd cannot start", in->path);
	}
	return true;
}

static void stop(struct input *in)
{
	if (in->codec && in->kind == INPUT_GZIP)
		inflateEnd(in->codec);
	else if (in->codec)
		ZSTD_freeDStream(in->codec);
	in->codec = NULL;
}

bool input_open(struct input *in, const char *path, struct arena *arena, struct err *err)
{
	struct stat status;

	memset(in, 0, sizeof(*in));
	snprintf(in->path, sizeof(in->path), "%s", path);
	in->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return err_set(err, "cannot open %s: %s", path, strerror(errno));
	if (!fstat(in->fd, &status) && S_ISDIR(status.st_mode)) {
		close(in->fd);
		return err_set(err, "cannot open %s: it is a directory, expected a file", path);
	}
	in->buffer = arena_take(arena, INPUT_BUFFER_BYTES + SLACK_BYTES);
	in->raw = arena_take(arena, INPUT_RAW_BYTES);
	in->codec_room = arena_take(arena, sizeof(z_stream));
	if (start(in, err))
		return true;
	input_release(in);
	return false;
}

bool input_rewind(struct input *in, struct err *err)
{
	stop(in);
	if (lseek(in->fd, 0, SEEK_SET) < 0)
		return err_set(err, "%s cannot be read twice: it is a pipe, expected a file",
			       in->path);
	return start(in, err);
}

void input_release(struct input *in)
{
	stop(in);
	close(in->fd);
}

static bool inflate_some(struct input *in, struct err *err)
{
	z_stream *z = in->codec;
	int got;

	if (!in->open_frame && in->raw_at > 0 && in->raw[in->raw_at] != 0x1f)
		return err_at(err, in->path, 0, 0, "bytes that are not gzip follow the gzip data");
	z->next_in = in->raw + in->raw_at;
	z->avail_in = (uInt)(in->raw_n - in->raw_at);
	z->next_out = (unsigned char *)in->buffer + in->fill;
	z->avail_out = (uInt)(INPUT_BUFFER_BYTES - in->fill);
	got = inflate(z, Z_NO_FLUSH);
	in->open_frame = got != Z_STREAM_END;
	in->raw_at = in->raw_n - z->avail_in;
	in->fill = INPUT_BUFFER_BYTES - z->avail_out;
	if (got == Z_STREAM_END)
		return inflateReset(z) == Z_OK ||
		       err_system(err, "%s: zlib cannot restart", in->path);
	if (got == Z_MEM_ERROR)
		return err_system(err, "%s: zlib is out of memory", in->path);
	if (got == Z_OK || got == Z_BUF_ERROR)
		return true;
	return err_at(err, in->path, 0, 0, "corrupt gzip data (%s)",
		      z->msg ? z->msg : "zlib gives no reason");
}

static bool unzstd_some(struct input *in, struct err *err)
{
	ZSTD_inBuffer from = { in->raw, in->raw_n, in->raw_at };
	ZSTD_outBuffer to = { in->buffer, INPUT_BUFFER_BYTES, in->fill };
	size_t got = ZSTD_decompressStream(in->codec, &to, &from);

	if (ZSTD_isError(got))
		return err_at(err, in->path, 0, 0, "corrupt zstd data (%s)",
			      ZSTD_getErrorName(got));
	in->open_frame = got != 0;
	in->raw_at = from.pos;
	in->fill = to.pos;
	return true;
}

/* What is left of the first read, then straight from the file into the buffer. */
static bool read_some(struct input *in, struct err *err)
{
	size_t room = INPUT_BUFFER_BYTES - in->fill, left = in->raw_n - in->raw_at;
	ssize_t n;

	if (left) {
		if (left > room)
			left = room;
		memcpy(in->buffer + in->fill, in->raw + in->raw_at, left);
		in->raw_at += left;
		in->fill += left;
		return true;
	}
	do
		n = read(in->fd, in->buffer + in->fill, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_system(err, "cannot read %s: %s", in->path, strerror(errno));
	in->fill += (size_t)n;
	in->raw_ended = n == 0;
	return true;
}

/* Output that the codec still holds, then what the next compressed bytes give. */
static bool decompress_some(struct input *in, struct err *err)
{
	size_t before = in->fill, raw_before = in->raw_at;

	if (in->raw_at < in->raw_n || in->open_frame) {
		if (!(in->kind == INPUT_GZIP ? inflate_some(in, err) : unzstd_some(in, err)))
			return false;
		if (in->fill > before || in->raw_at > raw_before)
			return true;
	}
	if (in->raw_at < in->raw_n)
		return err_at(err, in->path, 0, 0,
			      "corrupt compressed data (the decoder makes no progress)");
	return fill_raw(in, err);
}

/* Adds bytes to the buffer, which has room; sets ended at the end of the file. */
static bool add_bytes(struct input *in, struct err *err)
{
	size_t before = in->fill;

	while (in->fill == before && !in->ended) {
		if (!(in->kind == INPUT_PLAIN ? read_some(in, err) : decompress_some(in, err)))
			return false;
		in->ended = in->raw_ended;
	}
	if (in->ended && in->open_frame)
		return err_at(err, in->path, 0, 0,
			      "truncated %s data: the file ends inside a compressed block",
			      in->kind == INPUT_GZIP ? "gzip" : "zstd");
	return true;
}

int input_lines(struct input *in, struct err *err)
{
	char *newline = NULL;

	if (in->at < in->end)
		return 1;
	in->fill -= (size_t)(in->end - in->buffer);
	memmove(in->buffer, in->end, in->fill);
	in->at = in->end = in->buffer;
	while (!newline) {
		size_t seen = in->fill;

		if (in->fill == INPUT_BUFFER_BYTES) {
			err_at(err, in->path, 0, 0,
			       "a line is longer than %d bytes: this is no file of rows",
			       INPUT_BUFFER_BYTES);
			return -1;
		}
		if (!in->ended && !add_bytes(in, err))
			return -1;
		newline = memrchr(in->buffer + seen, '\n', in->fill - seen);
		if (!newline && in->ended) {
			if (!in->fill)
				return 0;
			newline = in->buffer + in->fill++; /* the slack has room */
			*newline = '\n';
		}
	}
	in->end = newline + 1;
	return 1;
}

/* Rows are formatted into a buffer that is handed to zlib, zstd or write when full.  Level 6 and 3
 * are those libraries' own defaults. */
#include "traces/writer.h"
#include "base/vec.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define NS_PER_S INT64_C(1000000000)

static bool has_suffix(const char *path, const char *suffix)
{
	size_t n = strlen(path), m = strlen(suffix);

	return n > m && !strcmp(path + n - m, suffix);
}

static bool failed(struct writer *w, struct err *err)
{
	return err_system(err, "cannot write %s: %s", w->path,
			  errno ? strerror(errno) : "the compressor failed");
}

static bool write_all(struct writer *w, const char *bytes, size_t n, struct err *err)
{
	while (n) {
		ssize_t done = write(w->fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return failed(w, err);
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

static bool write_zstd(struct writer *w, bool last, struct err *err)
{
	ZSTD_inBuffer from = { w->buffer, w->fill, 0 };
	size_t left;

	do {
		ZSTD_outBuffer to = { w->packed, WRITER_BUFFER_BYTES, 0 };

		left = ZSTD_compressStream2(w->codec, &to, &from,
					    last ? ZSTD_e_end : ZSTD_e_continue);
		errno = 0;
		if (ZSTD_isError(left))
			return failed(w, err);
		if (!write_all(w, w->packed, to.pos, err))
			return false;
	} while (last ? left > 0 : from.pos < from.size);
	return true;
}

static bool flush(struct writer *w, bool last, struct err *err)
{
	bool ok = true;

	errno = 0;
	if (w->kind == WRITER_PLAIN)
		ok = write_all(w, w->buffer, w->fill, err);
	else if (w->kind == WRITER_ZSTD)
		ok = write_zstd(w, last, err);
	else if (w->fill && gzwrite(w->codec, w->buffer, (unsigned)w->fill) <= 0)
		ok = failed(w, err);
	w->fill = 0;
	return ok;
}

/* The file gets the rights that open(2) would have given it. */
static void set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	(void)fchmod(fd, 0666 & ~mask);
}

/* A device or a pipe is written to as it stands; what is to be a file, under another name until it
 * is whole. */
static int create(struct writer *w)
{
	size_t n = strlen(w->path) + sizeof(".XXXXXX");
	uint32_t cap = 0;
	struct stat st;

	if (stat(w->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return open(w->path, O_WRONLY | O_CLOEXEC);
	w->temporary = vec_grow(NULL, &cap, (uint32_t)n, 1);
	snprintf(w->temporary, n, "%s.XXXXXX", w->path);
	return mkostemp(w->temporary, O_CLOEXEC);
}

bool writer_open(struct writer *w, const char *path, bool sessions, struct err *err)
{
	uint32_t cap = 0;

	memset(w, 0, sizeof(*w));
	w->path = path;
	w->sessions = sessions;
	w->kind = has_suffix(path, ".gz")  ? WRITER_GZIP
		: has_suffix(path, ".zst") ? WRITER_ZSTD
					   : WRITER_PLAIN;
	w->fd = create(w);
	if (w->fd < 0) {
		err_system(err, "cannot create %s: %s", path, strerror(errno));
		free(w->temporary);
		return false;
	}
	if (w->temporary)
		set_mode(w->fd);
	w->buffer = vec_grow(NULL, &cap, WRITER_BUFFER_BYTES + WRITER_ROW_MAX, 1);
	cap = 0;
	w->packed = vec_grow(NULL, &cap, WRITER_BUFFER_BYTES, 1);
	if (w->kind == WRITER_GZIP)
		w->codec = gzdopen(dup(w->fd), "wb6");
	else if (w->kind == WRITER_ZSTD)
		w->codec = ZSTD_createCStream();
	if (w->kind != WRITER_PLAIN && !w->codec) {
		writer_drop(w);
		return err_system(err, "cannot write %s: the compressor cannot start", path);
	}
	w->fill = (size_t)snprintf(w->buffer, WRITER_ROW_MAX,
				   "arrival_s,service,input_tokens,output_tokens%s\n",
				   sessions ? ",session,prefix" : "");
	return true;
}

static char *put_number(char *at, uint64_t value)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		*at++ = digits[--n];
	return at;
}

/* Seconds with as many of nine decimals as it takes. */
static char *put_seconds(char *at, int64_t ns)
{
	uint64_t part = (uint64_t)(ns % NS_PER_S);
	int places = 9;

	at = put_number(at, (uint64_t)(ns / NS_PER_S));
	if (!part)
		return at;
	for (; part % 10 == 0; part /= 10)
		places--;
	*at = '.';
	for (int i = places; i > 0; i--, part /= 10)
		at[i] = (char)('0' + part % 10);
	return at + places + 1;
}

bool writer_add(struct writer *w, const struct trace_row *row, const char *service, struct err *err)
{
	char *at = w->buffer + w->fill;
	size_t n = strlen(service);

	assert(row->arrival_ns >= 0 && n && n <= TRACE_NAME_MAX);
	at = put_seconds(at, row->arrival_ns);
	*at++ = ',';
	memcpy(at, service, n);
	at += n;
	*at++ = ',';
	at = put_number(at, row->input_tokens);
	*at++ = ',';
	at = put_number(at, row->output_tokens);
	if (w->sessions) {
		*at++ = ',';
		if (row->session)
			at = put_number(at, row->session);
		*at++ = ',';
		if (row->prefix)
			at = put_number(at, row->prefix);
	}
	*at++ = '\n';
	w->fill = (size_t)(at - w->buffer);
	return w->fill < WRITER_BUFFER_BYTES || flush(w, false, err);
}

static bool release(struct writer *w)
{
	bool ok = true;

	if (w->codec && w->kind == WRITER_GZIP)
		ok = gzclose(w->codec) == Z_OK;
	else if (w->codec)
		ZSTD_freeCStream(w->codec);
	ok = !close(w->fd) && ok;
	free(w->buffer);
	free(w->packed);
	return ok;
}

bool writer_finish(struct writer *w, struct err *err)
{
	bool ok = flush(w, true, err);

	errno = 0;
	if (!release(w) && ok)
		ok = failed(w, err);
	if (ok && w->temporary && rename(w->temporary, w->path))
		ok = failed(w, err);
	if (!ok && w->temporary)
		unlink(w->temporary);
	free(w->temporary);
	return ok;
}

void writer_drop(struct writer *w)
{
	release(w);
	if (w->temporary)
		unlink(w->temporary);
	free(w->temporary);
}

/* Whole or absent: temporary file beside the target, fsync, rename, fsync of the folder.  One
 * buffer of 256 KiB keeps system calls off the path of a row. */
#include "results/outfile.h"
#include "results/mem.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 256 << 10, ROOM_MAX = 64 << 10 };

static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static void release(struct outfile *file)
{
	free(file->path);
	free(file->temporary);
	free(file->buffer);
	*file = (struct outfile){ .fd = -1 };
}

bool outfile_open(struct outfile *file, const char *path, struct err *err)
{
	size_t n = strlen(path) + 16;

	assert(*path);
	*file = (struct outfile){ .fd = -1, .path = mem_text(path) };
	if (is_special(path)) {
		file->fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		file->temporary = mem_zero(n, 1);
		snprintf(file->temporary, n, "%s.part-XXXXXX", path);
		file->fd = mkostemp(file->temporary, O_CLOEXEC);
	}
	if (file->fd < 0) {
		err_system(err, "cannot write %s: %s", path, strerror(errno));
		release(file);
		return false;
	}
	file->buffer = mem_zero(BUFFER_BYTES, 1);
	return true;
}

static void flush(struct outfile *file)
{
	size_t done = 0;

	while (done < file->used_bytes && !file->fault) {
		ssize_t n = write(file->fd, file->buffer + done, file->used_bytes - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			file->fault = n == 0 ? EIO : errno;
	}
	file->used_bytes = 0;
}

char *outfile_room(struct outfile *file, size_t bytes)
{
	assert(bytes <= ROOM_MAX && file->buffer);
	if (file->used_bytes + bytes > BUFFER_BYTES)
		flush(file);
	return file->buffer + file->used_bytes;
}

void outfile_write(struct outfile *file, const void *data, size_t bytes)
{
	const char *at = data;

	while (bytes) {
		size_t n = bytes < ROOM_MAX ? bytes : ROOM_MAX;

		memcpy(outfile_room(file, n), at, n);
		file->used_bytes += n;
		at += n;
		bytes -= n;
	}
}

void outfile_text(struct outfile *file, const char *text)
{
	outfile_write(file, text, strlen(text));
}

void outfile_print(struct outfile *file, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		file->fault = ENOMEM;
		return;
	}
	outfile_write(file, text, (size_t)n);
	free(text);
}

/* After the rename the new name is on disk only once the folder is: best effort, some file systems
 * refuse. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = mem_text(slash ? path : ".");
	int fd;

	if (slash)
		folder[slash == path ? 1 : slash - path] = 0;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

bool outfile_close(struct outfile *file, struct err *err)
{
	mode_t mask = umask(0);
	bool ok;

	umask(mask);
	flush(file);
	if (file->temporary && !file->fault && (fchmod(file->fd, 0666 & ~mask) || fsync(file->fd)))
		file->fault = errno;
	if (close(file->fd) && !file->fault)
		file->fault = errno;
	if (file->temporary && !file->fault && rename(file->temporary, file->path))
		file->fault = errno;
	ok = !file->fault;
	if (ok && file->temporary)
		sync_folder(file->path);
	if (!ok) {
		err_system(err, "cannot write %s: %s", file->path, strerror(file->fault));
		if (file->temporary)
			unlink(file->temporary);
	}
	release(file);
	return ok;
}

void outfile_abort(struct outfile *file)
{
	close(file->fd);
	if (file->temporary)
		unlink(file->temporary);
	release(file);
}

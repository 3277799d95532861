/* Recording.  Entries are packed field by field, so no padding of a struct is ever on a tape but
 * that of messages, which are cleared before they are filled. */
#include "sim/tape.h"
#include "base/vec.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct tape {
	FILE *file;
	char *path, *part; /* part "": a device or a pipe, written to directly */
	uint32_t crc;
	int fault; /* errno of the first write that failed */
};

static void put(struct tape *tape, const void *bytes, size_t n)
{
	if (!n || tape->fault)
		return;
	tape->crc = (uint32_t)crc32_z(tape->crc, bytes, n);
	if (fwrite(bytes, 1, n, tape->file) != n)
		tape->fault = errno ? errno : EIO;
}

static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

struct tape *tape_create(const char *path, struct err *err)
{
	struct tape *tape = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*tape));
	size_t n = strlen(path);

	*tape = (struct tape){ .path = vec_grow(NULL, &(uint32_t){ 0 }, (uint32_t)n + 1, 1),
			       .part = vec_grow(NULL, &(uint32_t){ 0 }, (uint32_t)n + 6, 1) };
	memcpy(tape->path, path, n + 1);
	*tape->part = '\0';
	if (!is_special(path))
		snprintf(tape->part, n + 6, "%s.part", path);
	tape->file = fopen(*tape->part ? tape->part : path, "wb");
	if (!tape->file) {
		err_system(err, "cannot write tape '%s': %s", path, strerror(errno));
		free(tape->path);
		free(tape->part);
		free(tape);
		return NULL;
	}
	put(tape, TAPE_MAGIC, sizeof(TAPE_MAGIC) - 1);
	return tape;
}

const char *tape_unfinished(const struct tape *tape)
{
	return *tape->part ? tape->part : NULL;
}

static void put_u32(struct tape *tape, uint32_t x)
{
	put(tape, &x, sizeof(x));
}

void tape_run(struct tape *tape, const char *text)
{
	put(tape, "R", 1);
	put_u32(tape, (uint32_t)strlen(text));
	put(tape, text, strlen(text));
}

static void step(void *ctx, const struct taped_step *taped)
{
	struct tape *tape = ctx;
	const struct outbox *out = taped->out;

	put(tape, "S", 1);
	put_u32(tape, (uint32_t)taped->machine);
	put_u32(tape, taped->instance);
	put(tape, &taped->now, sizeof(taped->now));
	put(tape, taped->in, sizeof(*taped->in));
	put(tape, taped->load, taped->in->load_bytes);
	put_u32(tape, out->n);
	put_u32(tape, out->loads_n);
	put(tape, out->at, out->n * sizeof(*out->at));
	put(tape, out->loads, out->loads_n);
}

static void born(void *ctx, uint32_t pod, uint32_t gen, uint32_t service)
{
	struct tape *tape = ctx;

	put(tape, "B", 1);
	put_u32(tape, pod);
	put_u32(tape, gen);
	put_u32(tape, service);
}

static void died(void *ctx, uint32_t pod)
{
	put(ctx, "D", 1);
	put_u32(ctx, pod);
}

struct tape_hook tape_hook(struct tape *tape)
{
	return (struct tape_hook){ .ctx = tape, .step = step, .born = born, .died = died };
}

bool tape_close(struct tape *tape, bool keep, struct err *err)
{
	bool ok;

	put(tape, "E", 1);
	put_u32(tape, tape->crc);
	if (!tape->fault && fflush(tape->file) != 0)
		tape->fault = errno;
	if (!tape->fault && keep && *tape->part && fsync(fileno(tape->file)) != 0)
		tape->fault = errno;
	if (fclose(tape->file) != 0 && !tape->fault)
		tape->fault = errno;
	if (!tape->fault && keep && *tape->part && rename(tape->part, tape->path) != 0)
		tape->fault = errno;
	ok = !keep || !tape->fault;
	if (!ok)
		err_system(err, "cannot write tape '%s': %s", tape->path, strerror(tape->fault));
	if (*tape->part && (!keep || !ok))
		unlink(tape->part);
	free(tape->path);
	free(tape->part);
	free(tape);
	return ok;
}

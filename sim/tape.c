/* Recording.  Entries are packed field by field, so no padding of a struct is ever on a tape but
 * that of messages, which are cleared before they are filled. */
#include "sim/tape.h"
#include "base/vec.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct tape {
	FILE *file;
	char *path, *part;
	bool failed;
};

struct tape *tape_create(const char *path, struct err *err)
{
	struct tape *tape = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*tape));
	size_t n = strlen(path);

	tape->path = vec_grow(NULL, &(uint32_t){ 0 }, (uint32_t)n + 1, 1);
	tape->part = vec_grow(NULL, &(uint32_t){ 0 }, (uint32_t)n + 6, 1);
	memcpy(tape->path, path, n + 1);
	snprintf(tape->part, n + 6, "%s.part", path);
	tape->failed = false;
	tape->file = fopen(tape->part, "wb");
	if (!tape->file) {
		err_system(err, "cannot write tape '%s': %s", path, strerror(errno));
		free(tape->path);
		free(tape->part);
		free(tape);
		return NULL;
	}
	tape->failed = fputs("sonde-tape 1\n", tape->file) < 0;
	return tape;
}

static void put(struct tape *tape, const void *bytes, size_t n)
{
	if (n && fwrite(bytes, 1, n, tape->file) != n)
		tape->failed = true;
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
	bool ok = !tape->failed;

	if (keep && ok)
		ok = fflush(tape->file) == 0 && fsync(fileno(tape->file)) == 0;
	if (fclose(tape->file) != 0)
		ok = false;
	if (keep && ok)
		ok = rename(tape->part, tape->path) == 0;
	if (keep && !ok)
		err_system(err, "cannot write tape '%s': %s", tape->path, strerror(errno));
	if (!keep || !ok)
		unlink(tape->part);
	free(tape->path);
	free(tape->part);
	free(tape);
	return ok || !keep;
}

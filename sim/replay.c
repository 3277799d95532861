/* Replaying: the machines of the taped run, fed with the taped inputs; the first output that
 * differs is shown. */
#include "base/vec.h"
#include "models/engine/replica.h"
#include "models/serving/serving.h"
#include "sim/tape.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

struct replay {
	FILE *file;
	const char *path;
	const struct world_config *config;
	struct serving *serving;
	struct control *control;
	VEC(struct replica *) replicas;
	struct outbox out;
	VEC(unsigned char) want; /* taped messages, then loads */
	struct replay_result *result;
	bool truncated;
};

static bool get(struct replay *replay, void *bytes, size_t n)
{
	if (n && fread(bytes, 1, n, replay->file) != n)
		replay->truncated = true;
	return !replay->truncated;
}

static uint32_t get_u32(struct replay *replay)
{
	uint32_t x = 0;

	get(replay, &x, sizeof(x));
	return x;
}

static void end_run(struct replay *replay)
{
	for (uint32_t i = 0; i < replay->replicas.n; i++)
		replica_free(replay->replicas.at[i]);
	replay->replicas.n = 0;
	if (replay->serving)
		serving_free(replay->serving);
	if (replay->control)
		control_free(replay->control);
	replay->serving = NULL;
	replay->control = NULL;
}

static bool begin_run(struct replay *replay, replay_setup *setup, void *ctx, struct err *err)
{
	uint32_t n = get_u32(replay);
	char *text;
	bool ok;

	if (replay->truncated || n > 1u << 26)
		return err_set(err, "tape '%s' is cut short or damaged", replay->path);
	text = vec_grow(NULL, &(uint32_t){ 0 }, n + 1, 1);
	text[n] = '\0';
	end_run(replay);
	ok = get(replay, text, n) ? setup(ctx, text, &replay->config, err)
				  : err_set(err, "tape '%s' is cut short", replay->path);
	free(text);
	if (!ok)
		return false;
	assert(replay->config);
	replay->result->runs++;
	replay->serving = serving_new(replay->config->services, replay->config->n_services,
				      replay->config->seed, replay->config->hop_ns);
	replay->control = control_new(replay->config->control, replay->config->cluster,
				      replay->config->services, replay->config->n_services,
				      replay->config->seed);
	return true;
}

static bool birth(struct replay *replay)
{
	uint32_t pod = get_u32(replay), gen = get_u32(replay), service = get_u32(replay);

	if (replay->truncated || !replay->config || service >= replay->config->n_services ||
	    pod > 1u << 24)
		return false;
	while (pod >= replay->replicas.n)
		vec_push(&replay->replicas, NULL);
	replica_free(replay->replicas.at[pod]);
	replay->replicas.at[pod] = replica_new(&replay->config->services[service], pod, gen);
	return true;
}

static bool death(struct replay *replay)
{
	uint32_t pod = get_u32(replay);

	if (replay->truncated || pod >= replay->replicas.n)
		return false;
	replica_free(replay->replicas.at[pod]);
	replay->replicas.at[pod] = NULL;
	return true;
}

/* memcmp, which may not be asked about nothing at a null pointer. */
static bool equal(const void *a, const void *b, size_t n)
{
	return !n || memcmp(a, b, n) == 0;
}

/* Says where two outputs part. */
static void differ(struct replay *replay, uint32_t machine, int64_t now, const struct msg *in,
		   uint32_t n)
{
	static const char *const machines[] = { "serving", "control", "replica" };
	struct replay_result *result = replay->result;
	const struct msg *want = (const void *)replay->want.at;
	uint32_t i = 0;

	if (!result->same)
		return;
	result->same = false;
	while (i < n && i < replay->out.n && equal(&want[i], &replay->out.at[i], sizeof(*want)))
		i++;
	snprintf(result->difference, sizeof(result->difference),
		 "step %" PRIu64 " (%s, at %" PRId64
		 " ns, input %s): %u messages on the tape, %u now; message %u is %s on the "
		 "tape, %s now",
		 result->steps, machines[machine], now, msg_name(in->kind), n, replay->out.n, i,
		 i < n ? msg_name(want[i].kind) : "none",
		 i < replay->out.n ? msg_name(replay->out.at[i].kind) : "none");
}

static bool one_step(struct replay *replay)
{
	uint32_t machine = get_u32(replay), instance = get_u32(replay), n, loads;
	_Alignas(8) unsigned char load[UINT16_MAX + 1];
	struct msg in;
	int64_t now;

	if (!get(replay, &now, sizeof(now)) || !get(replay, &in, sizeof(in)) ||
	    !get(replay, load, in.load_bytes))
		return false;
	n = get_u32(replay);
	loads = get_u32(replay);
	if (replay->truncated || machine >= MACHINES || in.kind >= MSG_KINDS || n > 1u << 24 ||
	    loads > 1u << 28 || !replay->serving)
		return false;
	vec_reserve(&replay->want, n * (uint32_t)sizeof(struct msg) + loads + 1);
	if (!get(replay, replay->want.at, n * sizeof(struct msg) + loads))
		return false;
	if (machine == MACHINE_REPLICA &&
	    (instance >= replay->replicas.n || !replay->replicas.at[instance]))
		return false;
	outbox_clear(&replay->out);
	if (machine == MACHINE_SERVING)
		serving_step(replay->serving, now, &in, in.load_bytes ? load : NULL, &replay->out);
	else if (machine == MACHINE_CONTROL)
		control_step(replay->control, now, &in, in.load_bytes ? load : NULL, &replay->out);
	else
		replica_step(replay->replicas.at[instance], now, &in, in.load_bytes ? load : NULL,
			     &replay->out);
	replay->result->steps++;
	replay->result->messages += replay->out.n;
	if (n != replay->out.n || loads != replay->out.loads_n ||
	    !equal(replay->want.at, replay->out.at, n * sizeof(struct msg)) ||
	    !equal(replay->want.at + n * sizeof(struct msg), replay->out.loads, loads))
		differ(replay, machine, now, &in, n);
	return true;
}

/* Up to the first difference: machines that have left the tape's path may not be fed from it. */
static bool entries(struct replay *replay, replay_setup *setup, void *ctx, struct err *err)
{
	int kind;

	while (replay->result->same && (kind = fgetc(replay->file)) != 'E') {
		bool ok = false;

		if (kind == 'R') {
			if (!begin_run(replay, setup, ctx, err))
				return false;
			ok = true;
		} else if (kind == 'S') {
			ok = one_step(replay);
		} else if (kind == 'B') {
			ok = birth(replay);
		} else if (kind == 'D') {
			ok = death(replay);
		}
		if (!ok)
			return err_set(err, "tape '%s' is damaged after step %" PRIu64,
				       replay->path, replay->result->steps);
	}
	return replay->result->runs || err_set(err, "tape '%s' holds no run", replay->path);
}

/* Whether the file is a tape, and the one that was written; then it stands at its first entry. */
static bool whole(struct replay *replay, struct err *err)
{
	enum { TAIL = 5, CHUNK = 1 << 16 }; /* 'E' and the checksum */
	const size_t magic = sizeof(TAPE_MAGIC) - 1;
	unsigned char bytes[TAIL + CHUNK];
	uint32_t sum = 0, want;
	size_t held, n;

	held = fread(bytes, 1, magic, replay->file);
	if (held != magic || memcmp(bytes, TAPE_MAGIC, magic) != 0)
		return err_set(err,
			       "'%s' is no tape (or of another version): expected a file that "
			       "--tape wrote",
			       replay->path);
	sum = (uint32_t)crc32_z(0, bytes, magic);
	held = 0;
	while ((n = fread(bytes + held, 1, sizeof(bytes) - held, replay->file)) > 0) {
		held += n;
		if (held > TAIL) {
			sum = (uint32_t)crc32_z(sum, bytes, held - TAIL);
			memmove(bytes, bytes + held - TAIL, TAIL);
			held = TAIL;
		}
	}
	if (ferror(replay->file) || fseek(replay->file, (long)magic, SEEK_SET) != 0)
		return err_set(err, "cannot read tape '%s': %s", replay->path, strerror(errno));
	if (held < TAIL)
		return err_set(err, "tape '%s' is cut short", replay->path);
	sum = (uint32_t)crc32_z(sum, bytes, 1);
	memcpy(&want, bytes + 1, sizeof(want));
	return (bytes[0] == 'E' && sum == want) ||
	       err_set(err, "tape '%s' is cut short or damaged: its checksum does not hold",
		       replay->path);
}

bool tape_replay(const char *path, replay_setup *setup, void *ctx, struct replay_result *result,
		 struct err *err)
{
	struct replay replay = { .path = path, .result = result };
	bool ok;

	*result = (struct replay_result){ .same = true };
	replay.file = fopen(path, "rb");
	if (!replay.file)
		return err_set(err, "cannot read tape '%s': %s", path, strerror(errno));
	ok = whole(&replay, err) && entries(&replay, setup, ctx, err);
	end_run(&replay);
	fclose(replay.file);
	outbox_release(&replay.out);
	vec_release(&replay.want);
	vec_release(&replay.replicas);
	return ok;
}

/* tape.h - every step of every machine, recorded: what came in, when, and what went out.
 *
 * A tape begins with the effective scenario, so that it can be replayed alone: `sonde replay`
 * builds the same machines, feeds the same inputs, and the outputs must be the same bytes.  A file
 * may hold several runs, one after another.
 *
 * Layout, little-endian: "sonde-tape 1\n"; then per run a record of kind 'R' {text of the scenario,
 * seed}, and entries:
 * 'B' birth of a replica {pod, gen, service}, 'D' its end {pod}, 'S' a step {machine, instance,
 * now, message, load, messages and loads out}.  It ends with 'E' {crc32 of all before}, so that a
 * tape that was cut short or damaged later is known before any of it is fed to a machine. */
#ifndef SIM_TAPE_H
#define SIM_TAPE_H
#include "base/err.h"
#include "sim/world.h"
#include <stdio.h>

#define TAPE_MAGIC "sonde-tape 1\n"

struct tape;
/* Begins a tape at path (whole or absent: it is written beside it and renamed by tape_close;
 * but to a device or a pipe directly). */
struct tape *tape_create(const char *path, struct err *err);
/* The file that is being written until then; NULL where the path is a device or a pipe. */
const char *tape_unfinished(const struct tape *tape);
/* Begins a run on it; text is the effective scenario. */
void tape_run(struct tape *tape, const char *text);
/* What records on it. */
struct tape_hook tape_hook(struct tape *tape);
/* Ends it; false if it could not be written (nothing is left then); keep = false throws it away. */
bool tape_close(struct tape *tape, bool keep, struct err *err);

/* What replaying found. */
struct replay_result {
	uint64_t runs, steps, messages; /* steps fed, messages compared */
	bool same;
	char difference[400];           /* the first one, for a person */
};
/* Builds the run's machines from the text that tape_run was given; sets up config (its memory is
 * the callback's). */
typedef bool replay_setup(void *ctx, const char *text, const struct world_config **config,
			  struct err *err);
/* Feeds a tape's inputs to new machines and compares; false on bad input (not a tape, truncated).
 * */
bool tape_replay(const char *path, replay_setup *setup, void *ctx, struct replay_result *result,
		 struct err *err);
#endif

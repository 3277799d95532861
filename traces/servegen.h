/* servegen.h - the files of a ServeGen pool: a tenant's rate by the window, and its distributions
 * of tokens; private to traces/.
 *
 * chunk-N-trace.csv, without a header: window's start in s, requests/s, coefficient of variation of
 * the gaps, Gamma or Weibull or nothing, shape, scale.  chunk-N-dataset.json: {start of a window in
 * s: {field: "a dictionary of tokens and their probabilities, as Python prints it"}}.  Source:
 * alibaba/ServeGen, data/. */
#ifndef TRACES_SERVEGEN_H
#define TRACES_SERVEGEN_H
#include "base/arena.h"
#include "base/vec.h"
#include "traces/trace.h"

enum servegen_gaps { SERVEGEN_POISSON, SERVEGEN_GAMMA, SERVEGEN_WEIBULL };

struct servegen_window {
	int64_t start_ns, end_ns;
	double rate_per_ns;
	int gaps;                   /* enum servegen_gaps */
	double shape, mean;         /* mean: of a Weibull gap of scale 1 */
};

/* Numbers of tokens and their probabilities, added up; n = 0: nothing is known. */
struct servegen_tokens {
	uint32_t *value;
	double *below;              /* up to and with value[i]; the last is 1 */
	uint32_t n;
};

/* What a request's input is made of: text and what else there is, each drawn by itself. */
enum servegen_field {
	SERVEGEN_TEXT, SERVEGEN_IMAGE, SERVEGEN_AUDIO, SERVEGEN_VIDEO, SERVEGEN_OUTPUT,
	SERVEGEN_FIELDS
};

struct servegen_lengths {
	int64_t start_ns;           /* until the next begins */
	struct servegen_tokens field[SERVEGEN_FIELDS];
};

struct servegen_tenant {
	const char *name;           /* "chunk-N" */
	uint32_t number;            /* N */
	struct servegen_window *windows;
	struct servegen_lengths *lengths; /* with a text and an output each */
	uint32_t n_windows, n_lengths;
	double requests;            /* to be expected in the part that is played */
};

/* Reads the tenant whose files begin with folder/chunk-N; memory from the arena.  False with the
 * file, line where there is one, and what was expected. */
bool servegen_read(const struct trace_spec *spec, const char *folder, uint32_t number,
		   struct servegen_tenant *tenant, struct arena *arena, struct err *err);
#endif

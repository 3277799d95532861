/* trace.h - where requests come from: a source of rows in the order of their arrival, pulled one
 * at a time.
 *
 * A source is a file, a synthesiser (synth.h) or several of them merged by time.  Rows stream:
 * memory does not grow with their number.  Formats are named by the user, never guessed.  Times
 * are integer ns, those of a file of requests relative to its first arrival, those of counts or
 * rates to the file's own origin.  Not for what happens to a request afterwards. */
#ifndef TRACES_TRACE_H
#define TRACES_TRACE_H
#include "base/dist.h"
#include "base/err.h"
#include "base/opt.h"
#include <stdbool.h>
#include <stdint.h>

/* More tokens than this in a row are bad data.  Source: the largest context window of a public
 * model is 10 M tokens (Llama 4 Scout, Meta 2025); the next power of two. */
#define TRACE_TOKENS_MAX (1u << 24)
/* Names of services longer than this are bad data.  Source: a DNS label, which a KServe service's
 * name must be. */
enum { TRACE_NAME_MAX = 63 };

struct trace_row {
	int64_t arrival_ns;
	uint32_t service;           /* index into the known or collected names, or spec.service */
	uint32_t input_tokens, output_tokens;
	uint64_t session, prefix;   /* 0 = none */
};

/* What to do with a row that has no input or no output tokens: public traces log failed requests
 * so. */
enum trace_zero { TRACE_ZERO_DROP, TRACE_ZERO_FAIL, TRACE_ZERO_KEEP };

/* How tenants, models or functions that a trace names become services. */
enum trace_map { TRACE_MAP_AUTO, TRACE_MAP_NAME, TRACE_MAP_ORDER, TRACE_MAP_POPULARITY,
		 TRACE_MAP_HASH };
/* What becomes of tenants behind the first `top`. */
enum trace_rest { TRACE_REST_FOLD, TRACE_REST_DROP };
/* How arrivals lie inside a tick. */
enum trace_spread { TRACE_SPREAD_EVEN, TRACE_SPREAD_RANDOM };
/* Whose digest names the service, where a trace has several. */
enum trace_tenant { TRACE_TENANT_FUNCTION, TRACE_TENANT_APP, TRACE_TENANT_OWNER };

/* One tenant that goes to a service of the user's choice. */
struct trace_assign { const char *tenant, *service; };

/* How a file is read; filled from trace_options. */
struct trace_spec {
	const char *file, *format;
	int zero_tokens;            /* enum trace_zero */
	bool lenient;
	int64_t reorder;            /* rows */
	int64_t loop;
	int64_t start_ns;
	int64_t from_ns, length_ns; /* the part played; length 0 = to the end */
	int map, rest, spread, tenant; /* the enums above */
	int64_t top;                /* 0 = all */
	struct opt_list assign;     /* of struct trace_assign */
	const char *into;           /* names of services, for whoever fills numbers */
	int64_t tick_ns;            /* 0 = stamps are taken as they are */
	double rate;                /* of tenants that are made up */
	struct dist input_tokens;   /* where a trace has none */
	struct dist duration;
	const char *durations;
	int64_t token_ns;           /* of a duration, an output token */
	/* not from the user: */
	uint32_t service;           /* of the rows of formats without a service column */
	const char *const *services; /* names known, then NULL; NULL = collect what comes */
	const uint32_t *numbers;    /* of those, in rows; NULL = 0, 1, 2, ... */
	uint64_t seed;              /* of what is drawn */
};
extern const struct opt trace_options[];
/* Whether a trace of this format is drawn, not read: another seed is another trace. */
bool trace_made_up(const char *format);
/* The names of the formats, NULL-terminated. */
extern const char *const trace_formats[];

/* read = emitted + dropped once a source has ended; dropped = zero + malformed + late + left_out.
 * Repetitions count again. */
struct trace_counts {
	uint64_t read, emitted, dropped;
	uint64_t zero, malformed, late; /* dropped: no tokens; bad fields; bad order */
	uint64_t left_out;          /* dropped: not of the part or the tenants asked for */
	uint64_t reordered;             /* emitted, in another place than they stood */
};

struct trace;

/* Opens a file, or a folder of a format that is one.  The spec and its services must outlive the
 * trace.  NULL with a message on bad input: no such file, unknown format, columns missing.
 * trace_close frees it. */
struct trace *trace_open(const struct trace_spec *spec, struct err *err);
/* The next row: 1; 0 at the end; -1 on bad input, with file:line:col and what was expected.  After
 * 0 or -1 nothing but the counts may be asked for. */
int trace_next(struct trace *trace, struct trace_row *row, struct err *err);
/* Frees a source and those that it is made of; NULL is ignored. */
void trace_close(struct trace *trace);

/* Merges n sources by arrival, equal times in the order of the sources; owns and closes them.
 * Their rows' services must mean the same: open all with the same known names. */
struct trace *trace_merge(struct trace *const *parts, uint32_t n);

/* What was read so far. */
struct trace_counts trace_counts(const struct trace *trace);
/* The names that rows' services index, NULL-terminated: the known ones or those collected so far;
 * NULL where the source has none.  Valid until the next trace_next. */
const char *const *trace_services(const struct trace *trace);
/* The path of a file that another file names: beside that one where there is such a file, else as
 * it stands, from the current folder.  Memory from the arena. */
const char *trace_path(const char *path, const char *named_in, struct arena *arena);
/* Whether rows may carry a session or a prefix. */
bool trace_has_sessions(const struct trace *trace);
#endif

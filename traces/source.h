/* source.h - what every kind of source has in common, and how one is made of another; private to
 * traces/. */
#ifndef TRACES_SOURCE_H
#define TRACES_SOURCE_H
#include "traces/format.h"
#include "traces/trace.h"

struct trace_ops {
	int (*next)(struct trace *, struct trace_row *, struct err *);
	void (*close)(struct trace *);
	struct trace_counts (*counts)(const struct trace *);
	const char *const *(*services)(const struct trace *);
};

/* The first member of a source. */
struct trace {
	const struct trace_ops *ops;
	bool sessions;
	bool ranked;                /* names are in order of the requests that they will have */
};

/* A file of rows. */
struct trace *reader_open(const struct trace_spec *spec, const struct format *format,
			  struct err *err);
/* Functions by the minute, azure-functions-2019; tenants by their invocations, falling. */
struct trace *minutes_open(const struct trace_spec *spec, struct err *err);
/* A folder of ServeGen's tenants, made up; by the requests to be expected, falling. */
struct trace *servegen_open(const struct trace_spec *spec, struct err *err);
/* Spreads rows of the same arrival over a tick of spec->tick_ns, or up to the next arrival; owns
 * and closes from. */
struct trace *spread_open(struct trace *from, const struct trace_spec *spec);
/* Puts the services of spec in place of the tenants that the file names; foreign: they are called
 * after no service. */
struct trace *map_open(const struct trace_spec *spec, bool foreign, struct err *err);
/* A source with the tenants' own names, spread where that is asked for. */
struct trace *tenants_open(const struct trace_spec *spec, struct err *err);

/* Draws of what a trace does not say. */
struct fill {
	const struct trace_spec *spec;
	struct rng inputs, durations;
};
/* Starts both streams of the spec's seed; the spec must outlive it. */
void fill_init(struct fill *fill, const struct trace_spec *spec);
/* Tokens of a request that took so long: input drawn, output a token each spec->token_ns. */
void fill_tokens(struct fill *fill, int64_t duration_ns, struct trace_row *row);
#endif

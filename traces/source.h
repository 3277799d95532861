/* source.h - what every kind of source has in common; private to traces/. */
#ifndef TRACES_SOURCE_H
#define TRACES_SOURCE_H
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
};
#endif

/* synth.h - requests made up: a renewal process in the time of a changing rate, and two
 * distributions of lengths.
 *
 * Gaps of mean 1 (exponential, gamma, Weibull, constant) are laid out along the integral of the
 * rate, so that a window or a burst with twice the rate has twice the requests and the gaps keep
 * their shape.  Two-level traffic draws a new rate each window.  Every draw comes from a stream
 * named after what it decides, so that two policies see the same traffic, and another distribution
 * of lengths moves no arrival.  Not for replaying measured rows: trace.h. */
#ifndef TRACES_SYNTH_H
#define TRACES_SYNTH_H
#include "base/opt.h"
#include "traces/trace.h"

enum synth_arrivals { SYNTH_POISSON, SYNTH_GAMMA, SYNTH_WEIBULL, SYNTH_TWO_LEVEL, SYNTH_CONSTANT };

/* A flash crowd: the rate is multiplied by factor for a while; bursts that overlap multiply. */
struct synth_burst {
	int64_t at_ns, for_ns;      /* at: after start */
	double factor;
};

struct synth_config {
	const char *service;
	int arrivals;               /* enum synth_arrivals */
	struct dist rate;           /* per second */
	double shape;
	int64_t window_ns;
	int64_t start_ns, duration_ns; /* duration 0 = until the requests are made */
	int64_t requests;           /* 0 = until the duration is over */
	struct dist input_tokens, output_tokens;
	const char *lengths;
	struct opt_list bursts;     /* of struct synth_burst */
	bool in_turn;               /* to every service of the scenario, one after the other */
	uint32_t services;          /* of the scenario, set by who opens it; not an option */
};
extern const struct opt synth_options[], synth_burst_options[];

/* Opens a synthesiser of rows for the service with this number; instance tells apart sources of
 * one scenario (the service's number, where each has one source).  The config must outlive the
 * trace.  NULL with a message where the config contradicts itself or its table of lengths cannot
 * be read. */
struct trace *synth_open(const struct synth_config *config, uint32_t service, uint64_t instance,
			 uint64_t seed, struct err *err);
#endif

/* Tokens for rows that have a duration instead.  A stream each, so that another distribution of the
 * one moves none of the other. */
#include "traces/source.h"

void fill_init(struct fill *fill, const struct trace_spec *spec)
{
	fill->spec = spec;
	fill->inputs = rng_stream(spec->seed, "trace.input", 0);
	fill->durations = rng_stream(spec->seed, "trace.duration", 0);
}

static uint32_t tokens_of(int64_t n)
{
	return n < 1 ? 1 : n > TRACE_TOKENS_MAX ? TRACE_TOKENS_MAX : (uint32_t)n;
}

void fill_tokens(struct fill *fill, int64_t duration_ns, struct trace_row *row)
{
	int64_t token_ns = fill->spec->token_ns, whole = duration_ns / token_ns,
		part = duration_ns % token_ns;

	row->input_tokens = tokens_of(dist_draw_int(&fill->spec->input_tokens, &fill->inputs));
	row->output_tokens = tokens_of(whole + (part >= token_ns - part));
}

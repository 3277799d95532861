/* The time to the next request is found by walking stretches of constant rate: a stretch ends with
 * its window, at an edge of a burst or at the end.  Times are whole ns plus a remainder below 1, so
 * nothing is lost over long runs. */
#include "traces/synth.h"
#include "traces/lengths.h"
#include "traces/row.h"
#include "traces/source.h"
#include <assert.h>
#include <math.h>
#include <string.h>

#define SYNTH(f) offsetof(struct synth_config, f)
#define BURST(f) offsetof(struct synth_burst, f)
#define NS_PER_S 1e9

static const char *const arrivals[] = {
	"poisson", "gamma", "weibull", "two-level", "constant", NULL
};

const struct opt synth_burst_options[] = {
	{ "at", OPT_INT, UNIT_TIME, BURST(at_ns), "0s", 0, 1e18,
	  .help = "when it begins, after start" },
	{ "for", OPT_INT, UNIT_TIME, BURST(for_ns), "60s", 1, 1e18, .help = "how long it lasts",
	  .source = "assumption: Knative's stable window, so that an autoscaler sees it" },
	{ "factor", OPT_REAL, UNIT_NONE, BURST(factor), "10", 0, 1e6,
	  .help = "what the rate is multiplied by", .source = "assumption" },
	OPT_END
};

const struct opt synth_options[] = {
	{ "service", OPT_TEXT, UNIT_NONE, SYNTH(service), "default",
	  .help = "where the requests go" },
	{ "in_turn", OPT_BOOL, UNIT_NONE, SYNTH(in_turn), "false",
	  .help = "the requests go to every service in turn, whatever `service` says; `copies` "
		  "does not multiply them" },
	{ "arrivals", OPT_CHOICE, UNIT_NONE, SYNTH(arrivals), "poisson", .choices = arrivals,
	  .help = "gaps: exponential, gamma, Weibull or constant; two-level: gamma gaps at a rate "
		  "drawn each window" },
	{ "rate", OPT_DIST, UNIT_PER_S, SYNTH(rate), "1/s",
	  .help = "requests per second; for two-level a distribution, as LN(p50,p95) or with \"; "
		  "21% 0/s\" empty windows",
	  .source = "assumption: azure conv 2023 is LN(5.43/s, 7.78/s) a minute" },
	{ "shape", OPT_REAL, UNIT_NONE, SYNTH(shape), "1", 0.01, 1000,
	  .help = "of gamma (CV = 1/sqrt(shape)) and Weibull gaps: below 1 bursty, 1 Poisson, "
		  "above 1 regular",
	  .source = "the exponential; azure conv 2023: gamma 0.90" },
	{ "window", OPT_INT, UNIT_TIME, SYNTH(window_ns), "60s", 1e6, 8.64e13,
	  .help = "two-level: time at one rate",
	  .source = "azure conv 2023 was measured per minute" },
	{ "start", OPT_INT, UNIT_TIME, SYNTH(start_ns), "0s", 0, 1e18,
	  .help = "when the traffic begins" },
	{ "duration", OPT_INT, UNIT_TIME, SYNTH(duration_ns), "0s", 0, 1e18,
	  .help = "how long it lasts; 0 = until all requests are made" },
	{ "requests", OPT_INT, UNIT_NONE, SYNTH(requests), "0", 0, 1e15,
	  .help = "how many are made; 0 = until the duration is over" },
	{ "input_tokens", OPT_DIST, UNIT_TOKENS, SYNTH(input_tokens), "LN(1020,4083)",
	  .help = "length of a prompt", .source = "azure conv 2023: p50 and p95" },
	{ "output_tokens", OPT_DIST, UNIT_TOKENS, SYNTH(output_tokens), "LN(129,451)",
	  .help = "length of an answer", .source = "azure conv 2023: p50 and p95" },
	{ "lengths", OPT_TEXT, UNIT_NONE, SYNTH(lengths), "",
	  .help = "a quantile table (sonde trace info --quantiles), instead of input_tokens and "
		  "output_tokens" },
	{ "bursts", OPT_LIST, UNIT_NONE, SYNTH(bursts), NULL, .sub = synth_burst_options,
	  .size = sizeof(struct synth_burst), .help = "flash crowds" },
	OPT_END
};

struct synth {
	struct trace base;
	const struct synth_config *config;
	struct arena arena;
	const char *services[2];
	struct rng gaps, rates, inputs, outputs;
	struct dist input_tokens, output_tokens;
	double weibull_scale; /* that gives mean 1 */
	int64_t now_ns;	      /* of the last arrival or the beginning of the stretch */
	double now_part_ns;   /* in [0, 1) */
	int64_t stretch_end_ns, window_end_ns, end_ns;
	double window_rate; /* per s, drawn for the window */
	double rate_per_ns; /* of the stretch */
	uint32_t service;
	uint64_t emitted;
};

static double draw_gap(struct synth *s)
{
	switch ((enum synth_arrivals)s->config->arrivals) {
	case SYNTH_GAMMA:
	case SYNTH_TWO_LEVEL: return rng_gamma(&s->gaps, s->config->shape);
	case SYNTH_WEIBULL: return s->weibull_scale * pow(rng_exp(&s->gaps), 1 / s->config->shape);
	case SYNTH_CONSTANT: return 1;
	case SYNTH_POISSON: break;
	}
	return rng_exp(&s->gaps);
}

/* The rate from now on and when it changes next. */
static void begin_stretch(struct synth *s)
{
	const struct synth_config *config = s->config;
	const struct synth_burst *burst = config->bursts.at;
	double factor = 1;

	if (s->now_ns == s->window_end_ns) {
		s->window_rate = dist_draw(&config->rate, &s->rates);
		s->window_end_ns = config->arrivals == SYNTH_TWO_LEVEL &&
						   s->end_ns - s->now_ns > config->window_ns
					 ? s->now_ns + config->window_ns
					 : s->end_ns;
	}
	s->stretch_end_ns = s->window_end_ns;
	for (uint32_t i = 0; i < config->bursts.n; i++) {
		int64_t from_ns = config->start_ns + burst[i].at_ns,
			to_ns = from_ns + burst[i].for_ns;

		if (from_ns > s->now_ns) {
			s->stretch_end_ns =
				from_ns < s->stretch_end_ns ? from_ns : s->stretch_end_ns;
		} else if (to_ns > s->now_ns) {
			s->stretch_end_ns = to_ns < s->stretch_end_ns ? to_ns : s->stretch_end_ns;
			factor *= burst[i].factor;
		}
	}
	s->rate_per_ns = s->window_rate * factor / NS_PER_S;
}

/* Moves now to the next arrival; false when the end comes first. */
static bool next_arrival(struct synth *s)
{
	double need = draw_gap(s); /* requests' worth of the integral of the rate */

	for (;;) {
		double left_ns = (double)(s->stretch_end_ns - s->now_ns) - s->now_part_ns;

		if (need < s->rate_per_ns * left_ns) {
			double step_ns = need / s->rate_per_ns + s->now_part_ns,
			       whole_ns = floor(step_ns);

			s->now_ns += (int64_t)whole_ns;
			s->now_part_ns = step_ns - whole_ns;
			if (s->now_ns < s->stretch_end_ns)
				return true;
			need = 0; /* rounding took it to the edge */
		} else {
			need -= s->rate_per_ns * left_ns;
		}
		s->now_ns = s->stretch_end_ns;
		s->now_part_ns = 0;
		if (s->now_ns >= s->end_ns)
			return false;
		begin_stretch(s);
	}
}

static uint32_t draw_tokens(const struct dist *dist, struct rng *rng)
{
	int64_t tokens = dist_draw_int(dist, rng);

	if (tokens < 1)
		return 1;
	return tokens > TRACE_TOKENS_MAX ? TRACE_TOKENS_MAX : (uint32_t)tokens;
}

static int synth_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	struct synth *s = (struct synth *)trace;

	(void)err;
	if ((s->config->requests && s->emitted == (uint64_t)s->config->requests) ||
	    !next_arrival(s))
		return 0;
	row->arrival_ns = s->now_ns;
	row->service = s->service;
	if (s->config->in_turn && s->config->services)
		row->service = (uint32_t)(s->emitted % s->config->services);
	row->input_tokens = draw_tokens(&s->input_tokens, &s->inputs);
	row->output_tokens = draw_tokens(&s->output_tokens, &s->outputs);
	row->session = row->prefix = 0;
	s->emitted++;
	return 1;
}

static void synth_close(struct trace *trace)
{
	struct arena arena = ((struct synth *)trace)->arena; /* it lies in it */

	arena_release(&arena);
}

static struct trace_counts synth_counts(const struct trace *trace)
{
	const struct synth *s = (const struct synth *)trace;

	return (struct trace_counts){ .read = s->emitted, .emitted = s->emitted };
}

/* One source knows one name: its own, whatever number it has among those of a scenario. */
static const char *const *synth_services(const struct trace *trace)
{
	const struct synth *s = (const struct synth *)trace;

	return s->service ? NULL : s->services;
}

static const struct trace_ops synth_ops = { synth_next, synth_close, synth_counts, synth_services };

static bool check(const struct synth_config *config, struct err *err)
{
	if (!row_is_name(config->service))
		return err_set(err, "traffic of \"%s\": expected %s", config->service,
			       ROW_NAME_EXPECTED);
	if (!config->duration_ns && !config->requests)
		return err_set(
			err,
			"traffic of \"%s\" never ends: expected a duration or a number of requests",
			config->service);
	if (dist_mean(&config->rate) <= 0)
		return err_set(
			err,
			"traffic of \"%s\" has a rate of 0: expected more than that, such as 10/s",
			config->service);
	if (config->arrivals != SYNTH_TWO_LEVEL &&
	    (config->rate.kind != DIST_CONSTANT || config->rate.tail_share > 0))
		return err_set(err,
			       "traffic of \"%s\" has a distribution as rate: expected one rate, "
			       "or arrivals: two-level",
			       config->service);
	return true;
}

struct trace *synth_open(const struct synth_config *config, uint32_t service, uint64_t instance,
			 uint64_t seed, struct err *err)
{
	struct arena arena;
	struct synth *s;

	if (!check(config, err))
		return NULL;
	arena_init(&arena);
	s = arena_take(&arena, sizeof(*s));
	s->input_tokens = config->input_tokens;
	s->output_tokens = config->output_tokens;
	if (config->lengths && *config->lengths &&
	    !lengths_read(config->lengths, &s->input_tokens, &s->output_tokens, &arena, err)) {
		arena_release(&arena);
		return NULL;
	}
	s->base.ops = &synth_ops;
	s->arena = arena;
	s->config = config;
	s->service = service;
	s->services[0] = config->service;
	s->gaps = rng_stream(seed, "arrivals", instance);
	s->rates = rng_stream(seed, "rates", instance);
	s->inputs = rng_stream(seed, "lengths.input", instance);
	s->outputs = rng_stream(seed, "lengths.output", instance);
	s->weibull_scale =
		config->arrivals == SYNTH_WEIBULL ? 1 / tgamma(1 + 1 / config->shape) : 0;
	s->now_ns = s->window_end_ns = config->start_ns;
	s->end_ns = config->duration_ns ? config->start_ns + config->duration_ns : INT64_MAX / 2;
	begin_stretch(s);
	return &s->base;
}

/* How a trace is read, as options. */
#include "traces/trace.h"
#include <stddef.h>

#define SPEC(f) offsetof(struct trace_spec, f)
#define ASSIGN(f) offsetof(struct trace_assign, f)

static const char *const zero_policies[] = { "drop", "fail", "keep", NULL };
static const char *const maps[] = { "auto", "name", "order", "popularity", "hash", NULL };
static const char *const rests[] = { "fold", "drop", NULL };
static const char *const spreads[] = { "even", "random", NULL };
static const char *const tenants[] = { "function", "app", "owner", NULL };

static const struct opt assign_options[] = {
	{ "tenant", OPT_TEXT, UNIT_NONE, ASSIGN(tenant), "",
	  .help = "a tenant as the trace names it (sonde trace info --tenants)" },
	{ "service", OPT_TEXT, UNIT_NONE, ASSIGN(service), "", .help = "the service it becomes" },
	OPT_END
};

const struct opt trace_options[] = {
	{ "file", OPT_TEXT, UNIT_NONE, SPEC(file), "",
	  .help = "a trace: CSV or JSON Lines, plain or compressed by gzip or zstd; servegen: a "
		  "folder" },
	{ "format", OPT_TEXT, UNIT_NONE, SPEC(format), "",
	  .help = "sonde, azure2023, azure2024, vidur, burstgpt, mooncake, servegen, "
		  "azure-functions-2019 or azure-functions-2021; must be said, it is never "
		  "guessed" },
	{ "zero_tokens", OPT_CHOICE, UNIT_NONE, SPEC(zero_tokens), "drop", .choices = zero_policies,
	  .help = "rows without input or output tokens, as failed requests are logged: drop and "
		  "count, fail, keep" },
	{ "lenient", OPT_BOOL, UNIT_NONE, SPEC(lenient), "false",
	  .help = "drop and count rows (servegen: tenants) that cannot be read, instead of "
		  "stopping at the first" },
	{ "reorder", OPT_INT, UNIT_NONE, SPEC(reorder), "256", 0, 65536,
	  .help = "rows by which an arrival may stand too late in the file; 0 = it must be sorted",
	  .source = "assumption: loggers merge few threads; what was reordered is counted" },
	{ "loop", OPT_INT, UNIT_NONE, SPEC(loop), "1", 1, 1e6,
	  .help = "play the trace so many times, one mean gap between the repetitions" },
	{ "start", OPT_INT, UNIT_TIME, SPEC(start_ns), "0s", 0, 1e18,
	  .help = "time of the first arrival" },
	{ "from", OPT_INT, UNIT_TIME, SPEC(from_ns), "0s", 0, 1e18,
	  .help = "leave out what comes earlier than this in the trace, which then begins there" },
	{ "length", OPT_INT, UNIT_TIME, SPEC(length_ns), "0s", 0, 1e18,
	  .help = "play so much of the trace; 0 = all" },
	{ "tick", OPT_INT, UNIT_TIME, SPEC(tick_ns), "0s", 0, 1e13,
	  .help = "stamps are this coarse: rows of one stamp are spread over so long, or up to the "
		  "next stamp" },
	{ "spread", OPT_CHOICE, UNIT_NONE, SPEC(spread), "even", .choices = spreads,
	  .help = "how arrivals lie in a tick, or in a minute of azure-functions-2019: evenly, or "
		  "at random as of a Poisson process" },
	{ "map", OPT_CHOICE, UNIT_NONE, SPEC(map), "auto", .choices = maps,
	  .help = "how the trace's tenants, models or functions become services: name = they are "
		  "called so; order, popularity = the n-th to come, or the n-th in requests, is "
		  "the n-th service, and round again; hash of the name; auto = name for "
		  "Sonde's own format, else popularity" },
	{ "top", OPT_INT, UNIT_NONE, SPEC(top), "0", 0, 1e9,
	  .help = "map order and popularity: only so many tenants become services; 0 = all" },
	{ "rest", OPT_CHOICE, UNIT_NONE, SPEC(rest), "fold", .choices = rests,
	  .help = "what becomes of the tenants behind `top`: folded into the last service, or "
		  "dropped and counted" },
	{ "services", OPT_TEXT, UNIT_NONE, SPEC(into), "",
	  .help = "the services that take its requests: names, or NAME* for all that begin so, "
		  "separated by commas; none = all" },
	{ "assign", OPT_LIST, UNIT_NONE, SPEC(assign), NULL, .sub = assign_options,
	  .size = sizeof(struct trace_assign),
	  .help = "tenants that become a service of your choice, whatever `map` says" },
	{ "tenant", OPT_CHOICE, UNIT_NONE, SPEC(tenant), "function", .choices = tenants,
	  .help = "azure-functions: what a tenant is" },
	{ "rate", OPT_REAL, UNIT_NONE, SPEC(rate), "1", 1e-9, 1e9,
	  .help = "servegen: every tenant's rate is multiplied by it" },
	{ "token", OPT_INT, UNIT_TIME, SPEC(token_ns), "20ms", 1, 3.6e12,
	  .help = "azure-functions: so much of a duration is an output token, at least one",
	  .source = "assumption: 50 tokens/s, about what a chat service reaches; with "
		    "engine.token_time the same, a request engine serves for the duration" },
	{ "input_tokens", OPT_DIST, UNIT_TOKENS, SPEC(input_tokens), "512", 1, 1 << 24,
	  .help = "azure-functions: tokens of a prompt",
	  .source = "assumption: functions have no prompts; swept where prefill matters" },
	{ "duration", OPT_DIST, UNIT_TIME, SPEC(duration), "LN(0.684s,33.2s)", 0, 3.6e15,
	  .help = "azure-functions-2019: how long an invocation takes, where `durations` has none",
	  .source = "lognormal with mu -0.38 and sigma 2.36 of s: Shahrad et al., Serverless in "
		    "the Wild, USENIX ATC 2020" },
	{ "durations", OPT_TEXT, UNIT_NONE, SPEC(durations), "",
	  .help = "azure-functions-2019: the dataset's file of duration percentiles a function" },
	OPT_END
};

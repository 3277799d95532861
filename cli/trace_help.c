/* What sonde trace and its subcommands say of themselves. */
#include "cli/trace_help.h"

const char trace_help[] = "usage: sonde trace info FILE --format F      the figures of a trace\n"
			  "       sonde trace convert FILE OUT --format F  to Sonde's own CSV\n"
			  "       sonde trace synth CONFIG -o OUT       requests made up\n"
			  "       sonde trace audit FILE                API writes of a cluster\n"
			  "\n"
			  "Each has more to say: sonde trace info -h\n";

#define READING \
	"  -f, --format F         sonde, azure2023, azure2024, vidur, burstgpt, mooncake,\n" \
	"                         servegen, azure-functions-2019, azure-functions-2021\n" \
	"      --zero-tokens P    rows without input or output tokens: drop " \
	"(default), fail or " \
	"keep\n" \
	"      --lenient          drop and count rows that cannot be read\n" \
	"      --reorder N        rows by which an arrival may stand too late " \
	"(default: 256)\n" \
	"      --trace-loop K     play the trace K times, one mean gap between the " \
	"repetitions\n" \
	"      --seed S           of what is drawn (default: 1)\n" \
	"      --set trace.K=V    another option of reading it: sonde help trace lists them\n"

const char trace_info_help[] =
	"usage: sonde trace info FILE --format F [options]\n"
	"\n"
	"Reads a trace - CSV, plain, gzip or zstd - and prints rows, span, rate, "
	"burstiness (IDC "
	"is\n"
	"variance over mean of the counts in full windows) and lengths with exact "
	"percentiles.\n"
	"\n" READING "      --quantiles        the lengths as a quantile table, "
	"for `lengths` of "
	"sonde trace synth\n"
	"      --tenants          requests of each tenant, model or function, as CSV\n"
	"      --autoscaler A     how many pods A (kpa) would start, and how fast, were they\n"
	"                         ready at once; a tenant is a service\n"
	"      --set KEY=VALUE    with it, an option of scenarios/pod-starts.yaml\n"
	"      --json             JSON on standard output\n"
	"  -h, --help             this text\n"
	"\n"
	"exit status: 0 done, 1 failed, 2 usage or bad input\n";

const char trace_convert_help[] =
	"usage: sonde trace convert FILE OUT --format F [options]\n"
	"\n"
	"Writes a trace as "
	"arrival_s,service,input_tokens,output_tokens[,session,prefix], times "
	"from\n"
	"the first arrival.  OUT is compressed where its name ends in .gz or .zst, "
	"and whole or "
	"absent.\n"
	"\n" READING "      --to sonde         the format of OUT; there is but this one\n"
	"      --service NAME     the service of rows that name none (default: "
	"default)\n"
	"  -h, --help             this text\n"
	"\n"
	"exit status: 0 done, 1 failed, 2 usage or bad input\n";

const char trace_synth_help[] =
	"usage: sonde trace synth CONFIG -o OUT [options]\n"
	"\n"
	"CONFIG is YAML: a list `workload`, as in a scenario, merged by time, of\n"
	"  {service, arrivals, rate, shape, window, start, duration, requests, "
	"input_tokens,\n"
	"   output_tokens, lengths, bursts: [{at, for, factor}]}\n"
	"and a `seed`.  The same seed makes the same file.\n"
	"\n"
	"  -o, --out OUT          where to; compressed where it ends in .gz or "
	".zst\n"
	"  -s, --seed S           the same as --set seed=S\n"
	"      --set KEY=VALUE    changes an option: --set workload.0.rate=20/s\n"
	"  -h, --help             this text\n"
	"\n"
	"exit status: 0 done, 1 failed, 2 usage or bad input\n";

/* sonde trace: the figures of a trace, its conversion to Sonde's own CSV, and
 * traffic made up from a file of options. */
#include "base/progress.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "scenarios/load.h"
#include "traces/info.h"
#include "traces/row.h"
#include "traces/synth.h"
#include "traces/trace.h"
#include "traces/writer.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char help[] = "usage: sonde trace info FILE --format F      the figures of a trace\n"
			   "       sonde trace convert FILE OUT --format F  to Sonde's own CSV\n"
			   "       sonde trace synth CONFIG -o OUT       requests made up\n"
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
	"      --set trace.K=V    another option of reading it: sonde help trace lists them\n"

static const char info_help[] =
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
	"      --json             JSON on standard output\n"
	"  -h, --help             this text\n"
	"\n"
	"exit status: 0 done, 1 failed, 2 usage or bad input\n";

static const char convert_help[] =
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

static const char synth_help[] =
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

/* What the command line says, for all three. */
struct args {
	const char *help;
	const char *file, *out, *to, *service;
	struct trace_spec spec;
	bool json, quantiles;
	VEC(struct scenario_set) sets;
	struct arena arena;
};

/* Sets an option of how a file is read. */
static bool set_spec(struct args *args, const char *name, const char *text, struct err *err)
{
	memset(err, 0, sizeof(*err));
	return opt_parse(opt_find(trace_options, name), &args->spec, text, &args->arena, err);
}

static bool add_set(struct args *args, const char *text, struct err *err)
{
	struct scenario_set set;

	memset(err, 0, sizeof(*err));
	if (!scenario_set_parse(text, &set, &args->arena, err))
		return false;
	vec_push(&args->sets, set);
	return true;
}

/* --set trace.KEY=VALUE, or without the table's name. */
static bool set_reading(struct args *args, const char *text, struct err *err)
{
	struct scenario_set set;
	const struct opt *opt;
	const char *key, *near;

	memset(err, 0, sizeof(*err));
	if (!scenario_set_parse(text, &set, &args->arena, err))
		return false;
	key = !strncmp(set.key, "trace.", 6) ? set.key + 6 : set.key;
	opt = opt_find(trace_options, key);
	if (opt && opt->type != OPT_LIST && !strchr(key, '.'))
		return set_spec(args, key, set.value, err);
	near = opt_nearest(trace_options, key, &args->arena);
	return err_set(err, "--set %s: no option of reading a trace%s%s%s", text,
		       near ? "; did you mean trace." : "", near ? near : "", near ? "?" : "");
}

enum { ROWS_A_LOOK = 0xffff }; /* a mask: the clock is not asked at every row */

static const char *const reading_options[] = { "format", "zero_tokens", "reorder", "loop",
					       "lenient" };
enum {
	SET_SPEC = 256,
	SET_LENIENT = SET_SPEC + 4,
	SET_TO,
	SET_SERVICE,
	SET_QUANTILES,
	SET_JSON,
	SET_SET,
	SET_READING
};

static bool take_option(struct args *args, int option, struct err *err)
{
	switch (option) {
	case 'f': return set_spec(args, "format", optarg, err);
	case 'o': args->out = optarg; return true;
	case 's': return add_set(args, arena_print(&args->arena, "seed=%s", optarg), err);
	case SET_LENIENT: return set_spec(args, "lenient", "true", err);
	case SET_TO: args->to = optarg; return true;
	case SET_SERVICE: args->service = optarg; return true;
	case SET_QUANTILES: args->quantiles = true; return true;
	case SET_JSON: args->json = true; return true;
	case SET_SET: return add_set(args, optarg, err);
	case SET_READING: return set_reading(args, optarg, err);
	default: return set_spec(args, reading_options[option - SET_SPEC], optarg, err);
	}
}

/* Reads the options of a subcommand and its n file names; -1, or the exit
 * status where there is nothing more to do. */
static int parse(struct args *args, int argc, char **argv, const struct option *options, int files)
{
	struct err err = { .line = 0 };
	const char *short_options = options[0].val == 'o' ? ":o:s:h" : ":f:h";
	char name[32];
	int option;

	snprintf(name, sizeof(name), "trace %s", argv[0]);
	opterr = 0;
	while ((option = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
		if (option == 'h') {
			fputs(args->help, stdout);
			return cli_flush() ? EXIT_DONE : EXIT_FAILED;
		}
		if (option == '?' || option == ':')
			return cli_refused(name, option, argv, options);
		if (!take_option(args, option, &err))
			return cli_fail(&err);
	}
	if (argc - optind != files)
		return cli_usage(name, "expected %s", files == 1 ? "one file" : "two files");
	args->file = argv[optind];
	if (files == 2)
		args->out = argv[optind + 1];
	args->spec.file = args->file;
	args->spec.seed = 1; /* as a scenario has without one */
	return -1;
}

#define READING_OPTIONS \
	{ "format", required_argument, NULL, SET_SPEC }, \
		{ "zero-tokens", required_argument, NULL, SET_SPEC + 1 }, \
		{ "reorder", required_argument, NULL, SET_SPEC + 2 }, \
		{ "trace-loop", required_argument, NULL, SET_SPEC + 3 }, \
		{ "lenient", no_argument, NULL, SET_LENIENT }, \
		{ "set", required_argument, NULL, SET_READING }, \
	{ \
		"help", no_argument, NULL, 'h' \
	}

static int info(struct args *args, int argc, char **argv)
{
	static const struct option options[] = {
		READING_OPTIONS,
		{ "quantiles", no_argument, NULL, SET_QUANTILES },
		{ "json", no_argument, NULL, SET_JSON },
		{ NULL, 0, NULL, 0 },
	};
	struct err err = { .line = 0 };
	struct trace_counts counts;
	struct trace_row row;
	struct trace *trace;
	struct progress progress;
	struct info figures;
	uint64_t rows = 0;
	int got, status;

	args->help = info_help;
	status = parse(args, argc, argv, options, 1);
	if (status >= 0)
		return status;
	trace = trace_open(&args->spec, &err);
	if (!trace)
		return cli_fail(&err);
	info_init(&figures);
	progress_start(&progress, "rows", 0, false);
	while ((got = trace_next(trace, &row, &err)) == 1) {
		info_add(&figures, &row);
		if (!(++rows & ROWS_A_LOOK))
			progress_show(&progress, (double)rows);
	}
	progress_end(&progress);
	counts = trace_counts(trace);
	trace_close(trace);
	if (got == 0) {
		if (args->json)
			info_print_json(&figures, &counts, stdout);
		else if (args->quantiles)
			info_print_quantiles(&figures, stdout);
		else
			info_print(&figures, &counts, stdout);
	}
	info_release(&figures);
	if (got < 0)
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

/* Writes all rows of a source, which it closes; names has the services by
 * number, or is NULL where only `service` is. */
static bool write_rows(struct trace *trace, const char *const *names, const char *service,
		       const char *out, struct err *err)
{
	struct trace_counts counts;
	struct writer writer;
	struct progress progress;
	struct trace_row row;
	uint64_t rows = 0;
	FILE *said;
	int got;

	cli_catch();
	if (!writer_open(&writer, out, trace_has_sessions(trace), err)) {
		trace_close(trace);
		return false;
	}
	cli_unfinished(writer.temporary);
	progress_start(&progress, "rows", 0, false);
	said = writer.temporary ? stdout : stderr; /* the rows themselves may go to stdout */
	while ((got = trace_next(trace, &row, err)) == 1) {
		const char *const *known = names ? names : trace_services(trace);

		if (cli_stop)
			break;
		if (!(++rows & ROWS_A_LOOK))
			progress_show(&progress, (double)rows);
		if (!writer_add(&writer, &row, known ? known[row.service] : service, err)) {
			got = -1;
			break;
		}
	}
	progress_end(&progress);
	/* An end that came with the signal may be that of a pipe's other side, which it ended too.
	 */
	if (cli_stop && got >= 0) {
		err_system(err, "stopped: %s is not written", out);
		got = -1;
	}
	counts = trace_counts(trace);
	trace_close(trace);
	if (got < 0) {
		writer_drop(&writer);
		return false;
	}
	if (!writer_finish(&writer, err))
		return false;
	cli_finished();
	fprintf(said,
		"%" PRIu64 " rows read, %" PRIu64 " written to %s, %" PRIu64 " dropped (%" PRIu64
		" without tokens, %" PRIu64 " malformed, %" PRIu64 " too late), %" PRIu64
		" reordered\n",
		counts.read, counts.emitted, out, counts.dropped, counts.zero, counts.malformed,
		counts.late, counts.reordered);
	return true;
}

static int convert(struct args *args, int argc, char **argv)
{
	static const struct option options[] = {
		READING_OPTIONS,
		{ "to", required_argument, NULL, SET_TO },
		{ "service", required_argument, NULL, SET_SERVICE },
		{ NULL, 0, NULL, 0 },
	};
	struct err err = { .line = 0 };
	struct trace *trace;
	int status;

	args->help = convert_help;
	args->to = "sonde";
	args->service = "default";
	status = parse(args, argc, argv, options, 2);
	if (status >= 0)
		return status;
	if (strcmp(args->to, "sonde")) {
		err_set(&err, "cannot write format \"%s\": expected sonde", args->to);
		return cli_fail(&err);
	}
	if (!row_is_name(args->service)) {
		err_set(&err, "--service \"%s\": expected %s", args->service, ROW_NAME_EXPECTED);
		return cli_fail(&err);
	}
	trace = trace_open(&args->spec, &err);
	if (!trace || !write_rows(trace, NULL, args->service, args->out, &err))
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

/* The file of sonde trace synth. */
struct synth_file {
	int64_t seed;
	struct opt_list workload; /* of struct synth_config */
};
static const struct opt synth_file_options[] = {
	{ "seed", OPT_INT, UNIT_NONE, offsetof(struct synth_file, seed), "1", 0, 1e18,
	  .help = "of all draws" },
	{ "workload", OPT_LIST, UNIT_NONE, offsetof(struct synth_file, workload), NULL,
	  .sub = synth_options, .size = sizeof(struct synth_config),
	  .help = "sources of requests" },
	OPT_END
};

/* All sources of the file, merged; names gets their services, each once, in the
 * order in which they come. */
static struct trace *open_workload(struct args *args, const struct synth_file *file,
				   const char **names, struct err *err)
{
	struct synth_config *config = file->workload.at;
	struct trace **part = ARENA_ARRAY(&args->arena, struct trace *, file->workload.n);

	for (uint32_t i = 0; i < file->workload.n; i++) {
		uint32_t service = 0;

		while (names[service] && strcmp(names[service], config[i].service))
			service++;
		names[service] = config[i].service;
		if (*config[i].lengths)
			config[i].lengths = trace_path(config[i].lengths, args->file, &args->arena);
		part[i] = synth_open(&config[i], service, i, (uint64_t)file->seed, err);
		if (part[i])
			continue;
		while (i-- > 0)
			trace_close(part[i]);
		return NULL;
	}
	return trace_merge(part, file->workload.n);
}

static int synth(struct args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 's' },
		{ "set", required_argument, NULL, SET_SET },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct synth_file file;
	struct err err = { .line = 0 };
	struct trace *trace;
	const char **names;
	int status;

	args->help = synth_help;
	status = parse(args, argc, argv, options, 1);
	if (status >= 0)
		return status;
	if (!args->out)
		return cli_usage("trace synth", "expected -o OUT");
	if (!scenario_load(synth_file_options, &file, args->file, args->sets.at, args->sets.n, NULL,
			   &args->arena, &err))
		return cli_fail(&err);
	if (!file.workload.n) {
		err_at(&err, args->file, 0, 0,
		       "no workload: expected a list `workload` of sources of requests");
		return cli_fail(&err);
	}
	names = ARENA_ARRAY(&args->arena, const char *, file.workload.n + 1);
	trace = open_workload(args, &file, names, &err);
	if (!trace || !write_rows(trace, names, NULL, args->out, &err))
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

int cmd_trace(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct args *, int, char **);
	} commands[] = { { "info", info }, { "convert", convert }, { "synth", synth } };
	const char *const names[] = { "info", "convert", "synth", NULL };
	struct args args = { .help = NULL };
	const char *near;

	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(help, stdout);
		return cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	for (int i = 0; argc > 1 && i < 3; i++) {
		int status;

		if (strcmp(argv[1], commands[i].name))
			continue;
		arena_init(&args.arena);
		opt_defaults(trace_options, &args.spec, &args.arena);
		status = commands[i].run(&args, argc - 1, argv + 1);
		vec_release(&args.sets);
		arena_release(&args.arena);
		return status;
	}
	if (argc < 2)
		return cli_usage("trace", "expected info, convert or synth");
	near = err_nearest(argv[1], names);
	return cli_usage("trace", "unknown command '%s'%s%s%s", argv[1],
			 near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

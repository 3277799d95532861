/* sonde trace: the figures of a trace, its conversion to Sonde's own CSV, and
 * traffic made up from a file of options. */
#include "base/progress.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/pod_starts.h"
#include "cli/tenants.h"
#include "cli/trace_help.h"
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

/* What the command line says, for all three. */
struct args {
	const char *help;
	const char *file, *out, *to, *service;
	struct trace_spec spec;
	const char *autoscaler;
	int64_t seed;
	bool json, quantiles, tenants;
	VEC(struct scenario_set) sets;
	struct arena arena;
};

static const struct opt seed_option = { "seed", OPT_INT, UNIT_NONE, offsetof(struct args, seed),
					"1",	0,	 0x1p53,    .help = "of all draws" };

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

/* --set trace.KEY=VALUE says how to read; another option of a scenario is for the run of an
 * autoscaler. */
static bool set_reading(struct args *args, const char *text, struct err *err)
{
	struct scenario_set set;
	const struct opt *opt;
	const char *near;

	memset(err, 0, sizeof(*err));
	if (!scenario_set_parse(text, &set, &args->arena, err))
		return false;
	vec_push(&args->sets, set);
	if (strncmp(set.key, "trace.", 6) != 0 || !strncmp(set.key, "trace.assign", 12))
		return true;
	opt = opt_find(trace_options, set.key + 6);
	if (opt)
		return set_spec(args, set.key + 6, set.value, err);
	near = opt_nearest(trace_options, set.key + 6, &args->arena);
	return err_set(err, "unknown key \"%s\"%s%s%s (sonde help trace lists them)", set.key,
		       near ? "; did you mean trace." : "", near ? near : "", near ? "?" : "");
}

/* Options of a scenario are of no use without an autoscaler that runs. */
static bool check_sets(const struct args *args, struct err *err)
{
	for (uint32_t i = 0; i < args->sets.n && !args->autoscaler; i++)
		if (strncmp(args->sets.at[i].key, "trace.", 6) != 0)
			return err_set(err,
				       "--set %s: expected an option of reading the trace, "
				       "trace.KEY%s",
				       args->sets.at[i].key,
				       args->help == trace_info_help ? ", or --autoscaler with it"
								     : "");
	return true;
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
	SET_READING,
	SET_SEED,
	SET_AUTOSCALER,
	SET_TENANTS
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
	case SET_TENANTS: args->tenants = true; return true;
	case SET_JSON: args->json = true; return true;
	case SET_SET: return add_set(args, optarg, err);
	case SET_READING: return set_reading(args, optarg, err);
	case SET_AUTOSCALER: args->autoscaler = optarg; return true;
	case SET_SEED:
		memset(err, 0, sizeof(*err));
		return opt_parse(&seed_option, args, optarg, &args->arena, err);
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
	args->spec.seed = (uint64_t)args->seed;
	return -1;
}

#define READING_OPTIONS \
	{ "format", required_argument, NULL, SET_SPEC }, \
		{ "zero-tokens", required_argument, NULL, SET_SPEC + 1 }, \
		{ "reorder", required_argument, NULL, SET_SPEC + 2 }, \
		{ "trace-loop", required_argument, NULL, SET_SPEC + 3 }, \
		{ "lenient", no_argument, NULL, SET_LENIENT }, \
		{ "set", required_argument, NULL, SET_READING }, \
		{ "seed", required_argument, NULL, SET_SEED }, \
	{ \
		"help", no_argument, NULL, 'h' \
	}

/* Reads it all. */
static bool measure(struct args *args, struct info *figures, struct trace_counts *counts,
		    struct tenants *tenants, struct err *err)
{
	struct trace *trace = trace_open(&args->spec, err);
	struct progress progress;
	struct trace_row row;
	uint64_t rows = 0;
	int got;

	if (!trace)
		return false;
	progress_start(&progress, "rows", 0, false);
	while ((got = trace_next(trace, &row, err)) == 1) {
		info_add(figures, &row);
		tenants_add(tenants, row.service);
		if (!(++rows & ROWS_A_LOOK))
			progress_show(&progress, (double)rows);
	}
	progress_end(&progress);
	*counts = trace_counts(trace);
	if (got == 0)
		tenants_name(tenants, trace_services(trace), &args->arena);
	trace_close(trace);
	return got == 0;
}

static void print_info(const struct args *args, const struct info *figures,
		       const struct trace_counts *counts, struct tenants *tenants,
		       const struct pod_starts *starts)
{
	if (args->tenants) {
		tenants_print(tenants, stdout);
	} else if (args->quantiles) {
		info_print_quantiles(figures, stdout);
	} else if (args->json) {
		putchar('{');
		info_print_json(figures, counts, stdout);
		if (args->autoscaler)
			pod_starts_print_json(starts, stdout);
		puts("}");
	} else {
		info_print(figures, counts, stdout);
		if (args->autoscaler)
			pod_starts_print(starts, stdout);
	}
}

static int info(struct args *args, int argc, char **argv)
{
	static const struct option options[] = {
		READING_OPTIONS,
		{ "quantiles", no_argument, NULL, SET_QUANTILES },
		{ "tenants", no_argument, NULL, SET_TENANTS },
		{ "autoscaler", required_argument, NULL, SET_AUTOSCALER },
		{ "json", no_argument, NULL, SET_JSON },
		{ NULL, 0, NULL, 0 },
	};
	struct err err = { .line = 0 };
	struct trace_counts counts;
	struct pod_starts starts;
	struct tenants tenants = { 0 };
	struct info figures;
	int status;
	bool ok;

	args->help = trace_info_help;
	status = parse(args, argc, argv, options, 1);
	if (status >= 0)
		return status;
	info_init(&figures);
	ok = check_sets(args, &err) && measure(args, &figures, &counts, &tenants, &err) &&
	     (!args->autoscaler ||
	      pod_starts_run(&args->spec, args->autoscaler, tenants.at.n, args->sets.at,
			     args->sets.n, &starts, &args->arena, &err));
	if (ok)
		print_info(args, &figures, &counts, &tenants, &starts);
	tenants_release(&tenants);
	info_release(&figures);
	if (!ok)
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
		" without tokens, %" PRIu64 " malformed, %" PRIu64 " too late, %" PRIu64
		" left out), %" PRIu64 " reordered\n",
		counts.read, counts.emitted, out, counts.dropped, counts.zero, counts.malformed,
		counts.late, counts.left_out, counts.reordered);
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

	args->help = trace_convert_help;
	args->to = "sonde";
	args->service = "default";
	status = parse(args, argc, argv, options, 2);
	if (status >= 0)
		return status;
	if (strcmp(args->to, "sonde")) {
		err_set(&err, "cannot write format \"%s\": expected sonde", args->to);
		return cli_fail(&err);
	}
	if (!check_sets(args, &err))
		return cli_fail(&err);
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

	args->help = trace_synth_help;
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
	const char *const names[] = { "info", "convert", "synth", "audit", NULL };
	struct args args = { .help = NULL };
	const char *near;

	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(trace_help, stdout);
		return cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	if (argc > 1 && !strcmp(argv[1], "audit"))
		return trace_audit(argc - 1, argv + 1);
	for (int i = 0; argc > 1 && i < 3; i++) {
		int status;

		if (strcmp(argv[1], commands[i].name))
			continue;
		arena_init(&args.arena);
		opt_defaults(trace_options, &args.spec, &args.arena);
		args.seed = 1;
		status = commands[i].run(&args, argc - 1, argv + 1);
		vec_release(&args.sets);
		arena_release(&args.arena);
		return status;
	}
	if (argc < 2)
		return cli_usage("trace", "expected info, convert, synth or audit");
	near = err_nearest(argv[1], names);
	return cli_usage("trace", "unknown command '%s'%s%s%s", argv[1],
			 near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

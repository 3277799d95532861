/* sonde report: a folder with a page and its plots, from a store. */
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "results/report.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: sonde report [options] DB\n"
	"\n"
	"Writes a folder with one self-contained page, index.html, and its plots as SVG and PNG:\n"
	"latencies with their SLOs, load, pods and queue over time, cold starts by phase,\n"
	"scheduling delay, curves along a sweep; headline figures, verdicts, the scenario.\n"
	"Needs gnuplot.\n"
	"\n"
	"  -o, --out DIR   where to (default: DB without its ending, then -report)\n"
	"  -m, --metric M  draw this figure along the sweep too, a curve a variant with its 95 %\n"
	"                  band; may be given again: control_plane.probes, e2e_s.p99, any path of\n"
	"                  the JSON (docs/json.md)\n"
	"      --run ID    only this run; may be given again (default: of each variant, point,\n"
	"                  seed and world the latest)\n"
	"  -h, --help      this text\n"
	"\n"
	"exit status: 0 written, 1 failed, 2 usage or bad input\n";

static bool parse_id(const char *text, int64_t *id)
{
	char *end;

	errno = 0;
	*id = strtoll(text, &end, 10);
	return *text && !*end && !errno && *id > 0;
}

/* "out/burst.db" -> "out/burst-report". */
static char *default_folder(const char *store)
{
	const char *slash = strrchr(store, '/'), *dot = strrchr(slash ? slash : store, '.');
	int stem = (int)(dot && dot != store && dot != slash + 1 ? (size_t)(dot - store)
								 : strlen(store));
	char *out;

	if (asprintf(&out, "%.*s-report", stem, store) < 0)
		abort();
	return out;
}

int cmd_report(int argc, char **argv)
{
	static const struct option options[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "metric", required_argument, NULL, 'm' },
		{ "run", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	VEC(int64_t) run = { 0 };
	VEC(const char *) metric = { 0 };
	const char *out = NULL;
	struct report_options what;
	struct err err = { .line = 0 };
	char *folder;
	int64_t id;
	int option, status;

	opterr = 0;
	optind = 0; /* start afresh: main() has parsed before */
	while ((option = getopt_long(argc, argv, ":o:m:h", options, NULL)) != -1) {
		switch (option) {
		case 'o': out = optarg; break;
		case 'm': vec_push(&metric, optarg); break;
		case 'r':
			if (!parse_id(optarg, &id))
				return cli_usage("report",
						 "--run wants the id of a run, such as 3");
			vec_push(&run, id);
			break;
		case 'h': fputs(help, stdout); return cli_flush() ? EXIT_DONE : EXIT_FAILED;
		default: return cli_refused("report", option, argv, options);
		}
	}
	if (argc - optind != 1)
		return cli_usage("report", "one results file is wanted");
	if (out && !*out)
		return cli_usage("report", "--out wants a folder");
	folder = out ? strdup(out) : default_folder(argv[optind]);
	what = (struct report_options){ .store = argv[optind],
					.folder = folder,
					.run = run.at,
					.runs = run.n,
					.metric = metric.at,
					.metrics = metric.n };
	status = report_write(&what, &err) ? EXIT_DONE : cli_fail(&err);
	if (status == EXIT_DONE) {
		printf("%s/index.html\n", folder);
		status = cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	free(folder);
	vec_release(&run);
	vec_release(&metric);
	return status;
}

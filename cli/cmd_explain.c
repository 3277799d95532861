/* sonde explain: why a pod went where it went, and when; the slowest pods; a timeline. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "results/explain.h"
#include "results/timeline.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: sonde explain DB [--run R] --pod P [--json]\n"
	"       sonde explain DB [--run R] --slowest N [--by MEASURE] [--json]\n"
	"       sonde explain DB [--run R] --timeline FILE.json\n"
	"\n"
	"Reads a run from a results file back. A pod is told as a time line: when it was wanted,\n"
	"queued, decided about, by whom, on what was known and how old that was, who was asked "
	"and\n"
	"what each answered; the binding; every phase of its start; what its latency was made of.\n"
	"For that, and for a timeline with decisions in it, the run must have recorded them:\n"
	"sonde run SCENARIO --decisions --out DB.\n"
	"\n"
	"      --run R            a run's id, or its variant (the latest such run); needed when "
	"DB\n"
	"                         holds more than one\n"
	"      --pod P            a pod's id, or its service and number, such as chat/0\n"
	"      --slowest N        the N slowest pods\n"
	"      --by MEASURE       scheduling: object to binding; cold-start: need to readiness\n"
	"                         (default: scheduling)\n"
	"      --timeline FILE    Chrome trace events, as Perfetto (ui.perfetto.dev) opens them\n"
	"      --json             JSON on standard output (docs/json.md)\n"
	"  -h, --help             this text\n"
	"\n"
	"exit status: 0 done, 1 failed, 2 usage or bad input\n";

struct wishes {
	const char *run, *pod, *timeline;
	uint32_t slowest;
	bool cold, json;
};

enum { RUN = 256, POD, SLOWEST, BY, TIMELINE, JSON };

static bool take_count(const char *text, uint32_t *count)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < 1 || value > 1000000)
		return false;
	*count = (uint32_t)value;
	return true;
}

/* Takes an option; a usage error where its value is none. */
static int take(struct wishes *wishes, int option)
{
	switch (option) {
	case RUN: wishes->run = optarg; break;
	case POD: wishes->pod = optarg; break;
	case TIMELINE: wishes->timeline = optarg; break;
	case JSON: wishes->json = true; break;
	case SLOWEST:
		if (!take_count(optarg, &wishes->slowest))
			return cli_usage("explain", "--slowest wants a number from 1 to 1000000");
		break;
	default:
		wishes->cold = strcmp(optarg, "cold-start") == 0;
		if (!wishes->cold && strcmp(optarg, "scheduling") != 0)
			return cli_usage("explain", "--by %s: expected scheduling or cold-start",
					 optarg);
	}
	return EXIT_DONE;
}

static bool answer(const struct wishes *wishes, const char *path, struct err *err)
{
	struct explain explain;
	uint64_t events;
	bool ok;

	if (!explain_open(&explain, path, wishes->run, err))
		return false;
	if (wishes->pod) {
		ok = explain_pod(&explain, wishes->pod, err);
		if (ok && wishes->json)
			ok = explain_json(&explain, stdout, err);
		else if (ok)
			explain_print(&explain, stdout);
	} else if (wishes->slowest) {
		ok = explain_slowest(&explain, wishes->slowest, wishes->cold, wishes->json, stdout,
				     err);
	} else {
		ok = timeline_write(&explain, wishes->timeline, &events, err);
		if (ok)
			printf("%s: %llu events of run %lld (%s)\n", wishes->timeline,
			       (unsigned long long)events, (long long)explain.run.id,
			       explain.run.variant);
	}
	explain_close(&explain);
	return ok;
}

int cmd_explain(int argc, char **argv)
{
	static const struct option options[] = {
		{ "run", required_argument, NULL, RUN },
		{ "pod", required_argument, NULL, POD },
		{ "slowest", required_argument, NULL, SLOWEST },
		{ "by", required_argument, NULL, BY },
		{ "timeline", required_argument, NULL, TIMELINE },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct wishes wishes = { 0 };
	struct err err = { .line = 0 };
	int option, status = EXIT_DONE;

	opterr = 0;
	optind = 0; /* start afresh: main() has parsed before */
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return cli_flush() ? EXIT_DONE : EXIT_FAILED;
		}
		if (option == '?' || option == ':')
			return cli_refused("explain", option, argv, options);
		status = take(&wishes, option);
		if (status)
			return status;
	}
	if (argc - optind != 1)
		return cli_usage("explain", "one results file is wanted");
	if ((wishes.pod != NULL) + (wishes.slowest > 0) + (wishes.timeline != NULL) != 1)
		return cli_usage("explain", "one of --pod, --slowest and --timeline is wanted");
	if (wishes.timeline && !*wishes.timeline)
		return cli_usage("explain", "--timeline wants the name of a file");
	if (!answer(&wishes, argv[optind], &err))
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

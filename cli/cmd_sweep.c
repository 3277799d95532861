/* sonde sweep: the points of a scenario's sweep block, all of them. */
#include "base/unit.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/sweep.h"
#include <math.h>
#include <stdio.h>

static const char usage[] =
	"usage: sonde sweep SCENARIO --out DB [options]\n\n"
	"Runs every point of the scenario's `sweep:` block (sonde help sweep) for every variant, "
	"each as often as its\n"
	"metric needs to be known well, on all cores, into one results file that is the same for "
	"any number of workers.\n"
	"Begun again after it was stopped or killed, it goes on from the points in DB.parts.\n\n"
	"  --out DB              the results file (SQLite), which is not there yet\n"
	"  --jobs N              workers (default: a core each)\n"
	"  --set KEY=VALUE       override an option of the scenario, or of its sweep\n"
	"  --variant NAME        this variant only\n"
	"  --json                every figure of every point as JSON instead of a table\n"
	"  --quiet               no progress line\n\n"
	"exit status: 0 done, 1 failed or stopped early, 2 usage or bad input\n";

enum { SET = 256, VARIANT, OUT, JOBS, JSON, QUIET };

/* More workers than this are a slip.  source: assumption */
enum { JOBS_MAX = 4096 };

static const struct option options[] = {
	{ "out", required_argument, NULL, OUT }, { "jobs", required_argument, NULL, JOBS },
	{ "set", required_argument, NULL, SET }, { "variant", required_argument, NULL, VARIANT },
	{ "json", no_argument, NULL, JSON },	 { "quiet", no_argument, NULL, QUIET },
	{ "help", no_argument, NULL, 'h' },	 { NULL, 0, NULL, 0 }
};

struct parsed {
	struct sweep_wishes wishes;
	VEC(struct scenario_set) sets;
	struct arena arena;
};

static bool parse_jobs(const char *text, uint32_t *out, struct err *err)
{
	double value;

	if (!unit_parse(text, UNIT_NONE, &value, err) || value < 1 || value > JOBS_MAX ||
	    value != floor(value))
		return err_set(err, "--jobs %s: expected a whole number from 1 to %d", text,
			       JOBS_MAX);
	*out = (uint32_t)value;
	return true;
}

static bool take(struct parsed *parsed, int option, const char *value, struct err *err)
{
	struct sweep_wishes *wishes = &parsed->wishes;
	struct scenario_set set;

	switch (option) {
	case SET:
		if (!scenario_set_parse(value, &set, &parsed->arena, err))
			return false;
		vec_push(&parsed->sets, set);
		return true;
	case VARIANT: wishes->variant = value; return true;
	case OUT: wishes->out = value; return true;
	case JOBS: return parse_jobs(value, &wishes->jobs, err);
	case JSON: wishes->json = true; return true;
	default: wishes->quiet = true; return true;
	}
}

static int parse(struct parsed *parsed, int argc, char **argv)
{
	struct err err = { 0 };
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return cli_flush() ? -1 : EXIT_FAILED;
		}
		if (option == '?' || option == ':')
			return cli_refused("sweep", option, argv, options);
		if (!take(parsed, option, optarg, &err))
			return cli_fail(&err);
	}
	if (argc - optind != 1)
		return cli_usage("sweep",
				 argc == optind ? "no scenario given" : "one scenario at a time");
	if (!parsed->wishes.out || !*parsed->wishes.out)
		return cli_usage("sweep", "expected --out DB, where the results go");
	parsed->wishes.path = argv[optind];
	return EXIT_DONE;
}

int cmd_sweep(int argc, char **argv)
{
	struct parsed parsed = { 0 };
	int status;

	arena_init(&parsed.arena);
	status = parse(&parsed, argc, argv);
	parsed.wishes.sets = parsed.sets.at;
	parsed.wishes.n_sets = parsed.sets.n;
	if (status == EXIT_DONE)
		status = sweep_run(&parsed.wishes);
	vec_release(&parsed.sets);
	arena_release(&parsed.arena);
	return status < 0 ? EXIT_DONE : status;
}

/* sonde run, and sonde emu local, which takes the same options and a speed. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/runner.h"
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char usage_run[] =
	"usage: sonde run SCENARIO [options]\n\n"
	"Simulates a scenario: all variants that it names, and prints what came out.\n\n"
	"  --trace FILE          take the requests from FILE\n"
	"  --trace-format NAME   its format (sonde help trace.format)\n"
	"  --trace-loop K        repeat it K times, end to end\n"
	"  --set KEY=VALUE       override an option of the scenario (sonde help KEY)\n"
	"  --variant NAME        run this variant only\n"
	"  --seed S              seed of every random stream\n"
	"  --seeds N             N replications, with seeds S, S + 1, ...\n"
	"  --out DB              add the results to a results file (SQLite)\n"
	"  --requests FILE.csv   a row a request\n"
	"  --decisions           keep every step of every scheduling decision in DB, for sonde "
	"explain\n"
	"  --tape FILE           record every step, for sonde replay\n"
	"  --json                results as JSON instead of a summary\n"
	"  --quiet               no progress line\n";

static const char usage_emu[] =
	"usage: sonde emu local SCENARIO [--speed X] [options of sonde run]\n\n"
	"Runs a scenario on the wall clock of this machine: replicas are processes that pace "
	"tokens behind loopback sockets,\n"
	"requests and tokens are really sent, pod phases are waited through.\n\n"
	"  --speed X             X seconds of the scenario a second (1)\n";

enum {
	SET = 256,
	TRACE,
	FORMAT,
	LOOP,
	VARIANT,
	SEED,
	SEEDS,
	OUT,
	REQUESTS,
	DECISIONS_TOO,
	TAPE,
	JSON,
	QUIET,
	SPEED
};

/* Those of sonde run stand behind the first. */
static const struct option options[] = { { "speed", required_argument, NULL, SPEED },
					 { "trace", required_argument, NULL, TRACE },
					 { "trace-format", required_argument, NULL, FORMAT },
					 { "trace-loop", required_argument, NULL, LOOP },
					 { "set", required_argument, NULL, SET },
					 { "variant", required_argument, NULL, VARIANT },
					 { "seed", required_argument, NULL, SEED },
					 { "seeds", required_argument, NULL, SEEDS },
					 { "out", required_argument, NULL, OUT },
					 { "requests", required_argument, NULL, REQUESTS },
					 { "decisions", no_argument, NULL, DECISIONS_TOO },
					 { "tape", required_argument, NULL, TAPE },
					 { "json", no_argument, NULL, JSON },
					 { "quiet", no_argument, NULL, QUIET },
					 { "help", no_argument, NULL, 'h' },
					 { NULL, 0, NULL, 0 } };

struct parsed {
	struct run_wishes wishes;
	VEC(struct scenario_set) sets;
	struct arena arena;
};

static bool add_set(struct parsed *parsed, const char *text, struct err *err)
{
	struct scenario_set set;

	if (!scenario_set_parse(text, &set, &parsed->arena, err))
		return false;
	vec_push(&parsed->sets, set);
	return true;
}

/* An option of its own is a set under another name. */
static bool add_named(struct parsed *parsed, const char *key, const char *value, struct err *err)
{
	return add_set(parsed, arena_print(&parsed->arena, "%s=%s", key, value), err);
}

static bool parse_count(const char *what, const char *text, double most, uint64_t *out,
			struct err *err)
{
	double value;

	if (!unit_parse(text, UNIT_NONE, &value, err) || value < 1 || value > most ||
	    value != floor(value))
		return err_set(err, "%s %s: expected a whole number from 1 to %.0f", what, text,
			       most);
	*out = (uint64_t)value;
	return true;
}

static bool take_path(const char *what, const char *text, const char **out, struct err *err)
{
	*out = text;
	return *text || err_set(err, "%s: expected the name of a file", what);
}

static bool take(struct parsed *parsed, int option, const char *value, struct err *err)
{
	struct run_wishes *wishes = &parsed->wishes;

	switch (option) {
	case SET: return add_set(parsed, value, err);
	case TRACE: return add_named(parsed, "trace.file", value, err);
	case FORMAT: return add_named(parsed, "trace.format", value, err);
	case LOOP: return add_named(parsed, "trace.loop", value, err);
	case SEED: return add_named(parsed, "seed", value, err);
	case VARIANT: wishes->variant = value; return true;
	case SEEDS: return parse_count("--seeds", value, 1e6, &wishes->seeds, err);
	case OUT: return take_path("--out", value, &wishes->out, err);
	case REQUESTS: return take_path("--requests", value, &wishes->requests, err);
	case DECISIONS_TOO: return add_named(parsed, "control_plane.decisions", "true", err);
	case TAPE: return take_path("--tape", value, &wishes->tape, err);
	case JSON: wishes->json = true; return true;
	case QUIET: wishes->quiet = true; return true;
	case SPEED:
		if (!unit_parse(value, UNIT_NONE, &wishes->speed, err) || wishes->speed <= 0 ||
		    wishes->speed > 1e6)
			return err_set(err, "--speed %s: expected a factor such as 1 or 10", value);
		return true;
	default: return false;
	}
}

static int parse_and_run(const char *command, const char *usage, int argc, char **argv,
			 double speed)
{
	struct parsed parsed = { .wishes = { .seeds = 1, .speed = speed } };
	const struct option *known = options + (speed <= 0);
	struct err err = { 0 };
	int option, status = EXIT_DONE;

	arena_init(&parsed.arena);
	opterr = 0;
	optind = 1;
	while (status == EXIT_DONE && (option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			status = cli_flush() ? -1 : EXIT_FAILED;
		} else if (option == '?' || option == ':') {
			status = cli_refused(command, option, argv, known);
		} else if (!take(&parsed, option, optarg, &err)) {
			status = cli_fail(&err);
		}
	}
	if (status == EXIT_DONE && argc - optind != 1)
		status = cli_usage(command,
				   argc == optind ? "no scenario given"
						  : "one scenario at a time: %s",
				   argc == optind ? "" : argv[optind + 1]);
	if (status == EXIT_DONE) {
		/* The real way to a replica is measured, not added. */
		if (speed > 0)
			add_named(&parsed, "hop", "0s", &err);
		parsed.wishes.path = argv[optind];
		parsed.wishes.sets = parsed.sets.at;
		parsed.wishes.n_sets = parsed.sets.n;
		parsed.wishes.quiet |= parsed.wishes.json;
		status = run_all(&parsed.wishes);
	}
	vec_release(&parsed.sets);
	arena_release(&parsed.arena);
	return status < 0 ? EXIT_DONE : status;
}

int cmd_run(int argc, char **argv)
{
	return parse_and_run("run", usage_run, argc, argv, 0);
}

int cmd_emu(int argc, char **argv)
{
	if (argc < 2 || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		fputs(usage_emu, argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	if (strcmp(argv[1], "local") != 0)
		return cli_usage("emu", "unknown world '%s': expected local", argv[1]);
	return parse_and_run("emu", usage_emu, argc - 1, argv + 1, 1);
}

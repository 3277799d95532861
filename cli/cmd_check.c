/* sonde check: reads a scenario as a run would, and prints what it means. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/setup.h"
#include "scenarios/study.h"
#include <getopt.h>
#include <stdio.h>

static const char usage[] =
	"usage: sonde check SCENARIO [--set KEY=VALUE] [--variant NAME] [--quiet]\n\n"
	"Checks a scenario and prints every effective value as YAML, with where it comes from: the "
	"file and line,\n"
	"--set, or the default and its source.  --quiet prints nothing when all is well.\n";

/* Reads the file's variants, and the one asked for; its sweep is checked along. */
static bool variant_sets(const char *path, const char *name,
			 const struct scenario_variant **variant, struct arena *arena,
			 struct err *err)
{
	struct scenario *loaded = ARENA_ARRAY(arena, struct scenario, 1);
	void *config = arena_take(arena, sizeof(struct setup));

	*variant = NULL;
	if (!scenario_load(setup_options, config, path, NULL, 0, loaded, arena, err))
		return false;
	if (loaded->sweep && !study_read(ARENA_ARRAY(arena, struct study, 1), loaded,
					 loaded->n_variants, setup_options, NULL, 0, arena, err))
		return false;
	return !name || (*variant = scenario_variant_find(loaded, name, err)) != NULL;
}

static int check(const char *path, const char *name, const struct scenario_set *sets, uint32_t n,
		 bool quiet)
{
	const struct scenario_variant *variant;
	VEC(struct scenario_set) all = { 0 };
	struct arena arena;
	struct setup setup;
	struct trace *trace;
	struct err err = { 0 };
	int status = EXIT_DONE;

	arena_init(&arena);
	if (!variant_sets(path, name, &variant, &arena, &err)) {
		arena_release(&arena);
		return cli_fail(&err);
	}
	for (uint32_t i = 0; variant && i < variant->n; i++)
		vec_push(&all, variant->sets[i]);
	for (uint32_t i = 0; i < n; i++)
		vec_push(&all, sets[i]);
	if (!setup_read(&setup, path, all.at, all.n, 0, &err)) {
		status = cli_fail(&err);
	} else {
		trace = setup_requests(&setup, &err);
		if (!trace && err.text[0])
			status = cli_fail(&err);
		else if (!quiet)
			fputs(setup.effective, stdout);
		trace_close(trace);
		setup_release(&setup);
	}
	vec_release(&all);
	arena_release(&arena);
	return status == EXIT_DONE && !cli_flush() ? EXIT_FAILED : status;
}

int cmd_check(int argc, char **argv)
{
	static const struct option options[] = { { "set", required_argument, NULL, 's' },
						 { "variant", required_argument, NULL, 'v' },
						 { "quiet", no_argument, NULL, 'q' },
						 { "help", no_argument, NULL, 'h' },
						 { NULL, 0, NULL, 0 } };
	VEC(struct scenario_set) sets = { 0 };
	const char *variant = NULL;
	struct arena arena;
	struct err err = { 0 };
	bool quiet = false;
	int option, status = EXIT_DONE;

	arena_init(&arena);
	opterr = 0;
	while (status == EXIT_DONE &&
	       (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		struct scenario_set set;

		if (option == 's' && scenario_set_parse(optarg, &set, &arena, &err))
			vec_push(&sets, set);
		else if (option == 's')
			status = cli_fail(&err);
		else if (option == 'v')
			variant = optarg;
		else if (option == 'q')
			quiet = true;
		else if (option == 'h')
			status = fputs(usage, stdout) < 0 || !cli_flush() ? EXIT_FAILED : -1;
		else
			status = cli_refused("check", option, argv, options);
	}
	if (status == EXIT_DONE && argc - optind != 1)
		status = cli_usage("check", "expected one scenario");
	if (status == EXIT_DONE)
		status = check(argv[optind], variant, sets.at, sets.n, quiet);
	vec_release(&sets);
	arena_release(&arena);
	return status < 0 ? EXIT_DONE : status;
}

/* sonde: chooses the subcommand. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct command commands[] = {
	{ "run", cmd_run, "simulate a scenario" },
	{ "emu", cmd_emu, "run the same scenario on the wall clock (emu local)" },
	{ "sweep", cmd_sweep, "run every point of a scenario's sweep, on all cores" },
	{ "replay", cmd_replay, "feed a tape back through the system and compare what it decides" },
	{ "check", cmd_check, "check a scenario and print it with all defaults and their sources" },
	{ "trace", cmd_trace, "look at, convert or make request traces" },
	{ "cluster", cmd_cluster, "make a scenario's cluster block of a Kubernetes cluster" },
	{ "report", cmd_report, "draw a results file as an HTML page with plots" },
	{ "compare", cmd_compare, "set runs side by side, with confidence intervals" },
	{ "explain", cmd_explain, "say why a pod went where it went and when; a timeline" },
	{ "models", cmd_models, "list the catalogue: GPUs, models, counts of API writes" },
	{ "help", cmd_help, "explain an option of the scenario file" },
	{ NULL, NULL, NULL }
};

static void usage(FILE *out)
{
	fputs("sonde - what a control plane, an autoscaler, a batcher or a network does to "
	      "serverless LLM inference\n\n"
	      "usage: sonde COMMAND [...]\n\n",
	      out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-9s %s\n", c->name, c->help);
	fputs("  version   print the version\n\nsonde COMMAND -h explains a command; sonde help "
	      "KEY an option of the "
	      "scenario file.\nA first run: sonde run scenarios/quickstart.yaml\n",
	      out);
}

static int unknown(const char *name)
{
	const char *names[sizeof(commands) / sizeof(*commands) + 1], *near;
	size_t n = 0;

	for (const struct command *c = commands; c->name; c++)
		names[n++] = c->name;
	names[n++] = "version";
	names[n] = NULL;
	near = err_nearest(name, names);
	fprintf(stderr, "sonde: no command '%s'%s%s%s (sonde -h lists them)\n", name,
		near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "version") || !strcmp(argv[1], "--version")) {
		if (argc > 2)
			return cli_usage("version", "takes no arguments");
		printf("sonde %s\n", SONDE_VERSION);
		return cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		usage(stdout);
		return cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(argv[1], c->name))
			return c->run(argc - 1, argv + 1);
	return unknown(argv[1]);
}

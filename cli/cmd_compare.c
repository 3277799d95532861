/* sonde compare: paired differences between the variants of a store, or between
 * two stores. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "results/compare.h"
#include <getopt.h>
#include <stdio.h>

static const char help[] =
	"usage: sonde compare [options] DB [DB2]\n"
	"\n"
	"Pairs the runs of a store by seed and gives, for each figure, the means "
	"of A and B, their\n"
	"difference and ratio with 95 % intervals (Student's t over the seeds), "
	"and a verdict.\n"
	"With one store, every variant is compared with each one before it. "
	"With two, equal\n"
	"variants of the two meet. A variant that was both simulated and emulated "
	"is compared\n"
	"across the worlds: relative errors, counts and the order of scale "
	"decisions.\n"
	"\n"
	"  -a, --a VARIANT   what to compare with (default: each)\n"
	"  -b, --b VARIANT   what to compare (default: each)\n"
	"      --json        JSON on standard output (docs/json.md)\n"
	"  -h, --help        this text\n"
	"\n"
	"exit status: 0 compared, 1 failed, 2 usage or bad input\n";

int cmd_compare(int argc, char **argv)
{
	static const struct option options[] = {
		{ "a", required_argument, NULL, 'a' },
		{ "b", required_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct compare_options what = { .path = { NULL } };
	struct compare compare;
	struct err err = { .line = 0 };
	bool json = false, ok = true;
	int option;

	opterr = 0;
	optind = 0; /* start afresh: main() has parsed before */
	while ((option = getopt_long(argc, argv, ":a:b:h", options, NULL)) != -1) {
		switch (option) {
		case 'a': what.variant[0] = optarg; break;
		case 'b': what.variant[1] = optarg; break;
		case 'j': json = true; break;
		case 'h': fputs(help, stdout); return cli_flush() ? EXIT_DONE : EXIT_FAILED;
		default: return cli_refused("compare", option, argv, options);
		}
	}
	if (argc - optind < 1 || argc - optind > 2)
		return cli_usage("compare", "one results file or two are wanted");
	what.path[0] = argv[optind];
	what.path[1] = argc - optind == 2 ? argv[optind + 1] : NULL;
	if (!compare_run(&compare, &what, &err))
		return cli_fail(&err);
	if (json)
		ok = compare_json(&compare, stdout, &err);
	else
		compare_print(&compare, stdout);
	compare_release(&compare);
	if (!ok)
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

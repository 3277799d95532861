/* sonde help KEY: one option of the scenario file, or a table of them. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/setup.h"
#include "scenarios/help.h"
#include "scenarios/study.h"
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: sonde help [KEY]\n\n"
	"Explains an option of the scenario file by its path (engine.kv_blocks, "
	"control_plane.functional.d), or lists a table;\n"
	"without KEY, everything.  --man prints the options as a part of a man page.\n";

/* The sweep block is no option of a run; it has a table of its own. */
static bool of_sweep(const char *key)
{
	return !strncmp(key, "sweep", 5) && (!key[5] || key[5] == '.');
}

int cmd_help(int argc, char **argv)
{
	struct err err = { 0 };

	if (argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(usage, stdout);
		return cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	if (argc > 2)
		return cli_usage("help", "one key at a time");
	if (argc == 2 && !strcmp(argv[1], "--man")) {
		help_man(stdout, setup_options);
		help_man(stdout, study_root);
	} else if (argc == 1) {
		if (!help_write(stdout, setup_options, "", &err) ||
		    !help_write(stdout, study_root, "", &err))
			return cli_fail(&err);
	} else if (!help_write(stdout, of_sweep(argv[1]) ? study_root : setup_options, argv[1],
			       &err)) {
		return cli_fail(&err);
	}
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

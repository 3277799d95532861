/* sonde replay: a tape's inputs through the same machines; the same bytes must come out. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/setup.h"
#include "sim/tape.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char usage[] =
	"usage: sonde replay TAPE\n\n"
	"Builds the machines of the taped run (--tape), feeds them the taped inputs and compares "
	"every message that comes out,\n"
	"byte for byte.  Exit status 0: the same; 1: not, with the first difference.\n";

/* The scenario of the run being replayed. */
struct replayed {
	struct setup setup;
	bool made;
};

/* The loader reads files; the text of a tape becomes one that has no name. */
static bool setup_from(void *ctx, const char *text, const struct world_config **config,
		       struct err *err)
{
	struct replayed *replayed = ctx;
	size_t n = strlen(text);
	int fd = memfd_create("tape", 0);
	char path[40];
	bool ok;

	if (fd < 0 || write(fd, text, n) != (ssize_t)n) {
		if (fd >= 0)
			close(fd);
		return err_system(err, "cannot unpack the tape's scenario: %s", strerror(errno));
	}
	if (replayed->made)
		setup_release(&replayed->setup);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	lseek(fd, 0, SEEK_SET);
	ok = setup_read(&replayed->setup, path, NULL, 0, 0, err);
	close(fd);
	replayed->made = ok;
	*config = &replayed->setup.world;
	return ok;
}

int cmd_replay(int argc, char **argv)
{
	struct replayed replayed = { .made = false };
	struct replay_result result;
	struct err err = { 0 };
	bool ok;

	if (argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(usage, stdout);
		return cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	if (argc != 2 || argv[1][0] == '-')
		return cli_usage("replay", "expected one tape");
	ok = tape_replay(argv[1], setup_from, &replayed, &result, &err);
	if (replayed.made)
		setup_release(&replayed.setup);
	if (!ok) {
		/* A message about the scenario that the tape holds names the file that it came out
		 * of. */
		if (err.file[0])
			snprintf(err.file, sizeof(err.file), "%s", argv[1]);
		return cli_fail(&err);
	}
	printf("%" PRIu64 " run%s, %" PRIu64 " steps, %" PRIu64 " messages: %s\n", result.runs,
	       result.runs == 1 ? "" : "s", result.steps, result.messages,
	       result.same ? "the same bytes" : "not the same");
	if (!result.same)
		printf("%s\n", result.difference);
	return cli_flush() && result.same ? EXIT_DONE : EXIT_FAILED;
}

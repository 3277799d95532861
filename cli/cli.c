/* Shared by the subcommands. */
#include "cli/cli.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile int cli_stop;

static void stop(int signal)
{
	static const char again[] = "\nsonde: stopping; once more to end at once\n";

	if (cli_stop)
		_exit(128 + signal);
	cli_stop = 1;
	if (write(STDERR_FILENO, again, sizeof(again) - 1) < 0)
		_exit(128 + signal);
}

void cli_catch(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int cli_fail(const struct err *err)
{
	char line[1024];

	fprintf(stderr, "sonde: %s\n", err_line(err, line, sizeof(line)));
	return err->system ? EXIT_FAILED : EXIT_USAGE;
}

int cli_usage(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "sonde %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (sonde %s -h)\n", command);
	return EXIT_USAGE;
}

const char *cli_data(const char *name, struct arena *arena)
{
	const char *env = getenv("SONDE_DATA"), *path, *slash;
	char self[4096];
	ssize_t n;

	if (env && *env) {
		path = arena_print(arena, "%s/%s", env, name);
		return access(path, R_OK) == 0 ? path : NULL;
	}
	if (access(name, R_OK) == 0)
		return name;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		path = arena_print(arena, "%.*s/%s", slash ? (int)(slash - self) : 0, self, name);
		if (access(path, R_OK) == 0)
			return path;
	}
	path = arena_print(arena, "%s/%s", SONDE_DATA_DIR, name);
	return access(path, R_OK) == 0 ? path : NULL;
}

bool cli_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	if (errno != EPIPE)
		fprintf(stderr, "sonde: cannot write the output: %s\n", strerror(errno));
	return false;
}

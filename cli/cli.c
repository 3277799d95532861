/* Shared by the subcommands. */
#include "cli/cli.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile int cli_stop;

enum { UNFINISHED_MAX = 4 };
static const char *volatile unfinished[UNFINISHED_MAX];

void cli_unfinished(const char *path)
{
	for (int i = 0; path && i < UNFINISHED_MAX; i++) {
		if (!unfinished[i]) {
			unfinished[i] = path;
			return;
		}
	}
}

void cli_finished(void)
{
	for (int i = 0; i < UNFINISHED_MAX; i++)
		unfinished[i] = NULL;
}

static void stop(int signal)
{
	static const char again[] = "\nsonde: stopping; once more to end at once\n";

	if (cli_stop) {
		for (int i = 0; i < UNFINISHED_MAX; i++)
			if (unfinished[i])
				unlink(unfinished[i]);
		_exit(128 + signal);
	}
	cli_stop = 1;
	if (write(STDERR_FILENO, again, sizeof(again) - 1) < 0)
		return; /* whoever closed stderr does not read it */
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

int cli_refused(const char *command, int got, char **argv, const struct option *options)
{
	const char *names[64], *arg = argv[optind - 1], *near;
	size_t n = 0;

	if (strncmp(arg, "--", 2) != 0 && optopt > 0 && optopt < 256)
		return got == ':' ? cli_usage(command, "-%c needs a value", optopt)
				  : cli_usage(command, "unknown option -%c", optopt);
	if (got == ':')
		return cli_usage(command, "%s needs a value", arg);
	if (optopt)
		return cli_usage(command, "%s: this option takes no value", arg);
	for (; options->name && n + 1 < sizeof(names) / sizeof(*names); options++)
		names[n++] = options->name;
	names[n] = NULL;
	near = err_nearest(arg + strspn(arg, "-"), names);
	return cli_usage(command, "unknown option %s%s%s%s", arg, near ? ", did you mean --" : "",
			 near ? near : "", near ? "?" : "");
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

static int is_yaml(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && !strcmp(entry->d_name + n - 5, ".yaml");
}

const char **cli_data_names(const char *folder, struct arena *arena)
{
	const char *path = cli_data(folder, arena), **names;
	struct dirent **entries = NULL;
	int n = path ? scandir(path, &entries, is_yaml, alphasort) : -1;

	if (n < 0)
		return NULL;
	names = ARENA_ARRAY(arena, const char *, (size_t)n + 1);
	for (int i = 0; i < n; i++) {
		names[i] = arena_text(arena, entries[i]->d_name, strlen(entries[i]->d_name) - 5);
		free(entries[i]);
	}
	names[n] = NULL;
	free(entries);
	return names;
}

bool cli_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	if (errno != EPIPE)
		fprintf(stderr, "sonde: cannot write the output: %s\n", strerror(errno));
	return false;
}

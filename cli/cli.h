/* cli.h - what the subcommands share: reporting errors once, finding shipped data, stopping
 * cleanly. */
#ifndef CLI_CLI_H
#define CLI_CLI_H
#include "base/arena.h"
#include "base/err.h"
#include <getopt.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_MISSED = 3 };

/* Prints the message as "sonde: file:line:col: text" and returns the exit status: 1 for faults of
 * the machine, else 2. */
int cli_fail(const struct err *err);
/* Prints a usage error with a pointer to `sonde COMMAND -h`; returns 2. */
int cli_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A usage error about what getopt_long (its short options beginning with ':') has just refused: an
 * unknown option, with the nearest of those that there are, or one without its value; returns 2. */
int cli_refused(const char *command, int got, char **argv, const struct option *options);
/* The path of a shipped file ("models/catalog/gpu", "scenarios/x.yaml"): below $SONDE_DATA, else
 * the current folder, else the folder of the running program, else where `make install` put it;
 * NULL if nowhere.  Memory from the arena. */
const char *cli_data(const char *name, struct arena *arena);
/* The NAMEs of the files NAME.yaml in a shipped folder, sorted, ending with NULL; NULL where there
 * is no such folder.  Memory from the arena. */
const char **cli_data_names(const char *folder, struct arena *arena);
/* Non-zero after Ctrl-C or SIGTERM, once cli_catch has been called; a second one ends the program
 * at once. */
extern volatile int cli_stop;
/* Begins to take Ctrl-C, SIGTERM and SIGPIPE that way. */
void cli_catch(void);
/* A file that the second Ctrl-C removes on its way out: it bears a name of its own until it is
 * whole. The path is kept by reference; NULL is ignored. */
void cli_unfinished(const char *path);
/* All such files are whole by now, or gone. */
void cli_finished(void);
/* Flushes stdout; false (and a message) if it could not be written. */
bool cli_flush(void);
#endif

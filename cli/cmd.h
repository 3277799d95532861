/* cmd.h - the subcommands: each parses its arguments, calls the rest and prints.
 *
 * argv[0] is the subcommand's name.  They return the program's exit status: 0 done, 1 failed, 2 usage or bad
 * input, 3 finished but an asked-for bound was missed. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

/* sonde compare DB [DB2]: paired differences between variants, or between worlds. */
int cmd_compare(int argc, char **argv);
/* sonde report DB: a folder with an HTML page and its plots. */
int cmd_report(int argc, char **argv);
#endif

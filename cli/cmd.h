/* cmd.h - the subcommands: each parses its arguments, calls the rest and prints.
 *
 * argv[0] is the subcommand's name.  They return the program's exit status: 0 done, 1 failed, 2
 * usage or bad input, 3 finished but an asked-for bound was missed. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

/* sonde run SCENARIO: simulates it; sonde emu local SCENARIO: the same on the wall clock. */
int cmd_run(int argc, char **argv);
int cmd_emu(int argc, char **argv);
/* sonde sweep SCENARIO: every point of its sweep block, on all cores, into one store. */
int cmd_sweep(int argc, char **argv);
/* sonde replay TAPE: the same inputs, the same bytes out. */
int cmd_replay(int argc, char **argv);
/* sonde check SCENARIO: every effective value, and where it comes from. */
int cmd_check(int argc, char **argv);
/* sonde models: the catalogue. */
int cmd_models(int argc, char **argv);
/* sonde help KEY: an option of the scenario file. */
int cmd_help(int argc, char **argv);
/* sonde compare DB [DB2]: paired differences between variants, or between worlds. */
int cmd_compare(int argc, char **argv);
/* sonde report DB: a folder with an HTML page and its plots. */
int cmd_report(int argc, char **argv);
/* sonde explain DB: why a pod went where it went, and when; the slowest pods; a timeline. */
int cmd_explain(int argc, char **argv);
/* sonde trace info|convert|synth|audit: the figures of a trace, its conversion, traffic made up;
 * the API writes of a cluster. */
int cmd_trace(int argc, char **argv);
/* sonde trace audit FILE. */
int trace_audit(int argc, char **argv);
/* sonde cluster import FILE.json: a Kubernetes cluster as a scenario's cluster block. */
int cmd_cluster(int argc, char **argv);
#endif

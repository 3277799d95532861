/* help.h - an option table for reading: one option, a table's listing, the man page's section.
 *
 * All of it comes from the same rows that parse a scenario, so it cannot fall behind. */
#ifndef SCENARIOS_HELP_H
#define SCENARIOS_HELP_H
#include "base/opt.h"
#include <stdio.h>

/* Writes what is known of the option (type, default, range, choices, source), or the listing of the
 * table or list at path; "" lists the root. False with a suggestion where there is no such path. */
bool help_write(FILE *out, const struct opt *root, const char *path, struct err *err);
/* Writes all options as troff tagged paragraphs, one .SS section a table. */
void help_man(FILE *out, const struct opt *root);
#endif

/* json.h - a small JSON writer with fixed number formatting, and the JSON of a run
 * (docs/json.md).
 *
 * Numbers are printed the same by any compiler at any optimisation: counts as integers, all else
 * as %.9g; what is undefined is null.  Not a reader. */
#ifndef RESULTS_JSON_H
#define RESULTS_JSON_H
#include "base/err.h"
#include "results/result.h"
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	int depth;
	bool some;       /* the open object or array has an element */
};

/* Starts a document on out (borrowed). */
void json_init(struct json *json, FILE *out);
/* Opens an object ('{') or an array ('['), and closes it ('}', ']').  key NULL inside arrays and
 * at the top. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
/* One value each; text NULL is null; a number that is not finite is null. */
void json_text(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, double value);
void json_count(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);
/* Ends the document with a newline; false with a system error if anything could not be written. */
bool json_end(struct json *json, struct err *err);

/* Writes one run as an object, or several as an array of such objects. */
bool json_runs(FILE *out, const struct run_result *const *results, uint32_t n, struct err *err);
#endif

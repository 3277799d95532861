/* requests_csv.h - a row per request in a CSV file, in order of completion: `sonde run
 * --requests FILE.csv`.
 *
 * Columns: id, service, arrival_ns, first_token_ns (empty: none came), end_ns, input_tokens,
 * output_tokens, outcome, cold (0/1), preemptions, part.<name>_ns for each part of the latency
 * (they add up to end_ns - arrival_ns), variant, seed.  The file is there whole or not at all. */
#ifndef RESULTS_REQUESTS_CSV_H
#define RESULTS_REQUESTS_CSV_H
#include "base/record.h"
#include "results/outfile.h"

struct requests_csv {
	struct outfile file;
	uint32_t services;
	char *tail;                  /* ",variant,seed\n" of the current run */
	uint32_t tail_bytes;
	char **quoted;               /* names as CSV fields */
	uint64_t rows;
};

/* Opens the file and writes the header. */
bool requests_csv_open(struct requests_csv *csv, const char *path, struct err *err);
/* Says to which run the next rows belong; names are borrowed until the next call or close. */
void requests_csv_run(struct requests_csv *csv, const char *const *service, uint32_t services,
		      const char *variant, uint64_t seed);
/* Appends a request; a callback for struct sink's request, ctx being the struct requests_csv. */
void requests_csv_add(void *csv, const struct request_record *record);
/* Puts the file in place; on any fault since open reports it, and leaves nothing. */
bool requests_csv_close(struct requests_csv *csv, struct err *err);
/* Gives the file up. */
void requests_csv_abort(struct requests_csv *csv);
#endif

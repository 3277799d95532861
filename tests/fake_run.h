/* fake_run.h - finished runs made of random records, for the tests of results/: no world, no
 * system. */
#ifndef TESTS_FAKE_RUN_H
#define TESTS_FAKE_RUN_H
#include "results/result.h"

struct fake_options {
	const char *variant;
	uint64_t seed;
	uint32_t services, requests, pods;
	double slowness;         /* 1 = as drawn; 2 = every latency twice as long */
	enum world_kind world;
	int64_t warmup_ns;
	const struct sink *also; /* sees the records too */
};

struct fake_run {
	struct collect collect;
	struct run_result result;
	struct slo slo[8];
	int64_t now_ns;
};

enum { FAKE_SERVICES_MAX = 8 };
extern const char *const fake_names[FAKE_SERVICES_MAX];

/* Feeds a whole run to a collector and finishes it. */
void fake_run_make(struct fake_run *fake, const struct fake_options *options);
/* Frees it. */
void fake_run_release(struct fake_run *fake);
/* The same records, one at a time: request number i of this run. */
struct request_record fake_request(const struct fake_options *options, uint64_t i);
/* A new empty folder; the text is valid until the next call. */
const char *fake_folder(void);
/* A path in the latest folder; the text is valid until eight more calls. */
const char *fake_path(const char *name);
/* How many files are in the latest folder. */
int fake_files(void);
/* Removes the latest folder and the files in it, and in folders in it. */
void fake_folder_remove(void);
/* The whole of a file, zero-terminated; the caller frees it. */
char *fake_read(const char *path);
#endif

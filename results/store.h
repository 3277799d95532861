/* store.h - the results of many runs in one SQLite file (schema: docs/store.md).
 *
 * A run is stored in one transaction: whole or not at all.  Several processes may write to one
 * file, each waiting for the other; write-ahead logging while one writes, so that readers never
 * wait, and one plain file after that.  Rows per request are stored only when asked for (0.8 us
 * each). Not a query layer: who reads, asks in SQL. */
#ifndef RESULTS_STORE_H
#define RESULTS_STORE_H
#include "base/err.h"
#include "results/result.h"
#include <sqlite3.h>

enum {
	STORE_SCHEMA = 3,                 /* PRAGMA user_version */
	STORE_APPLICATION = 0x536f6e64    /* PRAGMA application_id: "Sond" */
};

struct store {
	sqlite3 *db;
	char *path;
	int64_t run;                 /* id of the run being stored; 0 = none */
	sqlite3_stmt *request;       /* prepared at the first request of a run */
	bool writer;
	struct err fault;            /* of the first request row that could not be stored */
	bool failed;
	const char *const *name;     /* of the services of the run being stored; borrowed */
	uint32_t services;
};

/* Opens path to write, making the file and its schema where there is none; one of an older schema
 * is brought up to this one.  False: the folder
 * cannot be written to, the file is no SQLite file, another program's, or of a newer schema. */
bool store_open(struct store *store, const char *path, struct err *err);
/* Opens an existing store to read. */
bool store_open_read(struct store *store, const char *path, struct err *err);
/* Closes it; what was begun and not finished is forgotten. */
void store_close(struct store *store);

/* Removes a store that is not open, with what SQLite may have left beside it. */
void store_remove(const char *path);

/* Stores a finished run; its id is returned through run (may be NULL). */
bool store_put(struct store *store, const struct run_result *result, int64_t *run, struct err *err);

/* The same in steps, for runs whose requests are wanted: begin takes what is known before the
 * run (scenario, parameters, variant, seed, version, world, axes) and locks the store, requests
 * follow, finish stores the rest and commits; cancel, or a finish that fails, leaves the store
 * as it was. */
bool store_begin(struct store *store, const struct run_result *result, struct err *err);
/* Appends a request; a callback for struct sink's request, ctx being the store. */
void store_request(void *store, const struct request_record *record);
bool store_finish(struct store *store, const struct run_result *result, int64_t *run,
		  struct err *err);
void store_cancel(struct store *store);

/* Copies every run of the store at path behind those of this one, in their order: how the shards
 * of a sweep become one file.  All or nothing. */
bool store_merge(struct store *store, const char *path, struct err *err);

/* Prepares sql; NULL with err set when it cannot be. The caller finalises it. */
sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct err *err);
/* True: a row is there.  False: the end, or a fault, which sets err and *fault. */
bool store_step(struct store *store, sqlite3_stmt *statement, bool *fault, struct err *err);
/* Runs sql that yields no rows. */
bool store_exec(struct store *store, const char *sql, struct err *err);
#endif

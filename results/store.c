/* Opening: whose file is it, of which schema, may we?  Every way in which that fails has one line
 * of its own.  The tables are listed in store_schema.c, written in store_put.c. */
#include "results/store.h"
#include "results/mem.h"
#include "results/sql_function.h"
#include "results/store_schema.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 60000 }; /* how long to wait for another writer; source: assumption */

static bool fault(struct store *store, const char *verb, struct err *err)
{
	return err_system(err, "cannot %s %s: %s", verb, store->path, sqlite3_errmsg(store->db));
}

bool store_exec(struct store *store, const char *sql, struct err *err)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	       fault(store, "use", err);
}

sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct err *err)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
		fault(store, "read", err);
	return statement;
}

bool store_step(struct store *store, sqlite3_stmt *statement, bool *failed, struct err *err)
{
	int rc = sqlite3_step(statement);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		*failed = true;
		fault(store, "read", err);
	}
	return rc == SQLITE_ROW;
}

static bool pragma(struct store *store, const char *sql, int64_t *value)
{
	sqlite3_stmt *statement;
	bool ok = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
		  sqlite3_step(statement) == SQLITE_ROW;

	if (ok)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return ok;
}

/* Whose file is it, and of which schema?  *empty: nobody's yet. */
static bool check(struct store *store, bool *empty, struct err *err)
{
	int64_t application = 0, version = 0, tables = 0;

	if (!pragma(store, "PRAGMA application_id", &application) ||
	    !pragma(store, "PRAGMA user_version", &version) ||
	    !pragma(store, "SELECT count(*) FROM sqlite_schema", &tables)) {
		if (sqlite3_errcode(store->db) == SQLITE_NOTADB)
			return err_set(err, "%s is no Sonde store: not an SQLite file",
				       store->path);
		return fault(store, "open", err);
	}
	*empty = !tables && !application;
	if (!*empty && application != STORE_APPLICATION)
		return err_set(err, "%s is no Sonde store: an SQLite file of another program",
			       store->path);
	if (version > STORE_SCHEMA)
		return err_set(err,
			       "%s was written by a newer Sonde: its schema is %lld, this one "
			       "knows up to %d",
			       store->path, (long long)version, STORE_SCHEMA);
	return true;
}

static bool connect(struct store *store, const char *path, int flags, struct err *err)
{
	*store = (struct store){ 0 };
	store->path = mem_text(path);
	if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK)
		return err_system(err, "cannot open %s: %s", path,
				  store->db ? sqlite3_errmsg(store->db) : "out of memory");
	sqlite3_busy_timeout(store->db, BUSY_MS);
	sqlite3_extended_result_codes(store->db, 0);
	if (sql_function_register(store->db) != SQLITE_OK)
		return fault(store, "open", err);
	return true;
}

/* Makes the schema unless another process was faster. */
static bool make_schema(struct store *store, struct err *err)
{
	char *sql = NULL;
	bool empty = false, ok;

	if (!store_exec(store, "BEGIN IMMEDIATE", err))
		return false;
	ok = check(store, &empty, err);
	if (ok && empty) {
		sql = store_schema_sql();
		ok = sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
		     fault(store, "write", err);
		free(sql);
	}
	ok = ok && store_exec(store, "COMMIT", err);
	if (!ok)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}

/* To this schema, unless another process was faster. */
static bool upgrade(struct store *store, struct err *err)
{
	int64_t version = STORE_SCHEMA;
	bool ok;

	if (!pragma(store, "PRAGMA user_version", &version))
		return fault(store, "open", err);
	if (version == STORE_SCHEMA)
		return true;
	if (!store_exec(store, "BEGIN IMMEDIATE", err))
		return false;
	ok = pragma(store, "PRAGMA user_version", &version) || fault(store, "open", err);
	for (; ok && version < STORE_SCHEMA; version++)
		ok = sqlite3_exec(store->db, store_upgrade_sql[version], NULL, NULL, NULL) ==
			     SQLITE_OK ||
		     fault(store, "upgrade", err);
	ok = ok && store_exec(store, "COMMIT", err);
	if (!ok)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}

void store_remove(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		char *name = sqlite3_mprintf("%s%s", path, ends[i]);

		unlink(name);
		sqlite3_free(name);
	}
}

bool store_open(struct store *store, const char *path, struct err *err)
{
	bool existed = access(path, F_OK) == 0, empty = false, ok;

	ok = connect(store, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) &&
	     check(store, &empty, err);
	if (ok && sqlite3_db_readonly(store->db, "main"))
		ok = err_system(err, "cannot write %s: permission denied", path);
	/* Write-ahead while there is a writer, so that readers need not wait; where that cannot be
	 * had, they do. */
	if (ok)
		sqlite3_exec(store->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
	ok = ok && (!empty || make_schema(store, err)) && upgrade(store, err) &&
	     store_exec(store, "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON", err);
	store->writer = ok;
	if (!ok) {
		store_close(store);
		if (!existed)
			store_remove(path);
	}
	return ok;
}

bool store_open_read(struct store *store, const char *path, struct err *err)
{
	struct stat st;
	bool empty = false, ok;

	*store = (struct store){ 0 };
	if (stat(path, &st))
		return err_set(err, "cannot open %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err,
			       "cannot open %s: it is a folder, a store written by `sonde run "
			       "--out` is expected",
			       path);
	ok = connect(store, path, SQLITE_OPEN_READONLY, err) && check(store, &empty, err);
	if (!ok && store->db && sqlite3_errcode(store->db) == SQLITE_CANTOPEN) {
		/* A WAL file in a folder that we may not write to: nobody else writes either, so
		 * read it as it lies. */
		char *uri = sqlite3_mprintf("file:%s?immutable=1", path);

		store_close(store);
		ok = connect(store, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err) &&
		     check(store, &empty, err);
		sqlite3_free(uri);
	}
	if (ok && empty)
		ok = err_set(err, "%s holds no runs: it is empty", path);
	if (!ok)
		store_close(store);
	return ok;
}

void store_close(struct store *store)
{
	if (store->run)
		store_cancel(store);
	if (store->writer) {
		/* The last writer leaves one plain file, readable in a folder that cannot be
		 * written to. */
		sqlite3_busy_timeout(store->db, 0);
		sqlite3_exec(store->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	}
	sqlite3_close(store->db);
	free(store->path);
	*store = (struct store){ 0 };
}

/* "run + base, the other columns": a table's rows under new run ids. */
static bool copy_table(struct store *store, const char *table, int64_t base, struct err *err)
{
	bool is_run = strcmp(table, "run") == 0, failed = false, ok;
	sqlite3_stmt *names;
	char *text = NULL, *sql;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert(out);
	sql = sqlite3_mprintf("SELECT name FROM pragma_table_info(%Q) WHERE name <> %Q", table,
			      is_run ? "id" : "run");
	names = store_prepare(store, sql, err);
	sqlite3_free(sql);
	ok = names != NULL;
	while (ok && store_step(store, names, &failed, err))
		fprintf(out, ", \"%s\"", (const char *)sqlite3_column_text(names, 0));
	ok = ok && !failed;
	sqlite3_finalize(names);
	fclose(out);
	if (ok) {
		sql = sqlite3_mprintf(
			"INSERT INTO main.%s (%s%s) SELECT %s + %lld%s FROM shard.%s ORDER BY 1",
			table, is_run ? "id" : "run", text, is_run ? "id" : "run", (long long)base,
			text, table);
		ok = sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
		     fault(store, "write", err);
		sqlite3_free(sql);
	}
	free(text);
	return ok;
}

bool store_merge(struct store *store, const char *path, struct err *err)
{
	struct store shard;
	int64_t base = 0;
	char *sql;
	bool ok;

	assert(!store->run);
	if (!store_open_read(&shard, path, err))
		return false; /* it is a store, and of our schema */
	store_close(&shard);
	sql = sqlite3_mprintf("ATTACH %Q AS shard", path);
	ok = store_exec(store, sql, err);
	sqlite3_free(sql);
	if (!ok)
		return false;
	ok = store_exec(store, "BEGIN IMMEDIATE", err);
	if (ok) {
		ok = pragma(store, "SELECT coalesce(max(id), 0) FROM main.run", &base) ||
		     fault(store, "read", err);
		for (int t = 0; ok && store_tables[t]; t++)
			ok = copy_table(store, store_tables[t], base, err);
		ok = ok && store_exec(store, "COMMIT", err);
		if (!ok)
			sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	}
	sqlite3_exec(store->db, "DETACH shard", NULL, NULL, NULL);
	return ok;
}

/* A table's rows in the order of its first three columns, which tell rows apart in all of them; a
 * value is its type and its bytes. */
#include "results/digest.h"
#include "results/store_schema.h"
#include <string.h>

uint64_t digest_bytes(uint64_t digest, const void *data, size_t bytes)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < bytes; i++)
		digest = (digest ^ at[i]) * UINT64_C(0x100000001b3);
	return digest;
}

uint64_t digest_text(uint64_t digest, const char *text)
{
	return digest_bytes(digest, text, strlen(text) + 1);
}

static uint64_t digest_value(uint64_t digest, sqlite3_stmt *row, int column)
{
	int type = sqlite3_column_type(row, column), bytes;
	int64_t whole = sqlite3_column_int64(row, column);
	double real = sqlite3_column_double(row, column);

	digest = digest_bytes(digest, &type, sizeof(type));
	if (type == SQLITE_INTEGER)
		return digest_bytes(digest, &whole, sizeof(whole));
	if (type == SQLITE_FLOAT)
		return digest_bytes(digest, &real, sizeof(real));
	if (type == SQLITE_NULL)
		return digest;
	bytes = sqlite3_column_bytes(row, column);
	digest = digest_bytes(digest, &bytes, sizeof(bytes));
	return digest_bytes(digest, sqlite3_column_blob(row, column), (size_t)bytes);
}

static bool digest_table(struct store *store, const char *table, uint64_t *digest, struct err *err)
{
	bool metric = strcmp(table, "metric") == 0, failed = false;
	char *sql = sqlite3_mprintf("SELECT * FROM %s%s ORDER BY 1, 2, 3", table,
				    metric ? " WHERE name NOT GLOB 'simulator.*'" : "");
	sqlite3_stmt *rows = store_prepare(store, sql, err);

	sqlite3_free(sql);
	if (!rows)
		return false;
	*digest = digest_text(*digest, table);
	while (store_step(store, rows, &failed, err))
		for (int i = 0; i < sqlite3_column_count(rows); i++)
			*digest = digest_value(*digest, rows, i);
	sqlite3_finalize(rows);
	return !failed;
}

bool digest_store(struct store *store, uint64_t *digest, struct err *err)
{
	*digest = DIGEST_EMPTY;
	for (int t = 0; store_tables[t]; t++)
		if (!digest_table(store, store_tables[t], digest, err))
			return false;
	return true;
}

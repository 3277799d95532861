/* store_schema.h - the tables of a store, once: docs/store.md explains them. */
#ifndef RESULTS_STORE_SCHEMA_H
#define RESULTS_STORE_SCHEMA_H

/* The statements that make an empty file a store; the caller frees them. */
char *store_schema_sql(void);
/* "INSERT INTO table VALUES (?, ...)" for a table of the schema; the caller frees it. */
char *store_insert_sql(const char *table);
/* Names of the tables, NULL-terminated; `run` first, and in every other one its column `run`
 * comes first. */
extern const char *const store_tables[];
/* The statements that make a store of schema i one of schema i + 1, by i. */
extern const char *const store_upgrade_sql[];
#endif

/* Columns for phases and parts come from base/record.h's names, so that they cannot fall behind it.
 */
#include "results/store_schema.h"
#include "results/store.h"
#include "base/record.h"
#include "results/mem.h"
#include <assert.h>

const char *const store_tables[] = { "run",   "axis", "metric",	  "histogram", "oracle", "series",
				     "scale", "pod",  "decision", "request",   "event",	 NULL };

static const char fixed[] =
	"CREATE TABLE run (id INTEGER PRIMARY KEY, scenario TEXT NOT NULL, variant TEXT NOT NULL, "
	"point TEXT NOT NULL,"
	" seed INTEGER NOT NULL, version TEXT NOT NULL, world TEXT NOT NULL CHECK (world IN "
	"('sim', 'emu')),"
	" status TEXT NOT NULL, simulated_ns INTEGER, warmup_ns INTEGER, pods_lost INTEGER, "
	"series_lost INTEGER,"
	" scale_lost INTEGER, decisions_lost INTEGER, scenario_text TEXT NOT NULL, parameters TEXT "
	"NOT NULL) STRICT;\n"
	"CREATE TABLE axis (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, seq INTEGER NOT "
	"NULL,"
	" name TEXT NOT NULL, text TEXT NOT NULL, value REAL, PRIMARY KEY (run, seq)) STRICT, "
	"WITHOUT ROWID;\n"
	"CREATE TABLE metric (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, service TEXT "
	"NOT NULL,"
	" name TEXT NOT NULL, unit TEXT NOT NULL, value REAL, PRIMARY KEY (run, service, name)) "
	"STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE histogram (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, service "
	"TEXT NOT NULL,"
	" name TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, service, name)) STRICT;\n"
	"CREATE TABLE oracle (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, seq INTEGER "
	"NOT NULL,"
	" quantity TEXT NOT NULL, unit TEXT NOT NULL, expected REAL, simulated REAL, half_width_95 "
	"REAL, bias REAL,"
	" PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE series (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, service TEXT "
	"NOT NULL,"
	" at_ns INTEGER NOT NULL, arrivals INTEGER NOT NULL, completions INTEGER NOT NULL, waiting "
	"INTEGER NOT NULL,"
	" running INTEGER NOT NULL, desired INTEGER NOT NULL, ready INTEGER NOT NULL, starting "
	"INTEGER NOT NULL,"
	" PRIMARY KEY (run, service, at_ns)) STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE scale (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, seq INTEGER "
	"NOT NULL,"
	" at_ns INTEGER NOT NULL, service TEXT NOT NULL, \"from\" INTEGER NOT NULL, \"to\" INTEGER "
	"NOT NULL,"
	" ready INTEGER NOT NULL, panic INTEGER NOT NULL, PRIMARY KEY (run, seq)) STRICT, WITHOUT "
	"ROWID;\n";

#define DECISION_TABLE \
	"CREATE TABLE decision (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, seq " \
	"INTEGER NOT NULL," \
	" at_ns INTEGER NOT NULL, began_ns INTEGER NOT NULL, queued_ns INTEGER NOT NULL, " \
	"service TEXT NOT NULL," \
	" pod INTEGER NOT NULL, step TEXT NOT NULL, function INTEGER, other INTEGER, node " \
	"INTEGER," \
	" examined INTEGER NOT NULL, feasible INTEGER NOT NULL, known INTEGER, info_age_ns " \
	"INTEGER," \
	" probes INTEGER NOT NULL, attempt INTEGER NOT NULL, queue INTEGER NOT NULL, until_ns " \
	"INTEGER," \
	" PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;\n"

#define EVENT_TABLE \
	"event (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, seq INTEGER NOT NULL, " \
	"at_ns " \
	"INTEGER NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL, over INTEGER NOT NULL, " \
	"PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;\n"

/* Schema 1 had one step, the search, and did not know of which service the pod was; schema 2 had no
 * events. */
const char *const store_upgrade_sql[STORE_SCHEMA] = {
	NULL,
	"ALTER TABLE decision RENAME TO decision_1;\n" DECISION_TABLE
	"INSERT INTO decision SELECT run, seq, at_ns, at_ns, 0, '', pod, 'searched', function, "
	"NULL, node,"
	" examined, 0, NULL, info_age_ns, probes, 0, 0, NULL FROM decision_1;\n"
	"DROP TABLE decision_1;\nPRAGMA user_version=2;\n",
	"CREATE TABLE IF NOT EXISTS " EVENT_TABLE "PRAGMA user_version=3;\n"
};

/* "cold_start.weights" as a column: dots become underscores. */
static void column(FILE *out, const char *name, const char *suffix, const char *type)
{
	fputs(", ", out);
	for (; *name; name++)
		putc(*name == '.' ? '_' : *name, out);
	fprintf(out, "%s INTEGER%s", suffix, type);
}

char *store_schema_sql(void)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert(out);
	fputs(fixed, out);
	fputs(DECISION_TABLE "CREATE TABLE " EVENT_TABLE, out);
	fputs("CREATE TABLE pod (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, seq "
	      "INTEGER NOT NULL,"
	      " id INTEGER NOT NULL, service TEXT NOT NULL, node INTEGER, \"end\" TEXT NOT NULL, "
	      "probes INTEGER NOT NULL,"
	      " migrations INTEGER NOT NULL, attempts INTEGER NOT NULL, wanted_ns INTEGER NOT "
	      "NULL, created_ns INTEGER,"
	      " bound_ns INTEGER",
	      out);
	for (int p = 0; p < PHASES; p++)
		column(out, phase_name((enum pod_phase)p), "_end_ns", "");
	fputs(", PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;\n"
	      "CREATE TABLE request (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, id "
	      "INTEGER NOT NULL,"
	      " service TEXT NOT NULL, arrival_ns INTEGER NOT NULL, first_token_ns INTEGER, end_ns "
	      "INTEGER NOT NULL,"
	      " input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, outcome TEXT NOT "
	      "NULL, cold INTEGER NOT NULL,"
	      " preemptions INTEGER NOT NULL",
	      out);
	for (int p = 0; p < PARTS; p++)
		column(out, part_name((enum part)p), "_ns", " NOT NULL");
	fprintf(out,
		") STRICT;\nCREATE INDEX request_run ON request (run);\n"
		"PRAGMA application_id=%d;\nPRAGMA user_version=%d;\n",
		STORE_APPLICATION, STORE_SCHEMA);
	fclose(out);
	return text;
}

static int columns(const char *table)
{
	if (strcmp(table, "pod") == 0)
		return 12 + PHASES;
	if (strcmp(table, "decision") == 0)
		return 19;
	assert(strcmp(table, "request") == 0);
	return 11 + PARTS;
}

char *store_insert_sql(const char *table)
{
	int n = columns(table);
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert(out);
	fprintf(out, "INSERT INTO %s VALUES (", table);
	for (int i = 0; i < n; i++)
		fputs(i ? ", ?" : "?", out);
	putc(')', out);
	fclose(out);
	return text;
}

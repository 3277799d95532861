/* One pass over the decisions in the order of pods, for slices and flows; passes in the order of
 * time for counters; one over the pods in the order of binding, which get the first lane of their
 * node that is free, so that slices of a lane nest. */
#include "results/timeline.h"
#include "results/outfile.h"
#include <string.h>

/* Process ids: of the cluster; functions and nodes count from theirs. */
enum { CLUSTER = 1, FUNCTIONS = 2, NODES = 1000000 };

/* When the lanes of a node are free again. */
struct lanes {
	int64_t *at;
	uint32_t n, cap;
};

struct timeline {
	struct explain *explain;
	struct outfile file;
	struct err *err;
	uint64_t events, flows;
	VEC(struct lanes) node;
	VEC(bool) function; /* has been named */
	bool ok;
};

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

static bool has(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) != SQLITE_NULL;
}

static void quoted(struct outfile *out, const char *text)
{
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			outfile_print(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			outfile_print(out, "\\u%04x", *text);
		else
			outfile_write(out, text, 1);
}

/* Begins an event, up to its name; the caller goes on behind it and closes the brace. */
static struct outfile *event(struct timeline *t, char phase, int64_t pid, int64_t tid,
			     int64_t at_ns)
{
	outfile_print(&t->file, "%s\n{\"ph\":\"%c\",\"pid\":%lld,\"tid\":%lld",
		      t->events ? "," : "", phase, (long long)pid, (long long)tid);
	if (phase != 'M')
		outfile_print(&t->file, ",\"ts\":%lld.%03lld", (long long)(at_ns / 1000),
			      (long long)(at_ns % 1000));
	t->events++;
	return &t->file;
}

static void duration(struct outfile *out, int64_t ns)
{
	outfile_print(out, ",\"dur\":%lld.%03lld", (long long)(ns / 1000), (long long)(ns % 1000));
}

static void name_of(struct timeline *t, int64_t pid, int64_t tid, const char *what,
		    const char *name, int64_t number)
{
	struct outfile *out = event(t, 'M', pid, tid, 0);

	outfile_print(out, ",\"name\":\"%s\",\"args\":{\"name\":\"", what);
	quoted(out, name);
	if (number >= 0)
		outfile_print(out, " %lld", (long long)number);
	outfile_text(out, "\"}}");
}

static void sorted_at(struct timeline *t, int64_t pid, int64_t at)
{
	outfile_print(event(t, 'M', pid, 0, 0),
		      ",\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%lld}}",
		      (long long)at);
}

static void name_function(struct timeline *t, int64_t id)
{
	while (t->function.n <= id)
		vec_push(&t->function, false);
	if (t->function.at[id])
		return;
	t->function.at[id] = true;
	name_of(t, FUNCTIONS + id, 0, "process_name", "function", id);
	name_of(t, FUNCTIONS + id, 1, "thread_name", "decisions", -1);
	sorted_at(t, FUNCTIONS + id, FUNCTIONS + id);
}

/* Calls row for each row of sql, whose ?1 is the run. */
static void each(struct timeline *t, const char *sql,
		 void (*row)(struct timeline *, sqlite3_stmt *))
{
	sqlite3_stmt *query = t->ok ? store_prepare(&t->explain->store, sql, t->err) : NULL;
	bool failed = !query;

	if (query)
		sqlite3_bind_int64(query, 1, t->explain->run.id);
	while (query && store_step(&t->explain->store, query, &failed, t->err))
		row(t, query);
	sqlite3_finalize(query);
	t->ok = t->ok && !failed;
}

/* ---- decisions ---- */

/* "chat pod 17", "pod 17". */
static void pod_name(struct outfile *out, const char *service, int64_t id)
{
	quoted(out, service);
	outfile_print(out, "%spod %lld", *service ? " " : "", (long long)id);
}

static void thought(struct timeline *t, sqlite3_stmt *row)
{
	int64_t function = sqlite3_column_int64(row, 0), began_ns = sqlite3_column_int64(row, 1),
		at_ns = sqlite3_column_int64(row, 2);
	bool probe = strcmp(text_of(row, 5), "probed") == 0;
	struct outfile *out;

	name_function(t, function);
	out = event(t, 'X', FUNCTIONS + function, 1, began_ns);
	duration(out, at_ns - began_ns);
	outfile_print(out, ",\"cat\":\"%s\",\"name\":\"%s", text_of(row, 5),
		      probe ? "probe: " : "");
	pod_name(out, text_of(row, 3), sqlite3_column_int64(row, 4));
	outfile_print(out, "%s\",\"args\":{\"pod\":%lld", has(row, 6) ? "" : ": no room",
		      (long long)sqlite3_column_int64(row, 4));
	if (has(row, 6))
		outfile_print(out, ",\"node\":%lld", (long long)sqlite3_column_int64(row, 6));
	if (has(row, 7))
		outfile_print(out, ",\"asked_by\":%lld", (long long)sqlite3_column_int64(row, 7));
	if (has(row, 8))
		outfile_print(out, ",\"nodes_with_room\":%lld",
			      (long long)sqlite3_column_int64(row, 8));
	if (has(row, 9))
		outfile_print(out, ",\"information_age_ms\":%.6f",
			      sqlite3_column_double(row, 9) / 1e6);
	outfile_print(out, ",\"examined\":%lld,\"queued_ms\":%.6f}}",
		      (long long)sqlite3_column_int64(row, 10),
		      sqlite3_column_double(row, 11) / 1e6);
}

static void thoughts(struct timeline *t)
{
	each(t,
	     "SELECT function, began_ns, at_ns, service, pod, step, node, other, known, "
	     "info_age_ns, examined, queued_ns FROM decision WHERE run = ?1 AND step IN "
	     "('searched', 'probed', 'binder') AND function IS NOT NULL ORDER BY seq",
	     thought);
}

static void flow(struct timeline *t, char phase, int64_t pid, int64_t tid, int64_t at_ns)
{
	outfile_print(event(t, phase, pid, tid, at_ns),
		      ",\"id\":%llu,\"cat\":\"migration\",\"name\":\"migration\"%s}",
		      (unsigned long long)t->flows, phase == 'f' ? ",\"bp\":\"e\"" : "");
}

/* From the search that found no room to the probe that did. */
static void migration(struct timeline *t, sqlite3_stmt *row)
{
	if (!has(row, 1) || !has(row, 3))
		return;
	t->flows++;
	flow(t, 's', FUNCTIONS + sqlite3_column_int64(row, 0), 1, sqlite3_column_int64(row, 1));
	flow(t, 'f', FUNCTIONS + sqlite3_column_int64(row, 2), 1, sqlite3_column_int64(row, 3));
}

static void migrations(struct timeline *t)
{
	each(t,
	     "WITH step AS (SELECT seq, step, node, function, other,\n"
	     "  max(iif(step = 'searched', seq, NULL)) OVER w AS search,\n"
	     "  max(iif(step = 'probed', seq, NULL)) OVER w AS probe\n"
	     "  FROM decision WHERE run = ?1 AND step IN ('searched', 'probed', 'migrated')\n"
	     "  WINDOW w AS (PARTITION BY service, pod ORDER BY seq))\n"
	     "SELECT s.function, s.began_ns, p.function, p.began_ns FROM step\n"
	     "  JOIN decision AS s ON s.run = ?1 AND s.seq = step.search\n"
	     "  JOIN decision AS p ON p.run = ?1 AND p.seq = step.probe\n"
	     "  WHERE step.step = 'migrated' AND p.function = step.function ORDER BY step.seq",
	     migration);
}

/* ---- counters ---- */

static void queue(struct timeline *t, sqlite3_stmt *row)
{
	int64_t function = sqlite3_column_int64(row, 0);

	name_function(t, function);
	outfile_print(event(t, 'C', FUNCTIONS + function, 0, sqlite3_column_int64(row, 1)),
		      ",\"name\":\"queue\",\"args\":{\"pods\":%lld}}",
		      (long long)sqlite3_column_int64(row, 2));
}

static void pending(struct timeline *t, sqlite3_stmt *row)
{
	outfile_print(event(t, 'C', CLUSTER, 0, sqlite3_column_int64(row, 0)),
		      ",\"name\":\"pods without a node\",\"args\":{\"pods\":%lld}}",
		      (long long)sqlite3_column_int64(row, 1));
}

static void replicas(struct timeline *t, sqlite3_stmt *row)
{
	static const char *const key[] = { "desired", "ready", "starting", "waiting", "running" };
	struct outfile *out = NULL;

	for (int c = 0; c < 5; c++) {
		bool pods = c < 3, first = c == 0 || c == 3;

		if (first) {
			out = event(t, 'C', CLUSTER, 0, sqlite3_column_int64(row, 1));
			outfile_text(out, ",\"name\":\"");
			quoted(out, text_of(row, 0));
			outfile_print(out, " %s\",\"args\":{", pods ? "pods" : "requests");
		}
		outfile_print(out, "%s\"%s\":%lld", first ? "" : ",", key[c],
			      (long long)sqlite3_column_int64(row, 2 + c));
		if (c == 2 || c == 4)
			outfile_text(out, "}}");
	}
}

static void counters(struct timeline *t)
{
	/* A search that begins in the instant in which its pod was queued comes right behind. */
	each(t,
	     "WITH step AS (SELECT seq, step, function, at_ns, began_ns, queue,\n"
	     "  max(iif(step = 'queued', seq, NULL)) OVER (PARTITION BY service, pod ORDER BY "
	     "seq) AS turn\n"
	     "  FROM decision WHERE run = ?1 AND step IN ('queued', 'searched', 'binder'))\n"
	     "SELECT function, iif(step = 'queued', at_ns, began_ns) AS t, queue + (step = "
	     "'queued') FROM step WHERE function IS NOT NULL ORDER BY t, turn, seq",
	     queue);
	/* When a pod that was never bound ended is not known: only those that still wait count. */
	each(t,
	     "SELECT t, sum(sum(d)) OVER (ORDER BY t) FROM (\n"
	     "  SELECT created_ns AS t, 1 AS d FROM pod WHERE run = ?1 AND created_ns IS NOT NULL\n"
	     "    AND (bound_ns IS NOT NULL OR \"end\" = 'pending')\n"
	     "  UNION ALL SELECT bound_ns, -1 FROM pod WHERE run = ?1 AND bound_ns IS NOT NULL\n"
	     "    AND created_ns IS NOT NULL) GROUP BY t ORDER BY t",
	     pending);
	each(t,
	     "SELECT service, at_ns, desired, ready, starting, waiting, running FROM series "
	     "WHERE run = ?1 ORDER BY at_ns, service",
	     replicas);
}

/* ---- pods on nodes ---- */

static void slice(struct timeline *t, int64_t node, uint32_t lane, int64_t from_ns, int64_t to_ns,
		  const char *category)
{
	duration(event(t, 'X', NODES + node, (int64_t)lane + 1, from_ns), to_ns - from_ns);
	outfile_print(&t->file, ",\"cat\":\"%s\",\"name\":\"", category);
}

/* The first lane of the node that is free at from_ns; taken until to_ns. */
static uint32_t take_lane(struct timeline *t, uint32_t node, int64_t from_ns, int64_t to_ns)
{
	struct lanes *lanes;
	uint32_t lane = 0;

	while (t->node.n <= node)
		vec_push(&t->node, (struct lanes){ 0 });
	lanes = &t->node.at[node];
	if (!lanes->n) {
		name_of(t, NODES + node, 0, "process_name", "node", node);
		sorted_at(t, NODES + node, NODES + node);
	}
	while (lane < lanes->n && lanes->at[lane] > from_ns)
		lane++;
	if (lane == lanes->n) {
		vec_push(lanes, 0);
		name_of(t, NODES + node, (int64_t)lane + 1, "thread_name", "starting pods", lane);
	}
	lanes->at[lane] = to_ns;
	return lane;
}

static void pod(struct timeline *t, sqlite3_stmt *row)
{
	struct pod_record pod;
	int64_t end_ns;
	uint32_t lane;

	explain_take(&pod, row);
	end_ns = pod.bound_ns;
	for (int p = PHASE_SANDBOX; p < PHASES; p++)
		if (pod.phase_end_ns[p] > end_ns)
			end_ns = pod.phase_end_ns[p];
	lane = take_lane(t, pod.node, pod.bound_ns, end_ns);
	slice(t, pod.node, lane, pod.bound_ns, end_ns, "pod");
	pod_name(&t->file, text_of(row, 3), (int64_t)pod.id);
	outfile_print(&t->file,
		      "\",\"args\":{\"pod\":%llu,\"end\":\"%s\",\"wanted_s\":%.9f,"
		      "\"scheduling_ms\":%.6f,\"attempts\":%u,\"probes\":%u,\"migrations\":%u}}",
		      (unsigned long long)pod.id, text_of(row, 5), (double)pod.wanted_ns / 1e9,
		      (double)(pod.bound_ns - pod.created_ns) / 1e6, pod.attempts, pod.probes,
		      pod.migrations);
	for (int p = PHASE_SANDBOX; p < PHASES; p++) {
		int64_t began_ns = explain_phase_began(&pod, (enum pod_phase)p);

		if (began_ns < 0 || pod.phase_end_ns[p] <= began_ns)
			continue;
		slice(t, pod.node, lane, began_ns, pod.phase_end_ns[p], "phase");
		outfile_print(&t->file, "%s\"}", phase_name((enum pod_phase)p));
	}
}

bool timeline_write(struct explain *explain, const char *path, uint64_t *events, struct err *err)
{
	struct timeline t = { .explain = explain, .err = err, .ok = true };

	if (!outfile_open(&t.file, path, err))
		return false;
	outfile_text(&t.file, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
	name_of(&t, CLUSTER, 0, "process_name", "cluster", -1);
	sorted_at(&t, CLUSTER, 0);
	thoughts(&t);
	migrations(&t);
	counters(&t);
	each(&t,
	     "SELECT * FROM pod WHERE run = ?1 AND bound_ns IS NOT NULL AND node IS NOT NULL "
	     "ORDER BY bound_ns, seq",
	     pod);
	outfile_text(&t.file, "\n]}\n");
	if (t.ok)
		t.ok = outfile_close(&t.file, err);
	else
		outfile_abort(&t.file);
	for (uint32_t i = 0; i < t.node.n; i++)
		vec_release(&t.node.at[i]);
	vec_release(&t.node);
	vec_release(&t.function);
	if (events)
		*events = t.events;
	return t.ok;
}

/* Rows to structs.  What a pod's time was spent on follows from its steps: each one ends what the
 * last one began.  Steps at a function that was asked run beside that, and are not counted. */
#include "results/explain.h"
#include "results/mem.h"
#include <assert.h>
#include <errno.h>

enum { LISTED = 6 }; /* runs that a message names at most */

static const char *text_of(sqlite3_stmt *query, int column)
{
	const char *text = (const char *)sqlite3_column_text(query, column);

	return text ? text : "";
}

/* NULL is -1. */
static int64_t whole_of(sqlite3_stmt *query, int column)
{
	return sqlite3_column_type(query, column) == SQLITE_NULL
		     ? -1
		     : sqlite3_column_int64(query, column);
}

static uint32_t id_of(sqlite3_stmt *query, int column)
{
	int64_t id = whole_of(query, column);

	return id < 0 ? UINT32_MAX : (uint32_t)id;
}

/* ---- which run ---- */

static bool is_number(const char *text, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

/* "1 (central, seed 1), 2 (functional, seed 1)", as far as it goes. */
static bool list_runs(struct store *store, char *out, size_t size, struct err *err)
{
	sqlite3_stmt *query = store_prepare(store,
					    "SELECT id, variant || iif(point = '', '', ' ' || "
					    "point) || ', seed ' || seed, count(*) OVER () "
					    "FROM run ORDER BY id",
					    err);
	bool failed = !query;
	size_t used = 0;
	int n = 0, got;

	*out = 0;
	for (; query && n <= LISTED && store_step(store, query, &failed, err); n++) {
		if (n == LISTED)
			got = snprintf(out + used, size - used, " and %d more",
				       sqlite3_column_int(query, 2) - LISTED);
		else
			got = snprintf(out + used, size - used, "%s%lld (%s)", n ? ", " : "",
				       (long long)sqlite3_column_int64(query, 0),
				       text_of(query, 1));
		used += got > 0 && used + (size_t)got < size ? (size_t)got : 0;
	}
	sqlite3_finalize(query);
	return !failed;
}

static void take_run(struct explain_run *run, sqlite3_stmt *row)
{
	*run = (struct explain_run){ .id = sqlite3_column_int64(row, 0),
				     .scenario = mem_text(text_of(row, 1)),
				     .variant = mem_text(text_of(row, 2)),
				     .point = mem_text(text_of(row, 3)),
				     .world = mem_text(text_of(row, 4)),
				     .seed = sqlite3_column_int64(row, 5),
				     .simulated_ns = whole_of(row, 6),
				     .pods_lost = sqlite3_column_int64(row, 7),
				     .decisions_lost = sqlite3_column_int64(row, 8) };
}

/* The latest run by id or variant; without either the only one. */
static bool choose_run(struct explain *e, const char *name, struct err *err)
{
	sqlite3_stmt *query;
	bool failed = false, some;
	int64_t id = -1, runs = 0;
	char list[400];

	if (name)
		is_number(name, &id);
	query = store_prepare(&e->store,
			      "SELECT id, scenario, variant, point, world, seed, simulated_ns, "
			      "pods_lost, decisions_lost, (SELECT count(*) FROM run) FROM run "
			      "WHERE id = ?1 OR variant = ?2 OR ?2 IS NULL ORDER BY id = ?1 DESC, "
			      "id DESC LIMIT 1",
			      err);
	if (!query)
		return false;
	sqlite3_bind_int64(query, 1, id);
	if (name)
		sqlite3_bind_text(query, 2, name, -1, SQLITE_STATIC);
	some = store_step(&e->store, query, &failed, err);
	if (some) {
		take_run(&e->run, query);
		runs = sqlite3_column_int64(query, 9);
	}
	sqlite3_finalize(query);
	if (failed)
		return false;
	if (some && (name || runs == 1))
		return true;
	if (!list_runs(&e->store, list, sizeof(list), err))
		return false;
	if (!*list)
		return err_set(err, "%s holds no runs", e->store.path);
	if (name)
		return err_set(err, "%s has no run '%s': it holds %s", e->store.path, name, list);
	return err_set(err, "%s holds several runs: choose one with --run: %s", e->store.path,
		       list);
}

bool explain_open(struct explain *e, const char *path, const char *run, struct err *err)
{
	*e = (struct explain){ 0 };
	if (!store_open_read(&e->store, path, err))
		return false;
	if (choose_run(e, run, err))
		return true;
	explain_close(e);
	return false;
}

static void forget_pod(struct explain_pod *pod)
{
	free(pod->service);
	free(pod->end);
	vec_release(&pod->step);
	*pod = (struct explain_pod){ 0 };
}

void explain_close(struct explain *e)
{
	forget_pod(&e->pod);
	free(e->run.scenario);
	free(e->run.variant);
	free(e->run.point);
	free(e->run.world);
	e->run = (struct explain_run){ 0 };
	store_close(&e->store);
}

/* ---- which pod ---- */

#define NUMBERED \
	"SELECT *, row_number() OVER (PARTITION BY service ORDER BY id) - 1 AS number FROM pod " \
	"WHERE run = ?1"

void explain_take(struct pod_record *pod, sqlite3_stmt *row)
{
	*pod = (struct pod_record){ .id = (uint64_t)sqlite3_column_int64(row, 2),
				    .service = UINT32_MAX,
				    .node = id_of(row, 4),
				    .probes = (uint32_t)sqlite3_column_int(row, 6),
				    .migrations = (uint32_t)sqlite3_column_int(row, 7),
				    .attempts = (uint32_t)sqlite3_column_int(row, 8),
				    .wanted_ns = sqlite3_column_int64(row, 9),
				    .created_ns = whole_of(row, 10),
				    .bound_ns = whole_of(row, 11) };
	for (int p = 0; p < PHASES; p++)
		pod->phase_end_ns[p] = whole_of(row, 12 + p);
}

static void take_pod(struct explain_pod *pod, sqlite3_stmt *row)
{
	explain_take(&pod->at, row);
	pod->service = mem_text(text_of(row, 3));
	pod->end = mem_text(text_of(row, 5));
	pod->number = sqlite3_column_int64(row, 12 + PHASES);
}

/* Says which pods there are: of the service, by number; else by id, with those nearest to it. */
static bool no_pod(struct explain *e, const char *name, const char *service, int64_t wanted,
		   struct err *err)
{
	sqlite3_stmt *query = store_prepare(
		&e->store,
		"WITH of AS (SELECT id FROM pod WHERE run = ?1 AND (?2 IS NULL OR service = ?2)) "
		"SELECT count(*), (SELECT max(id) FROM of WHERE id < ?3), "
		"(SELECT min(id) FROM of WHERE id > ?3), (SELECT group_concat(service, ', ') FROM "
		"(SELECT DISTINCT service FROM pod WHERE run = ?1 AND service <> '' ORDER BY "
		"service LIMIT 8)) "
		"FROM of",
		err);
	int64_t pods, below, above;
	bool failed = !query;
	char near[64] = "";

	if (!query)
		return false;
	sqlite3_bind_int64(query, 1, e->run.id);
	if (service)
		sqlite3_bind_text(query, 2, service, -1, SQLITE_STATIC);
	sqlite3_bind_int64(query, 3, wanted);
	store_step(&e->store, query, &failed, err);
	pods = sqlite3_column_int64(query, 0);
	below = whole_of(query, 1);
	above = whole_of(query, 2);
	if (!failed && service && pods)
		err_set(err, "run %lld of %s has no pod %s: %s has %lld, %s/0 to %s/%lld",
			(long long)e->run.id, e->store.path, name, service, (long long)pods,
			service, service, (long long)(pods - 1));
	else if (!failed && service)
		err_set(err, "run %lld of %s has no pods of a service '%s': it has pods of %s",
			(long long)e->run.id, e->store.path, service,
			*text_of(query, 3) ? text_of(query, 3) : "no service");
	if (below >= 0 && above >= 0)
		snprintf(near, sizeof(near), "%lld and %lld", (long long)below, (long long)above);
	else
		snprintf(near, sizeof(near), "%lld", (long long)(below >= 0 ? below : above));
	if (!failed && !service && !pods)
		err_set(err, "run %lld of %s has no pods", (long long)e->run.id, e->store.path);
	else if (!failed && !service)
		err_set(err, "run %lld of %s has no pod %s: the nearest of its %lld is %s%s",
			(long long)e->run.id, e->store.path, name, (long long)pods, near,
			e->run.pods_lost ? " (not all were kept)" : "");
	sqlite3_finalize(query);
	return false;
}

static bool find_pod(struct explain *e, const char *name, struct err *err)
{
	const char *slash = strrchr(name, '/');
	char *service = NULL;
	sqlite3_stmt *query;
	int64_t number;
	bool failed = false, some;

	if (!is_number(slash ? slash + 1 : name, &number) || slash == name)
		return err_set(err,
			       "'%s' is no pod: expected its id, such as 17, or its service and "
			       "number, such as chat/3",
			       name);
	if (slash) {
		service = mem_text(name);
		service[slash - name] = 0;
	}
	query = store_prepare(
		&e->store,
		slash ? "SELECT * FROM (" NUMBERED ") WHERE service = ?2 AND number = ?3"
		      : "SELECT * FROM (" NUMBERED ") WHERE id = ?3 ORDER BY seq LIMIT 1",
		err);
	some = false;
	if (query) {
		sqlite3_bind_int64(query, 1, e->run.id);
		if (slash)
			sqlite3_bind_text(query, 2, service, -1, SQLITE_STATIC);
		sqlite3_bind_int64(query, 3, number);
		some = store_step(&e->store, query, &failed, err);
		if (some)
			take_pod(&e->pod, query);
		sqlite3_finalize(query);
		if (!some && !failed)
			no_pod(e, name, service, number, err);
	}
	free(service);
	return some;
}

/* ---- its steps ---- */

static enum decision_kind kind_of(const char *step)
{
	for (int k = 0; k < DECISIONS; k++)
		if (strcmp(step, decision_name((enum decision_kind)k)) == 0)
			return (enum decision_kind)k;
	return DECISIONS;
}

static bool any_decisions(struct explain *e, struct err *err)
{
	sqlite3_stmt *query =
		store_prepare(&e->store, "SELECT 1 FROM decision WHERE run = ? LIMIT 1", err);
	bool failed = !query, some = false;

	if (query) {
		sqlite3_bind_int64(query, 1, e->run.id);
		some = store_step(&e->store, query, &failed, err);
		sqlite3_finalize(query);
	}
	return some || (!failed && err_set(err,
					   "run %lld of %s recorded no decisions: run it again "
					   "with `sonde run SCENARIO --decisions --out %s`",
					   (long long)e->run.id, e->store.path, e->store.path));
}

static bool read_steps(struct explain *e, struct err *err)
{
	sqlite3_stmt *query = store_prepare(
		&e->store,
		"SELECT at_ns, began_ns, queued_ns, step, function, other, node, examined, "
		"feasible, known, info_age_ns, probes, attempt, queue, until_ns FROM decision "
		"WHERE run = ? AND pod = ? AND service = ? ORDER BY seq",
		err);
	bool failed = !query;

	if (!query)
		return false;
	sqlite3_bind_int64(query, 1, e->run.id);
	sqlite3_bind_int64(query, 2, (int64_t)e->pod.at.id);
	sqlite3_bind_text(query, 3, e->pod.service, -1, SQLITE_STATIC);
	while (store_step(&e->store, query, &failed, err)) {
		struct decision_record step = {
			.at_ns = whole_of(query, 0),
			.began_ns = whole_of(query, 1),
			.queued_ns = whole_of(query, 2),
			.kind = kind_of(text_of(query, 3)),
			.function = id_of(query, 4),
			.other = id_of(query, 5),
			.node = id_of(query, 6),
			.examined = (uint32_t)sqlite3_column_int64(query, 7),
			.feasible = (uint32_t)sqlite3_column_int64(query, 8),
			.known = whole_of(query, 9),
			.info_age_ns = whole_of(query, 10),
			.probes = (uint32_t)sqlite3_column_int64(query, 11),
			.attempt = (uint32_t)sqlite3_column_int64(query, 12),
			.queue = (uint32_t)sqlite3_column_int64(query, 13),
			.until_ns = whole_of(query, 14),
			.pod = e->pod.at.id,
			.service = UINT32_MAX,
		};

		if (step.kind < DECISIONS)
			vec_push(&e->pod.step, step);
	}
	sqlite3_finalize(query);
	return !failed;
}

/* What a pod is at after a step; SPENTS: the step leaves that as it was. */
static enum spent after(const struct decision_record *step)
{
	bool node = step->node != UINT32_MAX;

	switch ((enum decision_kind)step->kind) {
	case DECISION_QUEUED:
	case DECISION_WAITING:
	case DECISION_RETURNED:
	case DECISION_CONFLICT: return SPENT_QUEUED;
	case DECISION_SEARCHED: return node ? SPENT_BINDING : SPENT_ASKING;
	case DECISION_TAKEN:
	case DECISION_BINDER: return SPENT_BINDING;
	case DECISION_ASKED:
	case DECISION_REFUSED:
	case DECISION_UNANSWERED: return SPENT_ASKING;
	case DECISION_OFFERED: return SPENT_MIGRATING;
	case DECISION_MIGRATED: return node ? SPENT_BINDING : SPENT_QUEUED;
	case DECISION_PARKED:
	case DECISION_GIVEN_UP: return SPENT_PARKED;
	case DECISION_LOST: return SPENT_ADRIFT;
	default: return SPENTS;
	}
}

static void add_up(struct explain *e)
{
	struct explain_pod *pod = &e->pod;
	enum spent at = SPENT_ADRIFT, next;
	int64_t since_ns = pod->at.created_ns, end_ns = pod->at.bound_ns;

	pod->over_ns = pod->at.wanted_ns;
	if (pod->at.created_ns > pod->over_ns)
		pod->over_ns = pod->at.created_ns;
	for (int p = 0; p < PHASES; p++)
		if (pod->at.phase_end_ns[p] > pod->over_ns)
			pod->over_ns = pod->at.phase_end_ns[p];
	for (uint32_t i = 0; i < pod->step.n && pod->at.bound_ns < 0; i++)
		if (pod->step.at[i].at_ns > pod->over_ns)
			pod->over_ns = pod->step.at[i].at_ns;
	if (strcmp(pod->end, "pending") == 0 && e->run.simulated_ns > pod->over_ns)
		pod->over_ns = e->run.simulated_ns;
	if (pod->at.created_ns < 0)
		return;
	if (end_ns < 0)
		end_ns = pod->over_ns;
	for (uint32_t i = 0; i < pod->step.n && pod->step.at[i].at_ns <= end_ns; i++) {
		const struct decision_record *step = &pod->step.at[i];

		next = after(step);
		if (next == SPENTS)
			continue;
		if (step->kind == DECISION_SEARCHED || step->kind == DECISION_BINDER) {
			pod->spent_ns[at] += step->began_ns - since_ns;
			since_ns = step->began_ns;
			at = SPENT_THINKING;
		}
		pod->spent_ns[at] += step->at_ns - since_ns;
		since_ns = step->at_ns;
		at = next;
	}
	pod->spent_ns[at] += end_ns - since_ns;
}

bool explain_pod(struct explain *e, const char *name, struct err *err)
{
	forget_pod(&e->pod);
	if (!find_pod(e, name, err) || !any_decisions(e, err) || !read_steps(e, err))
		return false;
	add_up(e);
	return true;
}

int64_t explain_phase_began(const struct pod_record *pod, enum pod_phase phase)
{
	int64_t began_ns = pod->wanted_ns;

	if (pod->phase_end_ns[phase] < 0)
		return -1;
	for (int p = 0; p < (int)phase; p++)
		if (pod->phase_end_ns[p] > began_ns)
			began_ns = pod->phase_end_ns[p];
	return began_ns;
}

const char *spent_name(enum spent spent)
{
	static const char *const names[SPENTS] = { "adrift",	"queued", "thinking", "asking",
						   "migrating", "parked", "binding" };

	assert(spent < SPENTS);
	return names[spent];
}

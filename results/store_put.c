/* Rows are inserted by a small binder that takes one letter a column; what is written is what
 * result_walk and struct collect have, in their order. */
#include "results/mem.h"
#include "results/store.h"
#include "results/store_schema.h"
#include <assert.h>
#include <math.h>
#include <stdarg.h>

/* Binds one value a letter - i int64, n int64 or NULL when negative, r double, z double or NULL
 * when NaN, t text, . NULL - and runs the statement once. */
static bool row(struct store *store, sqlite3_stmt *statement, struct err *err, const char *letters,
		...)
{
	va_list args;
	int64_t whole;
	double real;
	int at = 1;

	va_start(args, letters);
	for (const char *l = letters; *l; l++, at++) {
		switch (*l) {
		case 'i':
		case 'n':
			whole = va_arg(args, int64_t);
			if (*l == 'i' || whole >= 0)
				sqlite3_bind_int64(statement, at, whole);
			break;
		case 'r':
			real = va_arg(args, double);
			sqlite3_bind_double(statement, at, real); /* NaN is stored as NULL */
			break;
		case 't':
			sqlite3_bind_text(statement, at, va_arg(args, const char *), -1,
					  SQLITE_STATIC);
			break;
		default: assert(*l == '.');
		}
	}
	va_end(args);
	sqlite3_step(statement);
	if (sqlite3_reset(statement) != SQLITE_OK)
		return err_system(err, "cannot write %s: %s", store->path,
				  sqlite3_errmsg(store->db));
	sqlite3_clear_bindings(statement);
	return true;
}

static const char *service_name(const struct run_result *result, uint32_t s)
{
	/* "" is the total, and the pods that belong to no service. */
	return s < result->collect->services ? result->collect->name[s] : "";
}

/* Negative, and so NULL, where it is none. */
static int64_t id_or_none(uint32_t id)
{
	return id == UINT32_MAX ? -1 : (int64_t)id;
}

/* The first of the services whose figures are kept; the last, after them, is the whole. */
static uint32_t first_service(const struct run_result *result)
{
	return result->brief ? result->collect->services : 0;
}

static bool put_axes(struct store *store, const struct run_result *result, struct err *err)
{
	sqlite3_stmt *insert = store_prepare(store, "INSERT INTO axis VALUES (?, ?, ?, ?, ?)", err);
	bool ok = insert != NULL;

	for (uint32_t i = 0; ok && i < result->axes; i++)
		ok = row(store, insert, err, "iittr", store->run, (int64_t)i, result->axis[i].name,
			 result->axis[i].text, result->axis[i].value);
	sqlite3_finalize(insert);
	return ok;
}

bool store_begin(struct store *store, const struct run_result *result, struct err *err)
{
	sqlite3_stmt *insert = NULL;
	char point[512];
	bool ok;

	assert(!store->run && result->scenario && result->variant && result->version);
	store->failed = false;
	store->name = result->collect->name;
	store->services = result->collect->services;
	if (!store_exec(store, "BEGIN IMMEDIATE", err))
		return false;
	insert = store_prepare(store,
			       "INSERT INTO run (scenario, variant, point, seed, version, world, "
			       "status, scenario_text, parameters) "
			       "VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?)",
			       err);
	ok = insert &&
	     row(store, insert, err, "tttitttt", result->scenario, result->variant,
		 result_point(result, point, sizeof(point)), (int64_t)result->seed, result->version,
		 world_name(result->world), result->scenario_text ? result->scenario_text : "",
		 result->parameters ? result->parameters : "");
	sqlite3_finalize(insert);
	if (ok) {
		store->run = sqlite3_last_insert_rowid(store->db);
		ok = put_axes(store, result, err);
	}
	if (!ok)
		store_cancel(store);
	return ok;
}

struct put {
	struct store *store;
	sqlite3_stmt *insert;
	const char *service;
	struct err *err;
	bool ok;
};

static void put_metric(void *ctx, const struct metric *metric)
{
	struct put *put = ctx;
	char path[160];

	if (put->ok && metric->defined)
		put->ok = row(put->store, put->insert, put->err, "itttr", put->store->run,
			      put->service, result_path(metric, path, sizeof(path)), metric->unit,
			      metric->value);
	else if (put->ok)
		put->ok = row(put->store, put->insert, put->err, "ittt.", put->store->run,
			      put->service, result_path(metric, path, sizeof(path)), metric->unit);
}

static bool put_metrics(struct store *store, const struct run_result *result, struct err *err)
{
	struct put put = { .store = store, .err = err };

	put.insert = store_prepare(store, "INSERT INTO metric VALUES (?, ?, ?, ?, ?)", err);
	put.ok = put.insert != NULL;
	for (uint32_t s = first_service(result); put.ok && s <= result->collect->services; s++) {
		put.service = service_name(result, s);
		result_walk(result, s, put_metric, &put);
	}
	sqlite3_finalize(put.insert);
	return put.ok;
}

static bool put_histograms(struct store *store, const struct run_result *result, struct err *err)
{
	sqlite3_stmt *insert =
		store_prepare(store, "INSERT INTO histogram VALUES (?, ?, ?, ?)", err);
	bool ok = insert != NULL;

	for (uint32_t s = first_service(result); ok && s <= result->collect->services; s++) {
		const struct service_stats *stats = collect_stats(result->collect, s);

		for (uint32_t q = 0; ok && q < QUANTITIES; q++) {
			unsigned char *packed;
			size_t bytes;

			if (!stats->hist[q] || !stats->hist[q]->count)
				continue;
			packed = hist_pack(stats->hist[q], &bytes);
			sqlite3_bind_blob64(insert, 4, packed, bytes, free);
			ok = row(store, insert, err, "itt", store->run, service_name(result, s),
				 quantity_name(q));
		}
	}
	sqlite3_finalize(insert);
	return ok;
}

static bool put_series(struct store *store, const struct run_result *result, struct err *err)
{
	sqlite3_stmt *insert = store_prepare(
		store, "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err);
	bool ok = insert != NULL;

	for (uint32_t i = 0; ok && i < result->collect->series.n; i++) {
		const struct series_record *r = &result->collect->series.at[i];

		ok = row(store, insert, err, "itiiiiiiii", store->run,
			 service_name(result, r->service), r->at_ns, (int64_t)r->arrivals,
			 (int64_t)r->completions, (int64_t)r->waiting, (int64_t)r->running,
			 (int64_t)r->desired, (int64_t)r->ready, (int64_t)r->starting);
	}
	sqlite3_finalize(insert);
	return ok;
}

static bool put_scale(struct store *store, const struct run_result *result, struct err *err)
{
	sqlite3_stmt *insert =
		store_prepare(store, "INSERT INTO scale VALUES (?, ?, ?, ?, ?, ?, ?, ?)", err);
	bool ok = insert != NULL;

	for (uint32_t i = 0; ok && i < result->collect->scale.n; i++) {
		const struct scale_record *r = &result->collect->scale.at[i];

		ok = row(store, insert, err, "iiitiiii", store->run, (int64_t)i, r->at_ns,
			 service_name(result, r->service), (int64_t)r->from, (int64_t)r->to,
			 (int64_t)r->ready, (int64_t)r->panic);
	}
	sqlite3_finalize(insert);
	return ok;
}

static bool put_events(struct store *store, const struct run_result *result, struct err *err)
{
	sqlite3_stmt *insert =
		store_prepare(store, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", err);
	bool ok = insert != NULL;

	for (uint32_t i = 0; ok && i < result->collect->events.n; i++) {
		const struct event_record *r = &result->collect->events.at[i];

		ok = row(store, insert, err, "iiitii", store->run, (int64_t)i, r->at_ns, r->kind,
			 (int64_t)r->count, (int64_t)r->over);
	}
	sqlite3_finalize(insert);
	return ok;
}

static bool put_pods(struct store *store, const struct run_result *result, struct err *err)
{
	static const char *const ends[POD_ENDS] = { "ready", "unschedulable", "failed", "cancelled",
						    "pending" };
	char *sql = store_insert_sql("pod");
	sqlite3_stmt *insert = store_prepare(store, sql, err);
	bool ok = insert != NULL;

	for (uint32_t i = 0; ok && i < result->collect->pods.n; i++) {
		const struct pod_record *r = &result->collect->pods.at[i];

		for (int p = 0; p < PHASES; p++) {
			if (r->phase_end_ns[p] >= 0)
				sqlite3_bind_int64(insert, 13 + p, r->phase_end_ns[p]);
		}
		ok = row(store, insert, err, "iiitntiiinnn", store->run, (int64_t)i, (int64_t)r->id,
			 service_name(result, r->service), id_or_none(r->node), ends[r->end],
			 (int64_t)r->probes, (int64_t)r->migrations, (int64_t)r->attempts,
			 r->wanted_ns, r->created_ns, r->bound_ns);
	}
	sqlite3_finalize(insert);
	free(sql);
	return ok;
}

static bool put_decisions(struct store *store, const struct run_result *result, struct err *err)
{
	char *sql = store_insert_sql("decision");
	sqlite3_stmt *insert = store_prepare(store, sql, err);
	bool ok = insert != NULL;

	for (uint32_t i = 0; ok && i < result->collect->decisions.n; i++) {
		const struct decision_record *r = &result->collect->decisions.at[i];

		ok = row(store, insert, err, "iiiiititnnniinniiin", store->run, (int64_t)i,
			 r->at_ns, r->began_ns, r->queued_ns, service_name(result, r->service),
			 (int64_t)r->pod, decision_name(r->kind), id_or_none(r->function),
			 id_or_none(r->other), id_or_none(r->node), (int64_t)r->examined,
			 (int64_t)r->feasible, r->known, r->info_age_ns, (int64_t)r->probes,
			 (int64_t)r->attempt, (int64_t)r->queue,
			 r->kind == DECISION_PARKED ? r->until_ns : (int64_t)-1);
	}
	sqlite3_finalize(insert);
	free(sql);
	return ok;
}

static bool put_oracles(struct store *store, const struct run_result *result, struct err *err)
{
	sqlite3_stmt *insert =
		store_prepare(store, "INSERT INTO oracle VALUES (?, ?, ?, ?, ?, ?, ?, ?)", err);
	bool ok = insert != NULL;

	for (uint32_t i = 0; ok && i < result->oracles; i++) {
		const struct oracle *o = &result->oracle[i];

		ok = row(store, insert, err, "iittrrrr", store->run, (int64_t)i, o->quantity,
			 o->unit, o->expected, o->simulated, o->half_width_95, o->bias);
	}
	sqlite3_finalize(insert);
	return ok;
}

void store_request(void *ctx, const struct request_record *r)
{
	struct store *store = ctx;

	assert(store->run && r->service < store->services);
	if (store->failed)
		return;
	if (!store->request) {
		char *sql = store_insert_sql("request");

		store->request = store_prepare(store, sql, &store->fault);
		store->failed = !store->request;
		free(sql);
		if (store->failed)
			return;
	}
	for (int p = 0; p < PARTS; p++)
		sqlite3_bind_int64(store->request, 12 + p, r->part_ns[p]);
	store->failed =
		!row(store, store->request, &store->fault, "iitiniiitii", store->run,
		     (int64_t)r->id, store->name[r->service], r->arrival_ns, r->first_token_ns,
		     r->end_ns, (int64_t)r->input_tokens, (int64_t)r->output_tokens,
		     outcome_name(r->outcome), (int64_t)r->cold, (int64_t)r->preemptions);
}

static bool put_end(struct store *store, const struct run_result *result, struct err *err)
{
	const struct collect *collect = result->collect;
	sqlite3_stmt *update =
		store_prepare(store,
			      "UPDATE run SET status = ?, simulated_ns = ?, warmup_ns = ?, "
			      "pods_lost = ?, series_lost = ?, scale_lost = ?,"
			      " decisions_lost = ? WHERE id = ?",
			      err);
	bool ok = update &&
		  row(store, update, err, "tiiiiiii", result->status ? result->status : "done",
		      result->simulated_ns, collect->warmup_ns, (int64_t)collect->pods_lost,
		      (int64_t)collect->series_lost, (int64_t)collect->scale_lost,
		      (int64_t)collect->decisions_lost, store->run);

	sqlite3_finalize(update);
	return ok;
}

static void forget_run(struct store *store)
{
	sqlite3_finalize(store->request);
	store->request = NULL;
	store->run = 0;
}

bool store_finish(struct store *store, const struct run_result *result, int64_t *run,
		  struct err *err)
{
	bool ok = !store->failed;

	assert(store->run);
	if (!ok)
		*err = store->fault;
	ok = ok && put_metrics(store, result, err) && put_histograms(store, result, err) &&
	     put_oracles(store, result, err) && put_series(store, result, err) &&
	     (result->brief || (put_scale(store, result, err) && put_pods(store, result, err))) &&
	     put_events(store, result, err) && put_decisions(store, result, err) &&
	     put_end(store, result, err) && store_exec(store, "COMMIT", err);
	if (!ok) {
		store_cancel(store);
		return false;
	}
	if (run)
		*run = store->run;
	forget_run(store);
	return true;
}

void store_cancel(struct store *store)
{
	forget_run(store);
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

bool store_put(struct store *store, const struct run_result *result, int64_t *run, struct err *err)
{
	return store_begin(store, result, err) && store_finish(store, result, run, err);
}

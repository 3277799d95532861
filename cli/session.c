/* The runs of a command, one after another: each variant of the file, each seed. All of them are
 * set up once before the first, so that bad input is found before a file is made. */
#include "cli/runner.h"
#include "base/log.h"
#include "cli/cli.h"
#include "results/json.h"
#include "results/summary.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct session {
	const struct run_wishes *wishes;
	struct arena arena; /* of the file as loaded */
	struct scenario loaded;
	struct requests_csv csv;
	struct store store;
	struct tape *tape;
	bool has_csv, has_store, made_store;
	bool checking; /* every run is set up, and none begun */
	uint64_t planned;
	VEC(struct run *) runs;
};

/* One variant with one seed. */
static bool run_one(struct session *session, const char *variant, const struct scenario_set *sets,
		    uint32_t n_sets, uint64_t replication, struct err *err)
{
	const struct run_wishes *wishes = session->wishes;
	struct run_job job = { .path = wishes->path,
			       .sets = sets,
			       .n_sets = n_sets,
			       .variant = variant,
			       .replication = replication,
			       .speed = wishes->speed,
			       .quiet = wishes->quiet,
			       .store = session->has_store ? &session->store : NULL,
			       .csv = session->has_csv ? &session->csv : NULL,
			       .tape = session->tape };
	struct run *run = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*run));

	if (!run_do(run, &job, err)) {
		free(run);
		return false;
	}
	vec_push(&session->runs, run);
	return true;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return a && b &&
	       (!strcmp(a, b) || (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
				  x.st_ino == y.st_ino && S_ISREG(x.st_mode)));
}

/* No output takes the place of another, or of what is read. */
static bool check_outputs(const struct run_wishes *wishes, const struct setup *setup,
			  struct err *err)
{
	const char *const option[] = { "--out", "--requests", "--tape" };
	const char *const path[] = { wishes->out, wishes->requests, wishes->tape };

	for (int i = 0; i < 3; i++) {
		if (same_file(path[i], wishes->path))
			return err_set(err, "%s %s is the scenario itself", option[i], path[i]);
		for (uint32_t k = 0; k < setup->n_reads; k++)
			if (same_file(path[i], setup->reads[k].file))
				return err_set(err, "%s %s is the trace that is read", option[i],
					       path[i]);
		for (int j = 0; j < i; j++)
			if (same_file(path[i], path[j]))
				return err_set(err, "%s and %s are the same file, %s", option[j],
					       option[i], path[i]);
	}
	return true;
}

/* Sets a run up as far as that leaves no trace: a pipe's requests can be read only once. */
static bool check_one(struct session *session, const struct scenario_set *sets, uint32_t n_sets,
		      struct err *err)
{
	struct trace *trace = NULL;
	struct setup setup;
	const char *pipe;
	bool ok;

	session->planned += session->wishes->seeds;
	if (!setup_read(&setup, session->wishes->path, sets, n_sets, 0, err))
		return false;
	ok = check_outputs(session->wishes, &setup, err);
	pipe = setup_pipe(&setup);
	if (ok && pipe && session->planned > 1)
		ok = err_set(err,
			     "%s can be read only once: a trace for several runs must be a file",
			     pipe);
	if (ok && !pipe) {
		trace = setup_requests(&setup, err);
		ok = trace || !err->text[0];
	}
	trace_close(trace);
	setup_release(&setup);
	return ok;
}

/* A variant's sets, then the command line's, over every seed. */
static bool run_seeds(struct session *session, const struct scenario_variant *variant,
		      struct err *err)
{
	const struct run_wishes *wishes = session->wishes;
	uint32_t own = variant ? variant->n : 0;
	struct scenario_set *sets =
		vec_grow(NULL, &(uint32_t){ 0 }, own + wishes->n_sets + 1, sizeof(*sets));
	bool ok = true;

	if (own)
		memcpy(sets, variant->sets, own * sizeof(*sets));
	if (wishes->n_sets)
		memcpy(sets + own, wishes->sets, wishes->n_sets * sizeof(*sets));
	if (session->checking)
		ok = check_one(session, sets, own + wishes->n_sets, err);
	else
		for (uint64_t r = 0; ok && r < wishes->seeds && !cli_stop; r++)
			ok = run_one(session, variant ? variant->name : "", sets,
				     own + wishes->n_sets, r, err);
	free(sets);
	return ok;
}

/* Every variant asked for. */
static bool run_variants(struct session *session, struct err *err)
{
	const struct scenario *loaded = &session->loaded;
	const struct scenario_variant *only = NULL;
	bool ok = true;

	if (session->wishes->variant) {
		only = scenario_variant_find(loaded, session->wishes->variant, err);
		ok = only != NULL;
	}
	if (ok && (only || !loaded->n_variants))
		return run_seeds(session, only, err);
	for (uint32_t v = 0; ok && v < loaded->n_variants && !cli_stop; v++)
		ok = run_seeds(session, &loaded->variants[v], err);
	return ok;
}

/* Reads the file's variants, whose names the results bear, and sets up all that is to run. */
static bool check_variants(struct session *session, struct err *err)
{
	void *config = arena_take(&session->arena, sizeof(struct setup));

	session->checking = true;
	if (!scenario_load(setup_options, config, session->wishes->path, NULL, 0, &session->loaded,
			   &session->arena, err) ||
	    !run_variants(session, err))
		return false;
	session->checking = false;
	return true;
}

/* ---- before and after ---- */

static bool open_outputs(struct session *session, struct err *err)
{
	const struct run_wishes *wishes = session->wishes;

	if (wishes->requests) {
		if (!requests_csv_open(&session->csv, wishes->requests, err))
			return false;
		session->has_csv = true;
		cli_unfinished(session->csv.file.temporary);
	}
	if (wishes->tape) {
		session->tape = tape_create(wishes->tape, err);
		if (!session->tape)
			return false;
		cli_unfinished(tape_unfinished(session->tape));
	}
	if (wishes->out) {
		session->made_store = access(wishes->out, F_OK) != 0;
		if (!store_open(&session->store, wishes->out, err))
			return false;
		session->has_store = true;
	}
	return true;
}

/* Puts files in place if all went well, else leaves none but a store with the runs that ended. */
static bool close_outputs(struct session *session, bool ok, struct err *err)
{
	bool keep = ok && session->runs.n, kept;
	struct err later;

	if (session->has_store) {
		store_close(&session->store);
		if (session->made_store && !session->runs.n)
			store_remove(session->wishes->out);
	}
	if (session->has_csv && keep)
		ok = requests_csv_close(&session->csv, err);
	else if (session->has_csv)
		requests_csv_abort(&session->csv);
	if (session->tape) {
		kept = tape_close(session->tape, keep && ok, ok ? err : &later);
		ok = ok && kept;
	}
	cli_finished();
	return ok;
}

static bool print(struct session *session, struct err *err)
{
	const struct run_result **results =
		vec_grow(NULL, &(uint32_t){ 0 }, session->runs.n + 1, sizeof(*results));
	bool ok = true;

	for (uint32_t i = 0; i < session->runs.n; i++)
		results[i] = &session->runs.at[i]->result;
	if (session->wishes->json)
		ok = json_runs(stdout, results, session->runs.n, err);
	else
		summary_print(stdout, results, session->runs.n);
	free(results);
	return ok;
}

int run_all(const struct run_wishes *wishes)
{
	struct session session = { .wishes = wishes };
	struct err err = { 0 };
	bool ok;
	int status;

	arena_init(&session.arena);
	ok = check_variants(&session, &err);
	cli_catch();
	ok = ok && open_outputs(&session, &err) && run_variants(&session, &err);
	ok = close_outputs(&session, ok, &err);
	if (ok && session.runs.n)
		ok = print(&session, &err) && cli_flush();
	status = ok ? EXIT_DONE : err.text[0] ? cli_fail(&err) : EXIT_FAILED;
	if (ok && cli_stop) {
		log_line(LOG_WARN,
			 session.runs.n
				 ? "stopped early: the results are of what had run until then"
				 : "stopped before anything had run");
		status = EXIT_FAILED;
	}
	for (uint32_t i = 0; i < session.runs.n; i++) {
		run_release(session.runs.at[i]);
		free(session.runs.at[i]);
	}
	vec_release(&session.runs);
	arena_release(&session.arena);
	return status;
}

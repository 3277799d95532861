/* The key is made from the effective scenario of the point, in which every value stands, and from
 * what is not in it: the file's text, the axes, the replications, the trace's size and age. */
#include "cli/shard.h"
#include "cli/runner.h"
#include "results/digest.h"
#include "results/stats.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct shard shard_at(const struct shard_plan *plan, uint32_t point, struct arena *arena)
{
	const struct study *study = &plan->study;
	const struct scenario_variant *variant =
		plan->only		  ? plan->only
		: plan->loaded.n_variants ? &plan->loaded.variants[point % study->variants]
					  : NULL;
	uint32_t own = variant ? variant->n : 0;
	struct shard shard = { .variant = variant ? variant->name : "", .label = "" };

	shard.n_sets = own + study->sets + plan->n_sets;
	shard.sets = ARENA_ARRAY(arena, struct scenario_set, shard.n_sets);
	shard.axis = ARENA_ARRAY(arena, struct axis, study->axes.n);
	if (own)
		memcpy(shard.sets, variant->sets, own * sizeof(*shard.sets));
	study_sets(study, point, shard.sets + own);
	if (plan->n_sets)
		memcpy(shard.sets + own + study->sets, plan->sets,
		       plan->n_sets * sizeof(*shard.sets));
	for (uint32_t a = 0; a < study->axes.n; a++) {
		const struct study_value *value = &study->line[a].value[study_at(study, point, a)];

		shard.axis[a] = (struct axis){ study->line[a].name, value->text, value->value };
		shard.label = arena_print(arena, "%s%s=%s ", shard.label, shard.axis[a].name,
					  value->text);
	}
	shard.label = arena_print(arena, "%s%s", shard.label,
				  *shard.variant  ? shard.variant
				  : study->axes.n ? ""
						  : "the only one");
	return shard;
}

const char *shard_path(const struct shard_plan *plan, uint32_t point, bool whole,
		       struct arena *arena)
{
	return arena_print(arena, "%s/%016" PRIx64 ".%s", plan->folder, plan->key[point],
			   whole ? "db" : "tmp");
}

/* ---- the plan ---- */

static uint64_t number(uint64_t key, const void *value)
{
	return digest_bytes(key, value, 8);
}

static uint64_t digest_study(const struct study *study, uint64_t key)
{
	key = number(number(key, &study->min), &study->max);
	key = number(number(key, &study->half_width), &study->block_ns);
	return digest_text(key, study->metric);
}

/* A file that is read once for every replication cannot be a pipe. */
static bool check_trace(const struct setup *setup, struct err *err)
{
	const char *pipe = setup_pipe(setup);

	return !pipe ||
	       err_set(err, "%s can be read only once: a trace for several runs must be a file",
		       pipe);
}

/* Sets the point up, as each of its runs will, and digests it. */
static bool make_key(const struct shard_plan *plan, uint32_t point, uint64_t *key, struct err *err)
{
	struct trace *trace = NULL;
	struct arena arena;
	struct setup setup;
	struct shard shard;
	struct stat st;
	bool ok;

	arena_init(&arena);
	shard = shard_at(plan, point, &arena);
	ok = setup_read(&setup, plan->path, shard.sets, shard.n_sets, 0, err);
	if (ok) {
		ok = check_trace(&setup, err) &&
		     ((trace = setup_requests(&setup, err)) || !err->text[0]);
		trace_close(trace);
		*key = digest_text(DIGEST_EMPTY, SONDE_VERSION);
		*key = digest_text(digest_text(*key, plan->loaded.text), setup.effective);
		*key = digest_text(digest_text(*key, shard.variant), shard.label);
		*key = digest_study(&plan->study, *key);
		for (uint32_t i = 0; i < setup.n_reads; i++)
			if (!stat(setup.reads[i].file, &st))
				*key = number(number(number(*key, &st.st_size), &st.st_mtim.tv_sec),
					      &st.st_mtim.tv_nsec);
		setup_release(&setup);
	}
	arena_release(&arena);
	return ok;
}

static bool make_keys(struct shard_plan *plan, struct err *err)
{
	uint64_t *key = ARENA_ARRAY(&plan->arena, uint64_t, plan->study.points);

	plan->key = key;
	for (uint32_t i = 0; i < plan->study.points; i++)
		if (!make_key(plan, i, &key[i], err))
			return false;
	return true;
}

bool shard_plan_read(struct shard_plan *plan, const char *path, const char *folder,
		     const char *variant, const struct scenario_set *sets, uint32_t n_sets,
		     struct err *err)
{
	struct scenario_set *own;
	void *config;

	*plan = (struct shard_plan){ .path = path, .folder = folder };
	arena_init(&plan->arena);
	config = arena_take(&plan->arena, sizeof(struct setup));
	plan->sets = own = ARENA_ARRAY(&plan->arena, struct scenario_set, n_sets);
	for (uint32_t i = 0; i < n_sets; i++)
		if (!study_owns(&sets[i]))
			own[plan->n_sets++] = sets[i];
	if (!scenario_load(setup_options, config, path, NULL, 0, &plan->loaded, &plan->arena, err))
		return false;
	if (variant && !(plan->only = scenario_variant_find(&plan->loaded, variant, err)))
		return false;
	return study_read(&plan->study, &plan->loaded, plan->only ? 1 : plan->loaded.n_variants,
			  setup_options, sets, n_sets, &plan->arena, err) &&
	       make_keys(plan, err);
}

void shard_plan_release(struct shard_plan *plan)
{
	arena_release(&plan->arena);
}

/* ---- a point ---- */

/* The replications of a point, in progress. */
struct replications {
	const struct study *study;
	double *value; /* of the metric, where it is defined */
	uint32_t n;
};

/* Whether another replication is wanted after r of them. */
static bool wanted(const struct replications *done, uint64_t r)
{
	const struct study *study = done->study;
	struct interval interval;

	if (r < (uint64_t)study->min || study->half_width <= 0 || done->n < 2)
		return r < (uint64_t)study->max;
	interval = stats_interval(done->value, done->n);
	return r < (uint64_t)study->max &&
	       interval.half_width > study->half_width * fabs(interval.mean);
}

struct names {
	VEC(const char *) name;
	struct arena arena;
};

static void note_name(void *ctx, const struct metric *metric)
{
	struct names *names = ctx;
	char path[160];

	vec_push(&names->name,
		 arena_print(&names->arena, "%s", result_path(metric, path, sizeof(path))));
}

/* That the metric is one, which shows in the first result. */
static bool check_metric(const struct run_result *result, const char *metric, struct err *err)
{
	struct names names = { 0 };
	const char *near;
	bool found = false;

	arena_init(&names.arena);
	result_walk(result, result->collect->services, note_name, &names);
	for (uint32_t i = 0; i < names.name.n; i++)
		found |= !strcmp(names.name.at[i], metric);
	vec_push(&names.name, NULL);
	near = err_nearest(metric, names.name.at);
	if (!found)
		err_set(err, "sweep.replications.metric: no figure is called %s%s%s%s", metric,
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	vec_release(&names.name);
	arena_release(&names.arena);
	return found;
}

static bool replicate(struct run_job *job, struct replications *done, struct err *err)
{
	const struct study *study = done->study;
	struct run *run = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*run));
	bool ok = true;

	for (uint64_t r = 0; ok && wanted(done, r); r++) {
		job->replication = r;
		ok = run_do(run, job, err);
		if (!ok)
			break;
		if (result_get(&run->result, run->collect.services, study->metric,
			       &done->value[done->n]))
			done->n++;
		ok = r || check_metric(&run->result, study->metric, err);
		run_release(run);
	}
	free(run);
	return ok;
}

bool shard_run(const struct shard_plan *plan, uint32_t point, struct err *err)
{
	const struct study *study = &plan->study;
	struct replications done = { .study = study };
	struct store store;
	struct shard shard;
	struct arena arena;
	const char *unfinished, *whole;
	bool ok;

	arena_init(&arena);
	shard = shard_at(plan, point, &arena);
	done.value = ARENA_ARRAY(&arena, double, study->max);
	unfinished = shard_path(plan, point, false, &arena);
	whole = shard_path(plan, point, true, &arena);
	ok = store_open(&store, unfinished, err);
	if (ok) {
		struct run_job job = { .path = plan->path,
				       .sets = shard.sets,
				       .n_sets = shard.n_sets,
				       .variant = shard.variant,
				       .axis = shard.axis,
				       .axes = study->axes.n,
				       .block_ns = study->block_ns,
				       .quiet = true,
				       .store = &store };

		ok = replicate(&job, &done, err);
		store_close(&store);
		if (ok && rename(unfinished, whole))
			ok = err_system(err, "cannot rename %s: %s", unfinished, strerror(errno));
	}
	arena_release(&arena);
	return ok;
}

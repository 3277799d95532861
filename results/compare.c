/* Load what runs there are, group them (file, scenario, variant, point, world), pair the groups,
 * then for each pair of groups pair the runs by seed and ask for the figures. */
#include "results/compare.h"
#include "base/hist.h"
#include "results/mem.h"
#include "results/store.h"
#include <assert.h>
#include <math.h>

struct figure {
	const char *path, *label, *unit;
};

static const struct figure figures[] = {
	{ "ttft_s.mean", "TTFT mean", "s" },
	{ "ttft_s.p50", "TTFT p50", "s" },
	{ "ttft_s.p99", "TTFT p99", "s" },
	{ "tpot_s.p50", "TPOT p50", "s" },
	{ "tpot_s.p99", "TPOT p99", "s" },
	{ "e2e_s.mean", "end to end mean", "s" },
	{ "e2e_s.p50", "end to end p50", "s" },
	{ "e2e_s.p99", "end to end p99", "s" },
	{ "goodput_requests_per_s", "goodput, requests/s", "1/s" },
	{ "output_tokens_per_s", "output tokens/s", "1/s" },
	{ "completed_share", "completed", "share" },
	{ "scheduling_delay_s.p50", "scheduling delay p50", "s" },
	{ "scheduling_delay_s.p99", "scheduling delay p99", "s" },
	{ "cold_start_s.p50", "cold start p50", "s" },
	{ "cold_start_s.p99", "cold start p99", "s" },
	{ "gpu_hours", "GPU-hours", "h" },
};

static const struct figure counts[] = {
	{ "requests.arrived", "requests", "count" },
	{ "requests.completed", "completed", "count" },
	{ "requests.rejected", "rejected", "count" },
	{ "requests.timed_out", "timed out", "count" },
	{ "requests.failed", "failed", "count" },
	{ "tokens.output", "output tokens", "count" },
	{ "cold_starts", "cold starts", "count" },
	{ "scale_decisions", "scale decisions", "count" },
};

enum { FIGURES = sizeof(figures) / sizeof(*figures), COUNTS = sizeof(counts) / sizeof(*counts) };

struct run {
	int file;
	int64_t id, seed;
	char *scenario, *variant, *point, *world;
};

struct group {
	const struct run *first; /* whose scenario, variant, point and world all share */
	VEC(const struct run *) run;
};

struct work {
	const struct compare_options *options;
	struct store store[2];
	int files;
	VEC(struct run) run;
	VEC(struct group) group;
	struct err *err;
	bool failed; /* a query did; err says why */
};

static bool load_runs(struct work *work, int file)
{
	struct store *store = &work->store[file];
	bool failed = false;
	sqlite3_stmt *query =
		store_prepare(store,
			      "SELECT max(id), scenario, variant, point, world, seed FROM run "
			      "GROUP BY scenario, variant, point, world, seed ORDER BY min(id)",
			      work->err);

	if (!query)
		return false;
	while (store_step(store, query, &failed, work->err)) {
		const char *text[4];

		for (int i = 0; i < 4; i++)
			text[i] = (const char *)sqlite3_column_text(query, i + 1);
		vec_push(&work->run, (struct run){ .file = file,
						   .id = sqlite3_column_int64(query, 0),
						   .scenario = mem_text(text[0]),
						   .variant = mem_text(text[1]),
						   .point = mem_text(text[2]),
						   .world = mem_text(text[3]),
						   .seed = sqlite3_column_int64(query, 5) });
	}
	sqlite3_finalize(query);
	return !failed;
}

static bool same_group(const struct run *a, const struct run *b)
{
	return a->file == b->file && !strcmp(a->scenario, b->scenario) &&
	       !strcmp(a->variant, b->variant) && !strcmp(a->point, b->point) &&
	       !strcmp(a->world, b->world);
}

static void make_groups(struct work *work)
{
	for (uint32_t r = 0; r < work->run.n; r++) {
		const struct run *run = &work->run.at[r];
		uint32_t g = 0;

		while (g < work->group.n && !same_group(work->group.at[g].first, run))
			g++;
		if (g == work->group.n)
			vec_push(&work->group, (struct group){ .first = run });
		vec_push(&work->group.at[g].run, run);
	}
}

static const struct run *partner(const struct group *group, int64_t seed)
{
	for (uint32_t i = 0; i < group->run.n; i++)
		if (group->run.at[i]->seed == seed)
			return group->run.at[i];
	return NULL;
}

static bool metric(struct work *work, const struct run *run, const char *path, double *value)
{
	struct store *store = &work->store[run->file];
	bool failed = false, found = false;
	sqlite3_stmt *query = store_prepare(
		store, "SELECT value FROM metric WHERE run = ? AND service = '' AND name = ?",
		work->err);

	if (!query) {
		work->failed = true;
		return false;
	}
	sqlite3_bind_int64(query, 1, run->id);
	sqlite3_bind_text(query, 2, path, -1, SQLITE_STATIC);
	if (store_step(store, query, &failed, work->err) &&
	    sqlite3_column_type(query, 0) != SQLITE_NULL) {
		*value = sqlite3_column_double(query, 0);
		found = true;
	}
	sqlite3_finalize(query);
	work->failed |= failed;
	return found;
}

static struct comparison compare_one(struct work *work, const struct group *a,
				     const struct group *b, const struct figure *what,
				     const char *name_b)
{
	struct comparison out = { .path = what->path, .label = what->label, .unit = what->unit };
	double *value[2] = { mem_zero(a->run.n, sizeof(double)),
			     mem_zero(a->run.n, sizeof(double)) };
	bool percentile = strstr(what->path, ".p") != NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->run.n; i++) {
		const struct run *other = partner(b, a->run.at[i]->seed);

		n += other && metric(work, a->run.at[i], what->path, &value[0][n]) &&
		     metric(work, other, what->path, &value[1][n]);
	}
	compare_figure(&out, value[0], value[1], n, percentile ? 2 * HIST_ERROR : 0, name_b);
	free(value[0]);
	free(value[1]);
	return out;
}

/* Are the scale decisions of each service the same, in the same order?  When they were taken may
 * differ. */
static bool match_scale(struct work *work, const struct run *emu, const struct run *sim,
			struct scale_match *match)
{
	static const char sql[] =
		"SELECT service, \"from\", \"to\" FROM scale WHERE run = ? ORDER BY service, seq";
	const struct run *run[2] = { emu, sim };
	sqlite3_stmt *query[2] = { NULL, NULL };
	bool failed = false, some[2];

	for (int i = 0; i < 2; i++) {
		query[i] = store_prepare(&work->store[run[i]->file], sql, work->err);
		failed |= !query[i];
		if (query[i])
			sqlite3_bind_int64(query[i], 1, run[i]->id);
	}
	for (uint32_t row = 1; !failed && match->equal; row++) {
		for (int i = 0; i < 2; i++)
			some[i] = store_step(&work->store[run[i]->file], query[i], &failed,
					     work->err);
		if (failed || (!some[0] && !some[1]))
			break;
		match->known = true;
		match->equal = some[0] && some[1] &&
			       !strcmp((const char *)sqlite3_column_text(query[0], 0),
				       (const char *)sqlite3_column_text(query[1], 0)) &&
			       sqlite3_column_int(query[0], 1) == sqlite3_column_int(query[1], 1) &&
			       sqlite3_column_int(query[0], 2) == sqlite3_column_int(query[1], 2);
		if (!match->equal && some[0] && some[1])
			snprintf(match->text, sizeof(match->text),
				 "seed %lld, decision %u: emulated %.40s %d -> %d, simulated %.40s "
				 "%d -> %d",
				 (long long)emu->seed, row,
				 (const char *)sqlite3_column_text(query[0], 0),
				 sqlite3_column_int(query[0], 1), sqlite3_column_int(query[0], 2),
				 (const char *)sqlite3_column_text(query[1], 0),
				 sqlite3_column_int(query[1], 1), sqlite3_column_int(query[1], 2));
		else if (!match->equal)
			snprintf(match->text, sizeof(match->text),
				 "seed %lld: the %s has %u, the other more", (long long)emu->seed,
				 some[0] ? "simulation" : "emulation", row - 1);
	}
	sqlite3_finalize(query[0]);
	sqlite3_finalize(query[1]);
	return !failed;
}

static char *group_label(const struct work *work, const struct group *group,
			 const struct group *other)
{
	bool same = !strcmp(group->first->variant, other->first->variant);
	const char *path = work->options->path[group->first->file];
	const char *base = strrchr(path, '/');
	char *text = NULL;
	int n;

	if (strcmp(group->first->world, other->first->world) != 0)
		return mem_text(strcmp(group->first->world, "emu") ? "simulated" : "emulated");
	if (!same)
		return mem_text(group->first->variant);
	n = asprintf(&text, "%s (%s)", group->first->variant, base ? base + 1 : path);
	assert(n > 0);
	return text;
}

static bool add_pair(struct work *work, struct compare *compare, const struct group *a,
		     const struct group *b)
{
	bool worlds = strcmp(a->first->world, b->first->world) != 0, ok = true;
	struct compare_pair pair = { .worlds = worlds, .scale = { .equal = true } };

	if (worlds && strcmp(a->first->world, "emu") != 0) {
		const struct group *swap = a;

		a = b;
		b = swap;
	}
	if (asprintf(&pair.where, "%s%s%s%s%s", a->first->scenario, worlds ? ", " : "",
		     worlds ? a->first->variant : "", *a->first->point ? ", " : "",
		     a->first->point) < 0)
		abort();
	pair.label[0] = group_label(work, a, b);
	pair.label[1] = group_label(work, b, a);
	for (uint32_t i = 0; i < a->run.n; i++) {
		const struct run *other = partner(b, a->run.at[i]->seed);

		pair.seeds += other != NULL;
		if (other && worlds && pair.scale.equal)
			ok = ok && match_scale(work, a->run.at[i], other, &pair.scale);
	}
	pair.alone[0] = a->run.n - pair.seeds;
	pair.alone[1] = b->run.n - pair.seeds;
	for (uint32_t f = 0; f < FIGURES; f++)
		vec_push(&pair.figure, compare_one(work, a, b, &figures[f], pair.label[1]));
	for (uint32_t c = 0; c < COUNTS && worlds; c++)
		vec_push(&pair.count, compare_one(work, a, b, &counts[c], pair.label[1]));
	vec_push(&compare->pair, pair);
	return ok && !work->failed;
}

static bool on_side(const struct work *work, const struct group *group, int side)
{
	const char *variant = work->options->variant[side];

	return group->first->file == (work->files == 2 ? side : 0) &&
	       (!variant || !strcmp(group->first->variant, variant));
}

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Sim against emu: the same variant, scenario and point in two worlds, in whichever file. */
static bool pair_worlds(struct work *work, struct compare *compare)
{
	for (uint32_t i = 0; i < work->group.n; i++) {
		const struct group *a = &work->group.at[i];

		for (uint32_t j = i + 1; j < work->group.n; j++) {
			const struct group *b = &work->group.at[j];

			if (same(a->first->variant, b->first->variant) &&
			    same(a->first->scenario, b->first->scenario) &&
			    same(a->first->point, b->first->point) &&
			    !same(a->first->world, b->first->world) &&
			    (work->files == 1 || a->first->file != b->first->file) &&
			    (!work->options->variant[0] ||
			     same(a->first->variant, work->options->variant[0])) &&
			    !add_pair(work, compare, a, b))
				return false;
		}
	}
	return true;
}

/* Variants of the same scenario, point and world: in one store each against every one before it, or
 * against the one asked for. With two files, equal variants meet; if none do, anything on side B
 * meets the first of side A. */
static bool pair_variants(struct work *work, struct compare *compare, bool equal_variants)
{
	for (uint32_t j = 0; j < work->group.n; j++) {
		const struct group *b = &work->group.at[j];

		if (!on_side(work, b, 1))
			continue;
		for (uint32_t i = 0; i < work->group.n; i++) {
			const struct group *a = &work->group.at[i];

			if (!on_side(work, a, 0) || !same(a->first->world, b->first->world) ||
			    !same(a->first->point, b->first->point) ||
			    !same(a->first->scenario, b->first->scenario) ||
			    (equal_variants && !same(a->first->variant, b->first->variant)))
				continue;
			if (i == j && work->options->variant[1])
				continue;
			if (work->files == 1 && i >= j && !work->options->variant[0])
				break;
			if (i != j && !add_pair(work, compare, a, b))
				return false;
			if (work->files == 2)
				break; /* the first alone */
		}
	}
	return true;
}

static bool check_variants(const struct work *work)
{
	for (int side = 0; side < 2; side++) {
		bool found = !work->options->variant[side];
		const char *names[64];
		uint32_t n = 0;
		const char *near;

		for (uint32_t g = 0; g < work->group.n; g++) {
			found |= on_side(work, &work->group.at[g], side);
			if (n < 63)
				names[n++] = work->group.at[g].first->variant;
		}
		names[n] = NULL;
		if (found)
			continue;
		near = err_nearest(work->options->variant[side], names);
		return err_set(work->err, "%s has no variant \"%s\"%s%s%s",
			       work->options->path[work->files == 2 ? side : 0],
			       work->options->variant[side], near ? "; did you mean \"" : "",
			       near ? near : "", near ? "\"?" : "");
	}
	return true;
}

static void release_work(struct work *work)
{
	for (uint32_t r = 0; r < work->run.n; r++) {
		free(work->run.at[r].scenario);
		free(work->run.at[r].variant);
		free(work->run.at[r].point);
		free(work->run.at[r].world);
	}
	for (uint32_t g = 0; g < work->group.n; g++)
		vec_release(&work->group.at[g].run);
	vec_release(&work->run);
	vec_release(&work->group);
	for (int f = 0; f < work->files; f++)
		store_close(&work->store[f]);
}

bool compare_run(struct compare *compare, const struct compare_options *options, struct err *err)
{
	struct work work = { .options = options, .err = err };
	bool ok = true;

	*compare = (struct compare){ 0 };
	for (int f = 0; ok && f < 2 && options->path[f]; f++) {
		ok = store_open_read(&work.store[f], options->path[f], err);
		work.files += ok;
		ok = ok && load_runs(&work, f);
	}
	if (ok) {
		make_groups(&work);
		ok = check_variants(&work) &&
		     (work.files == 2 || !options->variant[1] ? pair_worlds(&work, compare) : true);
	}
	if (ok && work.files == 2 && !options->variant[0] && !options->variant[1])
		ok = pair_variants(&work, compare, true);
	if (ok && (work.files == 1 || !compare->pair.n))
		ok = pair_variants(&work, compare, false);
	if (ok && !compare->pair.n)
		ok = err_set(err,
			     "%s: nothing to compare: two variants of a scenario, or one in both "
			     "worlds, are needed",
			     options->path[0]);
	release_work(&work);
	if (!ok)
		compare_release(compare);
	return ok;
}

void compare_release(struct compare *compare)
{
	for (uint32_t p = 0; p < compare->pair.n; p++) {
		struct compare_pair *pair = &compare->pair.at[p];

		free(pair->label[0]);
		free(pair->label[1]);
		free(pair->where);
		vec_release(&pair->figure);
		vec_release(&pair->count);
	}
	vec_release(&compare->pair);
}

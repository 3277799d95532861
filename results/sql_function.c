/* A packed histogram is unpacked into a scratch that lives as long as the connection: 30 KiB at
 * most, a few microseconds a call, and remembered as long as the argument is the same blob. */
#include "results/sql_function.h"
#include "base/hist.h"
#include "results/mem.h"
#include "results/stats.h"
#include "base/vec.h"

struct scratch {
	struct hist hist;
	unsigned char *packed; /* of which hist is the content; NULL = none */
	size_t bytes;
};

static void scratch_free(void *at)
{
	struct scratch *scratch = at;

	hist_release(&scratch->hist);
	free(scratch->packed);
	free(scratch);
}

/* The histogram in an argument, or NULL after setting the result (NULL, or an error for bytes that
 * are none). */
static const struct hist *argument(sqlite3_context *ctx, sqlite3_value *value)
{
	struct scratch *scratch = sqlite3_user_data(ctx);
	const void *data = sqlite3_value_blob(value);
	size_t bytes = (size_t)sqlite3_value_bytes(value);

	if (!data) {
		sqlite3_result_null(ctx);
		return NULL;
	}
	if (scratch->packed && scratch->bytes == bytes && memcmp(scratch->packed, data, bytes) == 0)
		return &scratch->hist;
	free(scratch->packed);
	scratch->packed = NULL;
	if (!hist_unpack(&scratch->hist, data, bytes)) {
		sqlite3_result_error(ctx, "not a packed histogram", -1);
		return NULL;
	}
	scratch->packed = mem_zero(bytes, 1);
	memcpy(scratch->packed, data, bytes);
	scratch->bytes = bytes;
	return &scratch->hist;
}

static void sql_quantile(sqlite3_context *ctx, int n, sqlite3_value **args)
{
	const struct hist *hist = argument(ctx, args[0]);

	(void)n;
	if (hist && hist->count)
		sqlite3_result_int64(ctx, hist_quantile(hist, sqlite3_value_double(args[1])));
}

static void sql_count(sqlite3_context *ctx, int n, sqlite3_value **args)
{
	const struct hist *hist = argument(ctx, args[0]);

	(void)n;
	if (hist)
		sqlite3_result_int64(ctx, (sqlite3_int64)hist->count);
}

static void merge_step(sqlite3_context *ctx, int n, sqlite3_value **args)
{
	struct hist **sum = sqlite3_aggregate_context(ctx, sizeof(*sum));
	const struct hist *hist;

	(void)n;
	if (!sum || sqlite3_value_type(args[0]) == SQLITE_NULL)
		return;
	hist = argument(ctx, args[0]);
	if (!hist)
		return;
	if (!*sum)
		*sum = mem_zero(1, sizeof(**sum));
	hist_merge(*sum, hist);
}

static void merge_final(sqlite3_context *ctx)
{
	struct hist **sum = sqlite3_aggregate_context(ctx, 0);
	unsigned char *packed;
	size_t bytes;

	if (!sum || !*sum)
		return;
	packed = hist_pack(*sum, &bytes);
	sqlite3_result_blob64(ctx, packed, bytes, free);
	hist_release(*sum);
	free(*sum);
}

struct values {
	VEC(double) list;
};

static void half_width_step(sqlite3_context *ctx, int n, sqlite3_value **args)
{
	struct values *values = sqlite3_aggregate_context(ctx, sizeof(*values));

	(void)n;
	if (values && sqlite3_value_type(args[0]) != SQLITE_NULL)
		vec_push(&values->list, sqlite3_value_double(args[0]));
}

static void half_width_final(sqlite3_context *ctx)
{
	struct values *values = sqlite3_aggregate_context(ctx, 0);

	if (!values)
		return;
	if (values->list.n >= 2)
		sqlite3_result_double(ctx,
				      stats_interval(values->list.at, values->list.n).half_width);
	vec_release(&values->list);
}

int sql_function_register(sqlite3 *db)
{
	static const struct {
		const char *name;
		int args;
		void (*scalar)(sqlite3_context *, int, sqlite3_value **);
		void (*step)(sqlite3_context *, int, sqlite3_value **);
		void (*final)(sqlite3_context *);
	} functions[] = {
		{ "hist_quantile", 2, sql_quantile, NULL, NULL },
		{ "hist_count", 1, sql_count, NULL, NULL },
		{ "hist_merge", 1, NULL, merge_step, merge_final },
		{ "half_width_95", 1, NULL, half_width_step, half_width_final },
	};
	int rc = SQLITE_OK;

	for (size_t f = 0; f < sizeof(functions) / sizeof(*functions) && rc == SQLITE_OK; f++)
		rc = sqlite3_create_function_v2(
			db, functions[f].name, functions[f].args,
			SQLITE_UTF8 | SQLITE_DETERMINISTIC, mem_zero(1, sizeof(struct scratch)),
			functions[f].scalar, functions[f].step, functions[f].final, scratch_free);
	return rc;
}

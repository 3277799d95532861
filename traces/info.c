/* A length is a small integer, so a table of counts holds the exact distribution in memory that
 * depends on the largest length alone.  A window's counts enter its sums when it is full; empty
 * windows between two arrivals at once. */
#include "traces/info.h"
#include "base/vec.h"
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define NS_PER_S INT64_C(1000000000)

const int info_window_s[INFO_WINDOWS] = { 1, 10, 60 };

void info_init(struct info *info)
{
	memset(info, 0, sizeof(*info));
	for (int i = 0; i < INFO_WINDOWS; i++) {
		info->window[i].width_ns = info_window_s[i] * NS_PER_S;
		info->window[i].end_ns = info->window[i].width_ns;
	}
}

void info_release(struct info *info)
{
	free(info->input.count);
	free(info->output.count);
	info->input.count = info->output.count = NULL;
}

static void add_length(struct info_lengths *l, uint32_t tokens)
{
	assert(tokens <= TRACE_TOKENS_MAX);
	if (tokens >= l->cap)
		l->count = vec_grow(l->count, &l->cap, tokens + 1, sizeof(*l->count));
	if (tokens >= l->n) {
		memset(l->count + l->n, 0, sizeof(*l->count) * (tokens + 1 - l->n));
		l->n = tokens + 1;
	}
	l->count[tokens]++;
	l->sum += tokens;
	l->zeros += !tokens;
	if (tokens > l->max)
		l->max = tokens;
}

static void add_to_window(struct info_window *w, int64_t at_ns)
{
	if (at_ns >= w->end_ns) {
		uint64_t passed = (uint64_t)((at_ns - w->end_ns) / w->width_ns) + 1;

		w->sum += w->now;
		w->square_sum += w->now * w->now;
		w->full += passed;
		w->end_ns += (int64_t)passed * w->width_ns;
		w->now = 0;
	}
	if (++w->now > w->most)
		w->most = w->now;
}

void info_add(struct info *info, const struct trace_row *row)
{
	if (info->rows) {
		double gap_s = (double)(row->arrival_ns - info->last_ns) / NS_PER_S,
		       delta = gap_s - info->gap_mean_s;

		assert(row->arrival_ns >= info->last_ns);
		info->gap_mean_s += delta / (double)info->rows;
		info->gap_m2 += delta * (gap_s - info->gap_mean_s);
	} else {
		info->first_ns = row->arrival_ns;
	}
	info->rows++;
	info->last_ns = row->arrival_ns;
	for (int i = 0; i < INFO_WINDOWS; i++)
		add_to_window(&info->window[i], row->arrival_ns - info->first_ns);
	add_length(&info->input, row->input_tokens);
	add_length(&info->output, row->output_tokens);
}

double info_span_s(const struct info *info)
{
	return (double)(info->last_ns - info->first_ns) / NS_PER_S;
}

double info_rate(const struct info *info)
{
	return info->last_ns > info->first_ns ? (double)(info->rows - 1) / info_span_s(info) : NAN;
}

double info_gap_cv(const struct info *info)
{
	if (info->rows < 3 || info->gap_mean_s <= 0)
		return NAN;
	return sqrt(info->gap_m2 / (double)(info->rows - 2)) / info->gap_mean_s;
}

uint64_t info_peak(const struct info *info)
{
	return info->window[0].most;
}

double info_idc(const struct info *info, int i)
{
	const struct info_window *w = &info->window[i];
	double n = (double)w->full, mean = n > 1 ? (double)w->sum / n : 0;

	return mean > 0 ? ((double)w->square_sum - n * mean * mean) / (n - 1) / mean : NAN;
}

double info_mean(const struct info_lengths *l)
{
	uint64_t n = 0;

	for (uint32_t v = 0; v < l->n; v++)
		n += l->count[v];
	return n ? (double)l->sum / (double)n : 0;
}

/* The value of this rank, from 0, and the next one. */
static void at_rank(const struct info_lengths *l, uint64_t rank, double value[2])
{
	uint64_t below = 0;
	int found = 0;

	for (uint32_t v = 0; v < l->n && found < 2; v++) {
		below += l->count[v];
		while (found < 2 && below > rank + (uint64_t)found)
			value[found++] = v;
	}
	if (found == 1) /* the last rank */
		value[1] = value[0];
}

double info_quantile(const struct info_lengths *l, double q)
{
	double value[2] = { 0, 0 }, rank;
	uint64_t n = 0;

	for (uint32_t v = 0; v < l->n; v++)
		n += l->count[v];
	if (!n)
		return 0;
	rank = q * (double)(n - 1);
	at_rank(l, (uint64_t)rank, value);
	return value[0] + (value[1] - value[0]) * (rank - floor(rank));
}

/* A figure with so many digits; "-" where there is none. */
static const char *figure(double value, int digits, char out[32])
{
	if (isnan(value))
		return "-";
	snprintf(out, 32, "%.*g", digits, value);
	return out;
}

static void print_lengths(const char *name, const struct info_lengths *l, FILE *out)
{
	fprintf(out, "%-14s mean %.2f  p50 %.6g  p90 %.6g  p99 %.6g  max %u", name, info_mean(l),
		info_quantile(l, 0.5), info_quantile(l, 0.9), info_quantile(l, 0.99), l->max);
	if (l->zeros)
		fprintf(out, "  zeros %" PRIu64, l->zeros);
	fputc('\n', out);
}

void info_print(const struct info *info, const struct trace_counts *counts, FILE *out)
{
	char text[3][32];

	fprintf(out,
		"rows           %" PRIu64 "  (read %" PRIu64 ", dropped %" PRIu64 ": %" PRIu64
		" without tokens, %" PRIu64 " malformed, %" PRIu64 " too late, %" PRIu64
		" left out; %" PRIu64 " reordered)\n",
		info->rows, counts->read, counts->dropped, counts->zero, counts->malformed,
		counts->late, counts->left_out, counts->reordered);
	fprintf(out, "span           %.6g s\n", info_span_s(info));
	fprintf(out, "rate           %s/s, at most %" PRIu64 " in 1 s\n",
		figure(info_rate(info), 4, text[0]), info_peak(info));
	fprintf(out, "IDC            %s in 1 s, %s in 10 s, %s in 60 s\n",
		figure(info_idc(info, 0), 3, text[0]), figure(info_idc(info, 1), 3, text[1]),
		figure(info_idc(info, 2), 3, text[2]));
	fprintf(out, "gap CV         %s\n", figure(info_gap_cv(info), 3, text[0]));
	print_lengths("input tokens", &info->input, out);
	print_lengths("output tokens", &info->output, out);
}

static void print_lengths_json(const char *name, const struct info_lengths *l, FILE *out)
{
	fprintf(out,
		",\"%s\":{\"mean\":%.17g,\"p50\":%.17g,\"p90\":%.17g,\"p99\":%.17g,\"max\":%u,"
		"\"zeros\":%" PRIu64 "}",
		name, info_mean(l), info_quantile(l, 0.5), info_quantile(l, 0.9),
		info_quantile(l, 0.99), l->max, l->zeros);
}

/* null where there is no such figure. */
static void print_json(const char *name, double value, FILE *out)
{
	if (isnan(value))
		fprintf(out, ",\"%s\":null", name);
	else
		fprintf(out, ",\"%s\":%.17g", name, value);
}

void info_print_json(const struct info *info, const struct trace_counts *counts, FILE *out)
{
	fprintf(out,
		"\"rows\":%" PRIu64 ",\"read\":%" PRIu64 ",\"dropped\":%" PRIu64
		",\"zero\":%" PRIu64 ",\"malformed\":%" PRIu64 ",\"late\":%" PRIu64
		",\"left_out\":%" PRIu64 ",\"reordered\":%" PRIu64,
		info->rows, counts->read, counts->dropped, counts->zero, counts->malformed,
		counts->late, counts->left_out, counts->reordered);
	fprintf(out, ",\"span_s\":%.17g,\"peak_1s\":%" PRIu64, info_span_s(info), info_peak(info));
	print_json("rate_per_s", info_rate(info), out);
	print_json("idc_1s", info_idc(info, 0), out);
	print_json("idc_10s", info_idc(info, 1), out);
	print_json("idc_60s", info_idc(info, 2), out);
	print_json("gap_cv", info_gap_cv(info), out);
	print_lengths_json("input_tokens", &info->input, out);
	print_lengths_json("output_tokens", &info->output, out);
}

void info_print_quantiles(const struct info *info, FILE *out)
{
	static const double tail[] = { 0.999, 0.9999, 1 };

	fputs("share,input_tokens,output_tokens\n", out);
	for (int i = 0; i < 203; i++) {
		double q = i < 200 ? i / 200.0 : tail[i - 200];

		fprintf(out, "%.6g,%.6g,%.6g\n", q, info_quantile(&info->input, q),
			info_quantile(&info->output, q));
	}
}

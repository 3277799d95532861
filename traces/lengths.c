/* A table has some hundred lines, so they are cut up the plain way; the distributions are those of
 * base/dist.h. */
#include "traces/lengths.h"
#include "base/vec.h"
#include "traces/input.h"
#include "traces/trace.h"
#include <stdio.h>
#include <string.h>

static const char header[] = "share,input_tokens,output_tokens";

struct point {
	double share, input, output;
};
struct table {
	const char *path;
	int line;
	VEC(struct point) points;
};

/* One line, terminated, into a point that continues the table. */
static bool read_point(struct table *t, const char *text, struct err *err)
{
	struct point p, *last = t->points.n ? &t->points.at[t->points.n - 1] : NULL;
	int n = 0;

	if (sscanf(text, "%lf,%lf,%lf%n", &p.share, &p.input, &p.output, &n) != 3 || text[n])
		return err_at(err, t->path, t->line, 1,
			      "expected three numbers, %s, found \"%.60s\"", header, text);
	if (!last ? p.share != 0 : !(p.share > last->share && p.share <= 1))
		return err_at(err, t->path, t->line, 1,
			      "share %g: expected shares rising from 0 to 1", p.share);
	if (!(p.input >= (last ? last->input : 0) && p.input <= TRACE_TOKENS_MAX) ||
	    !(p.output >= (last ? last->output : 0) && p.output <= TRACE_TOKENS_MAX))
		return err_at(err, t->path, t->line, 1,
			      "expected tokens that never fall, from 0 to %u", TRACE_TOKENS_MAX);
	vec_push(&t->points, p);
	return true;
}

static bool read_table(struct table *t, struct input *input, struct err *err)
{
	bool with_header = false;
	int got;

	while ((got = input_lines(input, err)) > 0) {
		char *line = input->at, *newline = memchr(line, '\n', (size_t)(input->end - line));

		input->at = newline + 1;
		t->line++;
		*newline = '\0';
		if (newline > line && newline[-1] == '\r')
			newline[-1] = '\0';
		if (*line == '#' || !*line)
			continue;
		if (!with_header && strcmp(line, header))
			return err_at(err, t->path, t->line, 1,
				      "expected the header %s, found \"%.60s\"", header, line);
		if (with_header && !read_point(t, line, err))
			return false;
		with_header = true;
	}
	if (got < 0)
		return false;
	if (t->points.n < 2 || t->points.at[t->points.n - 1].share < 1)
		return err_at(err, t->path, 0, 0,
			      "ends before a share of 1: expected a table of quantiles, %s",
			      header);
	return true;
}

static struct dist make_dist(const double *value, const double *share, uint32_t n, const char *path)
{
	return (struct dist){
		.kind = DIST_TABLE, .value = value, .share = share, .n = n, .text = path
	};
}

bool lengths_read(const char *path, struct dist *input, struct dist *output, struct arena *arena,
		  struct err *err)
{
	struct table table = { .path = path };
	double *share, *in_value, *out_value;
	struct input file;
	uint32_t n;
	bool ok;

	if (!input_open(&file, path, arena, err))
		return false;
	ok = read_table(&table, &file, err);
	n = table.points.n;
	share = ARENA_ARRAY(arena, double, n);
	in_value = ARENA_ARRAY(arena, double, n);
	out_value = ARENA_ARRAY(arena, double, n);
	for (uint32_t i = 0; i < n; i++) {
		share[i] = table.points.at[i].share;
		in_value[i] = table.points.at[i].input;
		out_value[i] = table.points.at[i].output;
	}
	*input = make_dist(in_value, share, n, path);
	*output = make_dist(out_value, share, n, path);
	input_release(&file);
	vec_release(&table.points);
	return ok;
}

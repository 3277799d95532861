/* The lists are short, so a line is cut up the plain way: fields at commas, numbers by strtod,
 * which must read all of them.  A row is a handful of numbers and a text, by column. */
#include "traces/openb.h"
#include "base/vec.h"
#include "traces/input.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 32, TEXT_MAX = 255 };

struct column {
	const char *name;
	bool optional, text;
	double max;
};

/* A file under way. */
struct list {
	const char *path;
	int line;
	const struct column *column;
	int columns, place[COLUMNS_MAX]; /* of each its field, or -1 */
	/* of the line at hand */
	char *field[COLUMNS_MAX];
	int fields;
	double number[COLUMNS_MAX];
	const char *text[COLUMNS_MAX];
	char *begin;
};

static void cut(struct list *list, char *line)
{
	list->begin = line;
	list->fields = 0;
	for (char *at = line; at && list->fields < COLUMNS_MAX;) {
		list->field[list->fields++] = at;
		at = strchr(at, ',');
		if (at)
			*at++ = '\0';
	}
}

static bool wrong(const struct list *list, const char *at, const char *what, const char *name,
		  struct err *err)
{
	return err_at(err, list->path, list->line, (int)(at - list->begin) + 1,
		      "column %s: expected %s, found \"%.40s\"", name, what, at);
}

static bool read_header(struct list *list, struct err *err)
{
	for (int c = 0; c < list->columns; c++) {
		list->place[c] = -1;
		for (int f = 0; f < list->fields; f++)
			if (!strcmp(list->field[f], list->column[c].name))
				list->place[c] = f;
		if (list->place[c] < 0 && !list->column[c].optional)
			return err_at(err, list->path, list->line, 1,
				      "no column \"%s\" in the header: expected a list of openb",
				      list->column[c].name);
	}
	return true;
}

static bool read_row(struct list *list, struct err *err)
{
	for (int c = 0; c < list->columns; c++) {
		const struct column *column = &list->column[c];
		char *at, *end;

		list->number[c] = 0;
		list->text[c] = "";
		if (list->place[c] < 0)
			continue;
		if (list->place[c] >= list->fields)
			return err_at(err, list->path, list->line, 1,
				      "expected %d fields or more, found %d", list->place[c] + 1,
				      list->fields);
		at = list->field[list->place[c]];
		list->text[c] = at;
		if (column->text) {
			if (strlen(at) > TEXT_MAX || strpbrk(at, " \t\""))
				return wrong(list, at, "a name", column->name, err);
			continue;
		}
		list->number[c] = strtod(at, &end);
		if (end == at || *end || !(list->number[c] >= 0 && list->number[c] <= column->max))
			return wrong(list, at, "a number, 0 or more and not too large",
				     column->name, err);
	}
	return true;
}

/* The next row: 1; 0 at the end; -1 on bad input. */
static int next(struct list *list, struct input *input, struct err *err)
{
	int got;

	while ((got = input_lines(input, err)) > 0) {
		char *line = input->at, *newline = memchr(line, '\n', (size_t)(input->end - line));

		input->at = newline + 1;
		list->line++;
		*newline = '\0';
		if (newline > line && newline[-1] == '\r')
			newline[-1] = '\0';
		if (!*line)
			continue;
		cut(list, line);
		if (list->line > 1)
			return read_row(list, err) ? 1 : -1;
		if (!read_header(list, err))
			return -1;
	}
	return got;
}

static const char *kept(const char *text, const char *last, struct arena *arena)
{
	if (!text || !*text)
		return "";
	return !strcmp(text, last) ? last : arena_print(arena, "%s", text);
}

bool openb_nodes(const char *path, struct openb_node **rows, uint32_t *n, struct arena *arena,
		 struct err *err)
{
	enum { CPU, MEMORY, GPUS, MODEL, N };
	static const struct column columns[N] = {
		[CPU] = { "cpu_milli", false, false, 1e9 },
		[MEMORY] = { "memory_mib", false, false, 1e9 },
		[GPUS] = { "gpu", false, false, 1024 },
		[MODEL] = { "model", false, true, 0 },
	};
	struct list list = { .path = path, .column = columns, .columns = N };
	VEC(struct openb_node) out = { 0 };
	const char *gpu = "";
	struct input input;
	int got;

	if (!input_open(&input, path, arena, err))
		return false;
	while ((got = next(&list, &input, err)) > 0) {
		gpu = kept(list.text[MODEL], gpu, arena);
		vec_push(&out,
			 (struct openb_node){ .gpu = gpu,
					      .cpu_milli = (int64_t)list.number[CPU],
					      .memory_bytes = (int64_t)list.number[MEMORY] << 20,
					      .gpus = (int64_t)list.number[GPUS],
					      .line = list.line });
	}
	input_release(&input);
	*n = out.n;
	*rows = ARENA_ARRAY(arena, struct openb_node, out.n);
	if (out.n)
		memcpy(*rows, out.at, out.n * sizeof(**rows));
	vec_release(&out);
	if (got == 0 && !*n)
		return err_at(err, path, 0, 0, "has no nodes");
	return got == 0;
}

enum { POD_CPU, POD_MEMORY, POD_GPUS, POD_MILLI, POD_SPEC, POD_CREATED, POD_DELETED, POD_COLUMNS };

/* The row at hand; false where it makes no sense. */
static bool make_pod(struct list *list, struct openb_pod *pod, struct arena *arena, struct err *err)
{
	double gpus = list->number[POD_GPUS], milli = list->number[POD_MILLI];
	double created = list->number[POD_CREATED], deleted = list->number[POD_DELETED];

	if (gpus != floor(gpus) || milli != floor(milli) || (gpus == 1 && milli < 1) ||
	    (gpus > 1 && milli != 1000))
		return err_at(err, list->path, list->line, 1,
			      "num_gpu %g with gpu_milli %g: expected a share of one GPU (1 to "
			      "1000), or whole ones (1000)",
			      gpus, milli);
	if (deleted < created)
		return err_at(err, list->path, list->line, 1,
			      "deletion_time %.0f is before creation_time %.0f", deleted, created);
	*pod = (struct openb_pod){ .gpu = kept(list->text[POD_SPEC], pod->gpu, arena),
				   .created_ns = (int64_t)(created * 1e9),
				   .lifetime_ns = (int64_t)((deleted - created) * 1e9),
				   .cpu_milli = (int64_t)list->number[POD_CPU],
				   .memory_bytes = (int64_t)list->number[POD_MEMORY] << 20,
				   .gpu_milli = (int64_t)(gpus > 1 ? gpus * 1000 : gpus * milli),
				   .line = list->line };
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct openb_pod *x = a, *y = b;

	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns ? -1 : 1;
	return x->line - y->line;
}

bool openb_pods(const char *path, struct openb_pod **rows, uint32_t *n, struct arena *arena,
		struct err *err)
{
	static const struct column columns[POD_COLUMNS] = {
		[POD_CPU] = { "cpu_milli", false, false, 1e9 },
		[POD_MEMORY] = { "memory_mib", false, false, 1e9 },
		[POD_GPUS] = { "num_gpu", false, false, 1024 },
		[POD_MILLI] = { "gpu_milli", false, false, 1000 },
		[POD_SPEC] = { "gpu_spec", true, true, 0 },
		[POD_CREATED] = { "creation_time", true, false, 9e9 },
		[POD_DELETED] = { "deletion_time", true, false, 9e9 },
	};
	struct list list = { .path = path, .column = columns, .columns = POD_COLUMNS };
	VEC(struct openb_pod) out = { 0 };
	struct openb_pod pod = { .gpu = "" };
	struct input input;
	int got;

	if (!input_open(&input, path, arena, err))
		return false;
	while ((got = next(&list, &input, err)) > 0) {
		if (!make_pod(&list, &pod, arena, err)) {
			got = -1;
			break;
		}
		vec_push(&out, pod);
	}
	input_release(&input);
	*n = out.n;
	*rows = ARENA_ARRAY(arena, struct openb_pod, out.n);
	if (out.n) {
		qsort(out.at, out.n, sizeof(*out.at), by_time);
		memcpy(*rows, out.at, out.n * sizeof(**rows));
	}
	vec_release(&out);
	if (got == 0 && !*n)
		return err_at(err, path, 0, 0, "has no pods");
	return got == 0;
}

/* A file as a source.  Rows are parsed into a ring of `reorder` places and leave it in the order of
 * their times: a row that comes late is shifted into its place, one later than the ring is long is
 * an error.  Sorted files pay one copy a row.  The reader drops, counts and rebases; row.c alone
 * knows what a field looks like. */
#include "base/arena.h"
#include "traces/format.h"
#include "traces/input.h"
#include "traces/names.h"
#include "traces/source.h"
#include <assert.h>
#include <string.h>

struct reader {
	struct trace base;
	const struct trace_spec *spec;
	const struct format *format;
	struct input input;
	struct columns columns;
	struct names names;
	struct arena arena;
	struct trace_counts counts;
	struct trace_row *ring; /* rows by time, at ring[first..first + held) modulo the mask */
	uint32_t mask, first, held;
	int line;      /* of input.at, 1-based */
	bool read_all; /* nothing more comes from the file in this repetition */
	bool any;      /* a row has left the ring in this repetition: earliest and last are known */
	int64_t earliest_ns, last_ns; /* as they stand in the file */
	int64_t offset_ns;	      /* of this repetition */
	uint64_t rows;		      /* emitted in this repetition */
	int64_t loops_left;
	bool with_service;
	struct fill fill;
};

static bool is_binary(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\t' && text[i] != '\r')
			return true;
	return n >= 2 && (unsigned char)text[0] >= 0xfe && (unsigned char)text[1] >= 0xfe;
}

/* Moves past byte-order mark, comments and header; reads the header the first time. */
static bool read_header(struct reader *r, struct err *err)
{
	const char *file = r->spec->file;

	r->line = 0;
	for (;;) {
		int got = input_lines(&r->input, err);
		char *line = r->input.at, *newline;

		if (got < 0)
			return false;
		if (!got)
			return err_at(err, file, 0, 0, "is empty: expected the header %s",
				      r->format->header);
		if (++r->line == 1 && !strncmp(line, "\xef\xbb\xbf", 3))
			line += 3;
		newline = memchr(line, '\n', (size_t)(r->input.end - line));
		r->input.at = newline + 1;
		if (is_binary(line, (size_t)(newline - line)))
			return err_at(err, file, r->line, 0,
				      "is binary: expected text in CSV, plain, gzip or zstd");
		if (*line == '#' || newline == line || (newline == line + 1 && *line == '\r'))
			continue;
		if (r->format->json) { /* it is a row already */
			r->input.at = line;
			format_keys(r->format, &r->columns);
			return true;
		}
		r->line++;
		return r->columns.n ||
		       format_columns(r->format, line, (size_t)(newline - line), file, r->line - 1,
				      &r->columns, &r->arena, err);
	}
}

static bool find_service(struct reader *r, const struct row *row, const char *line,
			 uint32_t *service, struct err *err)
{
	const char *near, *name;

	*service = names_find(&r->names, row->service, row->service_n);
	if (*service != NAMES_NONE)
		return true;
	if (!r->spec->services) {
		*service = names_add(&r->names, row->service, row->service_n);
		return true;
	}
	name = arena_text(&r->arena, row->service, row->service_n);
	near = err_nearest(name, r->spec->services);
	return err_at(err, r->spec->file, r->line, (int)(row->service - line) + 1,
		      "unknown service \"%s\": expected a service of the scenario%s%s%s", name,
		      near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* Puts a row into the ring, by time, behind those of the same time. */
static void hold(struct reader *r, const struct trace_row *row)
{
	uint32_t at = r->first + r->held++;

	while (at != r->first && r->ring[(at - 1) & r->mask].arrival_ns > row->arrival_ns) {
		r->ring[at & r->mask] = r->ring[(at - 1) & r->mask];
		at--;
	}
	r->counts.reordered += at != r->first + r->held - 1;
	r->ring[at & r->mask] = *row;
}

static bool late(struct reader *r, int64_t at_ns, struct err *err)
{
	if (r->spec->lenient) {
		r->counts.late++;
		return true;
	}
	return err_at(err, r->spec->file, r->line, 1,
		      "arrives %.9g s before a row that stands more than %lld rows above it: "
		      "expected a trace sorted by "
		      "time (reorder allows more)",
		      (double)(r->last_ns - at_ns) / 1e9, (long long)r->spec->reorder);
}

/* A row that could be read: into the ring, unless it is dropped. */
static bool take_row(struct reader *r, const struct row *row, const char *line, struct err *err)
{
	struct trace_row out = { row->at_ns,	     r->spec->service, row->input_tokens,
				 row->output_tokens, row->session,     row->prefix };

	if (r->format->durations) {
		if (row->at_ns > INT64_MAX / 2)
			return err_at(err, r->spec->file, r->line, 1,
				      "ends more than 146 years after its origin");
		out.arrival_ns -= row->duration_ns;
		fill_tokens(&r->fill, row->duration_ns, &out);
	}
	if ((!out.input_tokens || !out.output_tokens) && r->spec->zero_tokens != TRACE_ZERO_KEEP) {
		if (r->spec->zero_tokens == TRACE_ZERO_FAIL)
			return err_at(err, r->spec->file, r->line, 1,
				      "%u input and %u output tokens: expected at least one of "
				      "each (zero_tokens: drop or keep)",
				      out.input_tokens, out.output_tokens);
		r->counts.zero++;
		return true;
	}
	if (r->any && out.arrival_ns < r->last_ns)
		return late(r, out.arrival_ns, err);
	if (r->with_service && !find_service(r, row, line, &out.service, err))
		return false;
	hold(r, &out);
	return true;
}

/* Reads one line; false on bad input.  Blank lines are not rows. */
static bool read_line(struct reader *r, struct err *err)
{
	const char *line = r->input.at, *next;
	struct row row;
	struct flaw flaw;

	row.session = row.prefix = 0;
	row.input_tokens = row.output_tokens = 0; /* formats with durations have none */
	next = r->format->json ? row_parse_json(&r->columns, line, &row, &flaw)
			       : row_parse(&r->columns, line, &row, &flaw);
	if (next) {
		r->counts.read++;
		if (!take_row(r, &row, line, err))
			return false;
	} else {
		const char *newline = memchr(line, '\n', (size_t)(r->input.end - line));

		if (newline > line + (*line == '\r')) {
			r->counts.read++;
			if (!r->spec->lenient)
				return row_error(&r->columns, &flaw, r->spec->file, r->line, line,
						 err);
			r->counts.malformed++;
		}
		next = newline + 1;
	}
	r->input.at += next - line;
	r->line++;
	return true;
}

/* Begins the next repetition: rows again from the header on, one mean gap after the last arrival.
 */
static bool repeat(struct reader *r, struct err *err)
{
	int64_t span_ns = r->last_ns - r->earliest_ns, gap_ns;

	if (r->rows < 2)
		return err_at(err, r->spec->file, 0, 0,
			      "cannot loop over %llu rows: expected two or more, for a mean gap",
			      (unsigned long long)r->rows);
	gap_ns = (span_ns + (int64_t)(r->rows - 1) / 2) / (int64_t)(r->rows - 1);
	if (__builtin_add_overflow(r->offset_ns, span_ns, &r->offset_ns) ||
	    __builtin_add_overflow(r->offset_ns, gap_ns, &r->offset_ns) ||
	    r->offset_ns > INT64_MAX - span_ns)
		return err_at(err, r->spec->file, 0, 0,
			      "%lld repetitions last longer than 292 years",
			      (long long)r->spec->loop);
	if (!input_rewind(&r->input, err) || !read_header(r, err))
		return false;
	r->loops_left--;
	r->read_all = r->any = false;
	r->rows = 0;
	return true;
}

/* The next row by time; as trace_next. */
static int take_next(struct reader *r, struct trace_row *row, struct err *err)
{
	for (;;) {
		while (!r->read_all && r->held <= (uint32_t)r->spec->reorder) {
			if (r->input.at == r->input.end) {
				int got = input_lines(&r->input, err);

				if (got < 0)
					return -1;
				r->read_all = !got;
			} else if (!read_line(r, err)) {
				return -1;
			}
		}
		if (r->held)
			break;
		if (!r->loops_left)
			return 0;
		if (!repeat(r, err))
			return -1;
	}
	*row = r->ring[r->first++ & r->mask];
	r->held--;
	r->last_ns = row->arrival_ns;
	if (!r->any)
		r->earliest_ns = row->arrival_ns;
	r->any = true;
	row->arrival_ns += r->offset_ns - r->earliest_ns;
	r->rows++;
	return 1;
}

static int reader_next(struct trace *trace, struct trace_row *row, struct err *err)
{
	struct reader *r = (struct reader *)trace;
	const struct trace_spec *spec = r->spec;
	int got;

	while ((got = take_next(r, row, err)) == 1) {
		row->arrival_ns -= spec->from_ns;
		if (row->arrival_ns < spec->start_ns) {
			r->counts.left_out++;
			continue;
		}
		if (spec->length_ns && row->arrival_ns - spec->start_ns >= spec->length_ns) {
			r->counts.left_out += 1 + r->held;
			return 0;
		}
		r->counts.emitted++;
		return 1;
	}
	return got;
}

static void reader_close(struct trace *trace)
{
	struct reader *r = (struct reader *)trace;
	struct arena arena = r->arena; /* the reader lies in it */

	input_release(&r->input);
	names_release(&r->names);
	arena_release(&arena);
}

static struct trace_counts reader_counts(const struct trace *trace)
{
	struct trace_counts counts = ((const struct reader *)trace)->counts;

	counts.dropped = counts.zero + counts.malformed + counts.late + counts.left_out;
	return counts;
}

static const char *const *reader_services(const struct trace *trace)
{
	const struct reader *r = (const struct reader *)trace;

	return r->with_service || r->spec->services ? r->names.text : NULL;
}

static const struct trace_ops reader_ops = { reader_next, reader_close, reader_counts,
					     reader_services };

struct trace *reader_open(const struct trace_spec *spec, const struct format *format,
			  struct err *err)
{
	struct arena arena;
	struct reader *r;
	uint32_t places = 1;

	assert(spec->reorder >= 0 && spec->reorder <= 65536 && spec->loop >= 1);
	arena_init(&arena);
	r = arena_take(&arena, sizeof(*r));
	if (!input_open(&r->input, spec->file, &arena, err)) {
		arena_release(&arena);
		return NULL;
	}
	while (places <= (uint32_t)spec->reorder)
		places *= 2;
	r->ring = ARENA_ARRAY(&arena, struct trace_row, places);
	r->mask = places - 1;
	r->arena = arena;
	r->format = format;
	r->base.ops = &reader_ops;
	r->spec = spec;
	r->loops_left = spec->loop - 1;
	r->offset_ns = spec->start_ns;
	names_init(&r->names, spec->services, &r->arena);
	if (!read_header(r, err)) {
		reader_close(&r->base);
		return NULL;
	}
	format_choose_digest(&r->columns, COLUMN_FUNCTION + (enum column)spec->tenant);
	r->with_service =
		format_has(&r->columns, COLUMN_SERVICE) || format_has(&r->columns, COLUMN_DIGEST);
	r->base.sessions = format_has(&r->columns, COLUMN_SESSION) ||
			   format_has(&r->columns, COLUMN_SESSION_TEXT) ||
			   format_has(&r->columns, COLUMN_PREFIX) ||
			   format_has(&r->columns, COLUMN_BLOCKS);
	fill_init(&r->fill, spec);
	return &r->base;
}

/* Rows come sorted by label; a change of label starts a data block.  Axes are chosen from the data:
 * a picture without rows is not drawn at all. */
#include "results/figure.h"
#include "results/figure_mark.h"
#include "base/record.h"
#include "base/unit.h"
#include "results/mem.h"
#include "results/plot.h"
#include <assert.h>
#include <math.h>

enum {
	COLUMNS = 5,
	WIDTH = 900,
	LETTER = 9,
	LINE = 21,
	LABEL_MAX = 48
}; /* pixels: of a letter and a line at 14 points */

struct row {
	uint32_t label;
	double value[COLUMNS];
	char *text; /* of the second column, where it is one */
};

/* The rows of a figure in memory: some thousands. */
struct rows {
	VEC(struct row) row;
	VEC(char *) label;
	char *axis; /* FIGURE_SWEEP: the last column */
};

static void release(struct rows *rows)
{
	for (uint32_t i = 0; i < rows->row.n; i++)
		free(rows->row.at[i].text);
	for (uint32_t i = 0; i < rows->label.n; i++)
		free(rows->label.at[i]);
	vec_release(&rows->row);
	vec_release(&rows->label);
	free(rows->axis);
}

static bool fetch(struct store *store, const struct figure *figure, struct rows *rows,
		  struct err *err)
{
	sqlite3_stmt *query = store_prepare(store, figure->sql, err);
	bool failed = false;

	if (!query)
		return false;
	while (store_step(store, query, &failed, err)) {
		const char *label = (const char *)sqlite3_column_text(query, 0);
		struct row row = { .text = NULL };

		if (!rows->label.n || strcmp(rows->label.at[rows->label.n - 1], label) != 0)
			vec_push(&rows->label, mem_text(label));
		row.label = rows->label.n - 1;
		for (int c = 1; c < sqlite3_column_count(query) && c <= COLUMNS; c++)
			row.value[c - 1] = sqlite3_column_type(query, c) == SQLITE_NULL
						 ? NAN
						 : sqlite3_column_double(query, c);
		if (figure->kind == FIGURE_STACK)
			row.text = mem_text((const char *)sqlite3_column_text(query, 1));
		if (figure->kind == FIGURE_SWEEP && !rows->axis)
			rows->axis = mem_text((const char *)sqlite3_column_text(query, 5));
		vec_push(&rows->row, row);
	}
	sqlite3_finalize(query);
	return !failed;
}

/* A label as drawn: cut where it would leave no room for the picture. */
static void put_label(FILE *out, const char *label)
{
	char text[64];
	size_t n = strlen(label);

	if (n <= LABEL_MAX) {
		plot_text(out, label);
		return;
	}
	n = LABEL_MAX - 2;
	while (n > 0 && ((unsigned char)label[n] & 0xc0) == 0x80) /* not inside a letter */
		n--;
	snprintf(text, sizeof(text), "%.*s..", (int)n, label);
	plot_text(out, text);
}

static int longest_label(const struct rows *rows)
{
	size_t longest = 0;

	for (uint32_t l = 0; l < rows->label.n; l++)
		longest = strlen(rows->label.at[l]) > longest ? strlen(rows->label.at[l]) : longest;
	return longest > LABEL_MAX ? LABEL_MAX : (int)longest;
}

/* The lines that a legend of n entries of at most so many letters takes. */
static int key_lines(int n, int letters)
{
	int columns =
		WIDTH * 9 / 10 / ((letters + 4) * 12); /* as wide as gnuplot takes letters to be */

	columns = columns < 1 ? 1 : columns;
	return (n + columns - 1) / columns;
}

/* The legend along the lower edge of the picture, below an axis title; n entries. */
static void put_key(struct plot *plot, int n, int letters)
{
	int lines = key_lines(n, letters);

	fprintf(plot->body,
		"set key at screen 0.5, screen 0.015 center bottom horizontal maxrows %d\nset "
		"bmargin %g\n",
		lines, 4.2 + 1.1 * lines);
}

/* A data block a label, of the first n values of its rows; a value that is missing is a gap. */
static void blocks(struct plot *plot, const struct rows *rows, int n, bool cdf)
{
	for (uint32_t l = 0; l < rows->label.n; l++) {
		bool first = true;

		plot_block_open(plot);
		for (uint32_t i = 0; i < rows->row.n; i++) {
			if (rows->row.at[i].label != l)
				continue;
			if (first && cdf) /* nothing is shorter than the shortest */
				fprintf(plot->data, "%.9g 0\n", rows->row.at[i].value[0]);
			first = false;
			for (int c = 0; c < n; c++)
				fprintf(plot->data, "%s%.9g", c ? " " : "",
					rows->row.at[i].value[c]);
			putc('\n', plot->data);
		}
		plot_block_close(plot);
	}
}

static double largest(const struct rows *rows, int column)
{
	double high = 0;

	for (uint32_t i = 0; i < rows->row.n; i++)
		if (rows->row.at[i].value[column] > high)
			high = rows->row.at[i].value[column];
	return high;
}

/* The smallest value above 0; 0 if there is none. */
static double smallest(const struct rows *rows, int column)
{
	double low = 0;

	for (uint32_t i = 0; i < rows->row.n; i++) {
		double value = rows->row.at[i].value[column];

		if (value > 0 && (low == 0 || value < low))
			low = value;
	}
	return low;
}

/* Objectives as dashed lines, if the services agree on at most three. */
static bool slo_lines(struct store *store, const struct figure *figure, struct plot *plot,
		      double *low, double *high, struct err *err)
{
	double value[4];
	char text[64];
	bool failed = false;
	sqlite3_stmt *query;
	int n = 0;

	if (!figure->slo)
		return true;
	query = store_prepare(
		store,
		"SELECT DISTINCT value FROM shown JOIN metric USING (run) WHERE name = ? LIMIT 4",
		err);
	if (!query)
		return false;
	sqlite3_bind_text(query, 1, figure->slo, -1, SQLITE_STATIC);
	while (n < 4 && store_step(store, query, &failed, err))
		value[n++] = sqlite3_column_double(query, 0);
	sqlite3_finalize(query);
	for (int i = 0; i < n && n <= 3; i++) {
		fprintf(plot->body,
			"set arrow from %.9g, graph 0 to %.9g, graph 1 nohead dt 2 lw 1.5 lc rgb "
			"'#555555'\n",
			value[i], value[i]);
		fprintf(plot->body, "set label ");
		snprintf(text, sizeof(text), "SLO %s",
			 unit_human(value[i] * 1e9, UNIT_TIME, (char[32]){ 0 }, 32));
		plot_text(plot->body, text);
		fprintf(plot->body,
			" at %.9g, graph 0.04 rotate by 90 left offset 0.9,0 textcolor rgb "
			"'#555555'\n",
			value[i]);
		*low = value[i] < *low ? value[i] : *low;
		*high = value[i] > *high ? value[i] : *high;
	}
	return !failed;
}

/* Later lines are thinner: where two lie on each other both are seen. */
static double line_width(uint32_t l)
{
	return l < 5 ? 3.4 - 0.45 * l : 1.4;
}

static bool draw_cdf(struct store *store, const struct figure *figure, const struct rows *rows,
		     struct plot *plot, struct err *err)
{
	double low = smallest(rows, 0), high = largest(rows, 0);

	if (high <= 0) /* all of them took no time */
		low = high = 1e-9;
	blocks(plot, rows, 2, true);
	if (!slo_lines(store, figure, plot, &low, &high, err))
		return false;
	plot_time_axis(plot, PLOT_X, low, high);
	fputs("set yrange [0:100]\nset format y '%g %%'\nset ylabel 'share of values at most this "
	      "long'\nset xlabel ",
	      plot->body);
	plot_text(plot->body, figure->axis);
	/* What took no time at all lies at the left edge of a logarithmic axis. */
	fputs("\nplot ", plot->body);
	for (uint32_t l = 0; l < rows->label.n; l++) {
		fprintf(plot->body, "%s$d%u using ($1 > %.9g ? $1 : %.9g):2 with lines lw %.1f ",
			l ? ", " : "", l, low / 4, low / 4, line_width(l));
		plot_line_style(plot, l, false);
		fputs(" title ", plot->body);
		put_label(plot->body, rows->label.at[l]);
	}
	return true;
}

static const char *time_unit(double seconds, double *scale)
{
	*scale = seconds > 2 * 86400 ? 86400 : seconds > 3 * 3600 ? 3600 : seconds > 600 ? 60 : 1;
	return *scale == 86400 ? "d" : *scale == 3600 ? "h" : *scale == 60 ? "min" : "s";
}

static bool draw_time(struct store *store, const struct rows *rows, struct plot *plot,
		      struct err *err)
{
	static const struct {
		const char *title;
		int column;
	} panels[] = { { "arrivals/s", 2 },
		       { "pods: ready (dark), desired (pale)", 4 },
		       { "requests waiting", 5 } };
	double scale, end = largest(rows, 0), high = 0;
	const char *unit = time_unit(end, &scale);
	int key = key_lines((int)rows->label.n, longest_label(rows)), digits;
	double panel = 170.0 / plot->height, step = 225.0 / plot->height;

	blocks(plot, rows, 5, false);
	for (int c = 1; c < 5; c++)
		high = fmax(high, largest(rows, c));
	digits = high >= 10 ? 2 + (int)log10(high) : 2; /* the axis may round up to one more */
	fprintf(plot->body,
		"unset title\nset multiplot\nset lmargin at screen %.3f\n"
		"set rmargin at screen 0.975\nunset key\n",
		(32.0 + (LETTER + 1) * (digits > 4 ? digits : 4)) / WIDTH);
	fprintf(plot->body, "set xrange [0:%.9g]\n", end > 0 ? end / scale : 1);
	if (!figure_marks(store, plot, scale, err))
		return false;
	for (int p = 0; p < 3; p++) {
		double top = 1 - 40.0 / plot->height - step * p;
		int column = panels[p].column;

		fprintf(plot->body,
			"set tmargin at screen %.3f\nset bmargin at screen %.3f\nset yrange "
			"[0:*]\nset offsets 0,0,graph 0.08,0\n",
			top, top - panel);
		fprintf(plot->body,
			"set label 1 '%s' at graph 0, graph 1.07 left\nset format x '%s'\n",
			panels[p].title, p == 2 ? "%g" : "");
		if (p == 2)
			fprintf(plot->body,
				"set xlabel 'time (%s)' offset 0,0.4\nset key at screen 0.5, "
				"screen 0.012 center "
				"bottom horizontal maxrows %d\n",
				unit, key);
		fputs("plot ", plot->body);
		for (uint32_t l = 0; l < rows->label.n; l++) {
			/* All variants see the same traffic: once is enough. */
			if (p == 0 && l > 0)
				break;
			fprintf(plot->body, "%s$d%u using ($1/%g):%d with %s lw %.1f ",
				l ? ", " : "", l, scale, column, column == 4 ? "steps" : "lines",
				0.6 * line_width(l));
			if (p == 0)
				fputs("lc rgb '#555555' notitle", plot->body);
			else
				plot_line_style(plot, l, false);
			if (p == 2) {
				fputs(" title ", plot->body);
				put_label(plot->body, rows->label.at[l]);
			}
			if (p == 1) {
				fprintf(plot->body, ", $d%u using ($1/%g):3 with steps lw 1.6 ", l,
					scale);
				plot_line_style(plot, l, true);
			}
		}
		putc('\n', plot->body);
		figure_marks_unlabel(plot);
	}
	fputs("unset multiplot", plot->body);
	return true;
}

/* Where a part or phase stands among its kind. */
static int order_of(const char *text)
{
	for (int p = 0; p < PHASES; p++)
		if (strcmp(text, phase_name((enum pod_phase)p)) == 0)
			return p;
	for (int p = 0; p < PARTS; p++)
		if (strcmp(text, part_name((enum part)p)) == 0)
			return PHASES + p;
	return PHASES + PARTS;
}

static double total_of(const struct rows *rows, uint32_t label)
{
	double sum = 0;

	for (uint32_t i = 0; i < rows->row.n; i++)
		if (rows->row.at[i].label == label)
			sum += rows->row.at[i].value[1];
	return sum;
}

/* The bars of one part, in all labels: low and high end, and the label's place. */
static bool stack_block(const struct rows *rows, struct plot *plot, int order, double *base,
			double wide, double unit)
{
	bool some = false;
	char text[32];

	plot_block_open(plot);
	for (uint32_t i = 0; i < rows->row.n; i++) {
		const struct row *row = &rows->row.at[i];
		double value = row->value[1], from = base[row->label];

		if (order_of(row->text) != order || !(value > 0))
			continue;
		fprintf(plot->data, "%.9g %u %.9g %.9g\n", (from + value / 2) / unit, row->label,
			from / unit, (from + value) / unit);
		unit_human(value * 1e9, UNIT_TIME, text, sizeof(text));
		if (value / wide * (WIDTH - 60 - LETTER * longest_label(rows)) >
		    (double)(strlen(text) + 1) * LETTER) {
			fputs("set label ", plot->body);
			plot_text(plot->body, text);
			fprintf(plot->body, " at %.9g,%u center front textcolor rgb '#ffffff'\n",
				(from + value / 2) / unit, row->label);
		}
		base[row->label] += value;
		some |= value > 0.002 * wide;
	}
	plot_block_close(plot);
	return some;
}

static void draw_stack(const struct figure *figure, const struct rows *rows, struct plot *plot)
{
	double *base = mem_zero(rows->label.n, sizeof(*base)), wide = 0, unit;
	const char *name[PHASES + PARTS + 1];
	bool some[PHASES + PARTS + 1];
	uint32_t drawn = 0;
	int parts = 0, letters = 0;

	for (uint32_t l = 0; l < rows->label.n; l++)
		wide = fmax(wide, total_of(rows, l));
	unit = wide >= 2 ? 1 : wide >= 2e-3 ? 1e-3 : 1e-6;
	for (int o = 0; o <= PHASES + PARTS; o++) {
		name[o] = o < PHASES	     ? phase_name((enum pod_phase)o)
			: o < PHASES + PARTS ? part_name((enum part)(o - PHASES))
					     : "other";
		some[o] = stack_block(rows, plot, o, base, wide, unit);
		parts += some[o];
		letters =
			some[o] && (int)strlen(name[o]) > letters ? (int)strlen(name[o]) : letters;
	}
	fprintf(plot->body,
		"set xrange [0:%.9g]\nset yrange [%g:-0.6]\nset grid noytics\nset ytics (",
		wide / unit * 1.04, rows->label.n - 0.4);
	for (uint32_t l = 0; l < rows->label.n; l++) {
		fputs(l ? ", " : "", plot->body);
		put_label(plot->body, rows->label.at[l]);
		fprintf(plot->body, " %u", l);
	}
	fputs(") scale 0\nset style fill solid 1 border rgb '#ffffff'\n", plot->body);
	put_key(plot, parts, letters);
	fprintf(plot->body, "set xlabel '%s (%s)'\n", figure->axis,
		unit == 1      ? "s"
		: unit == 1e-3 ? "ms"
			       : "us");
	fputs("plot ", plot->body);
	for (int o = 0; o <= PHASES + PARTS; o++) {
		if (!some[o])
			continue;
		fprintf(plot->body,
			"%s$d%d using 1:2:3:4:($2-0.32):($2+0.32) with boxxyerror lc rgb '%s' "
			"title ",
			drawn ? ", " : "", o, plot_fill(drawn));
		plot_text(plot->body, name[o]);
		drawn++;
	}
	free(base);
}

static void draw_sweep(const struct figure *figure, const struct rows *rows, struct plot *plot)
{
	double low = smallest(rows, 1), high = largest(rows, 1);
	bool log_y = strstr(figure->axis, "(s)") && high > 20 * low && low > 0;

	blocks(plot, rows, 4, false);
	if (log_y) /* an interval may reach below 0: a third of the least mean is low enough */
		plot_time_axis(plot, PLOT_Y, low / 3, largest(rows, 3));
	else
		fputs("set yrange [0:*]\n", plot->body);
	if (smallest(rows, 0) > 0 && largest(rows, 0) > 20 * smallest(rows, 0))
		fputs("set logscale x 10\nset format x '%g'\n", plot->body);
	fputs("set offsets graph 0.03, graph 0.03, 0, 0\nset xlabel ", plot->body);
	plot_text(plot->body, rows->axis);
	fputs("\nset ylabel ", plot->body);
	plot_text(plot->body, figure->axis);
	for (uint32_t l = 0; l < rows->label.n; l++) { /* bands below all lines */
		fprintf(plot->body, "%s$d%u using 1:($3 > %.9g ? $3 : %.9g):4 with filledcurves ",
			l ? ", " : "\nplot ", l, log_y ? low / 4 : 0, log_y ? low / 4 : 0);
		plot_line_style(plot, l, false);
		fputs(" fs transparent solid 0.18 noborder notitle", plot->body);
	}
	for (uint32_t l = 0; l < rows->label.n; l++) {
		fprintf(plot->body, ", $d%u using 1:2 with linespoints lw %.1f pt %u ps %.1f ", l,
			line_width(l), 5 + 2 * (l % 4), 0.5 + line_width(l) / 6);
		plot_line_style(plot, l, false);
		fputs(" title ", plot->body);
		put_label(plot->body, rows->label.at[l]);
	}
}

static bool rate_known(const struct rows *rows)
{
	for (uint32_t i = 0; i < rows->row.n; i++)
		if (rows->row.at[i].label == 0 && isfinite(rows->row.at[i].value[1]))
			return true;
	return false;
}

bool figure_draw(struct store *store, const struct figure *figure, const char *folder, bool *drawn,
		 struct err *err)
{
	struct rows rows = { .axis = NULL };
	struct plot plot;
	bool ok = fetch(store, figure, &rows, err);
	int labels = (int)rows.label.n, key;

	/* A rate, or a line, takes two samples. */
	*drawn = ok && rows.row.n > 0 && (figure->kind != FIGURE_TIME || rate_known(&rows));
	if (!*drawn) {
		release(&rows);
		return ok;
	}
	key = LINE * key_lines(labels, longest_label(&rows));
	plot_init(&plot, WIDTH,
		  figure->kind == FIGURE_TIME	 ? 740 + key
		  : figure->kind == FIGURE_STACK ? 160 + 46 * labels + LINE * key_lines(PHASES, 10)
						 : 430 + key);
	if (figure->kind != FIGURE_STACK)
		put_key(&plot, labels, longest_label(&rows));
	fputs("set title ", plot.body);
	plot_text(plot.body, figure->title);
	fputs("\n", plot.body);
	switch (figure->kind) {
	case FIGURE_CDF: ok = draw_cdf(store, figure, &rows, &plot, err); break;
	case FIGURE_TIME: ok = draw_time(store, &rows, &plot, err); break;
	case FIGURE_STACK: draw_stack(figure, &rows, &plot); break;
	case FIGURE_SWEEP: draw_sweep(figure, &rows, &plot); break;
	}
	release(&rows);
	if (!ok) {
		plot_release(&plot);
		return false;
	}
	return plot_draw(&plot, folder, figure->name, err);
}

/* A table a pair of groups, for a person; the same as JSON, for a script. */
#include "results/compare.h"
#include "results/grid.h"
#include "results/json.h"
#include "results/summary.h"
#include <math.h>

static void add_mean(struct grid *grid, const struct comparison *figure, int side)
{
	char text[64];

	grid_add(grid, "%s",
		 summary_value(isfinite(figure->mean[side]), figure->mean[side], figure->unit, text,
			       sizeof(text)));
}

static void add_difference(struct grid *grid, const struct comparison *figure)
{
	const struct interval *d = &figure->difference;
	char mean[64], half[64];

	if (!isfinite(d->mean)) {
		grid_add(grid, "undefined");
		return;
	}
	summary_value(true, d->mean, figure->unit, mean, sizeof(mean));
	summary_value(true, d->half_width, figure->unit, half, sizeof(half));
	if (isfinite(d->half_width))
		grid_add(grid, "%s%s +- %s", d->mean > 0 ? "+" : "", mean, half);
	else
		grid_add(grid, "%s%s", d->mean > 0 ? "+" : "", mean);
}

static void add_ratio(struct grid *grid, const struct comparison *figure)
{
	if (!isfinite(figure->ratio))
		grid_add(grid, "undefined");
	else if (isfinite(figure->ratio_low))
		grid_add(grid, "%.3g [%.3g, %.3g]", figure->ratio, figure->ratio_low,
			 figure->ratio_high);
	else
		grid_add(grid, "%.3g", figure->ratio);
}

/* Differences one by one, the rest by name: a null result is said, but not at length. */
static void print_verdicts(const struct compare_pair *pair, FILE *out)
{
	static const struct {
		enum verdict verdict;
		const char *title;
	} rest[] = { { VERDICT_TIE, "Nothing separates them in" },
		     { VERDICT_UNDEFINED, "Undefined" } };

	for (uint32_t f = 0; f < pair->figure.n; f++) {
		const struct comparison *figure = &pair->figure.at[f];

		if (figure->verdict != VERDICT_TIE && figure->verdict != VERDICT_UNDEFINED)
			fprintf(out, "%s: %s\n", figure->label, figure->text);
	}
	for (int r = 0; r < 2; r++) {
		uint32_t n = 0;

		for (uint32_t f = 0; f < pair->figure.n; f++)
			if (pair->figure.at[f].verdict == rest[r].verdict)
				fprintf(out, "%s%s%s", n ? "" : rest[r].title, n ? ", " : ": ",
					pair->figure.at[f].label),
					n++;
		if (n && r == 0)
			fprintf(out, " (n=%u)", pair->seeds);
		if (n)
			putc('\n', out);
	}
}

static void print_variants(const struct compare_pair *pair, FILE *out)
{
	struct grid grid;

	grid_init(&grid, 5);
	grid_add(&grid, "%s", "");
	grid_add(&grid, "A: %s", pair->label[0]);
	grid_add(&grid, "B: %s", pair->label[1]);
	grid_add(&grid, "B - A");
	grid_add(&grid, "B / A");
	for (uint32_t f = 0; f < pair->figure.n; f++) {
		const struct comparison *figure = &pair->figure.at[f];

		grid_add(&grid, "%s", figure->label);
		add_mean(&grid, figure, 0);
		add_mean(&grid, figure, 1);
		add_difference(&grid, figure);
		add_ratio(&grid, figure);
	}
	grid_print(&grid, out);
	grid_release(&grid);
	putc('\n', out);
	print_verdicts(pair, out);
}

/* How far the simulation is off, as a share of the emulation. */
static void add_error(struct grid *grid, const struct comparison *figure)
{
	double by = fabs(figure->mean[0]);

	if (!figure->pairs || by == 0)
		grid_add(grid, figure->pairs && figure->mean[1] == 0 ? "0 %%" : "undefined");
	else if (isfinite(figure->difference.half_width) && figure->difference.half_width > 0)
		grid_add(grid, "%+.2f +- %.2f %%", 100 * figure->difference.mean / by,
			 100 * figure->difference.half_width / by);
	else
		grid_add(grid, "%+.2f %%", 100 * figure->difference.mean / by);
}

static void print_worlds(const struct compare_pair *pair, FILE *out)
{
	struct grid grid;

	grid_init(&grid, 4);
	grid_add(&grid, "%s", "");
	grid_add(&grid, "%s", pair->label[0]);
	grid_add(&grid, "%s", pair->label[1]);
	grid_add(&grid, "error of the simulation");
	for (uint32_t f = 0; f < pair->figure.n; f++) {
		grid_add(&grid, "%s", pair->figure.at[f].label);
		add_mean(&grid, &pair->figure.at[f], 0);
		add_mean(&grid, &pair->figure.at[f], 1);
		add_error(&grid, &pair->figure.at[f]);
	}
	grid_end(&grid);
	for (uint32_t c = 0; c < pair->count.n; c++) {
		const struct comparison *count = &pair->count.at[c];

		grid_add(&grid, "%s", count->label);
		add_mean(&grid, count, 0);
		add_mean(&grid, count, 1);
		if (count->equal)
			grid_add(&grid, "equal");
		else
			add_error(&grid, count);
	}
	grid_print(&grid, out);
	grid_release(&grid);
	if (!pair->scale.known)
		fputs("\nScale decisions: none in either world.\n", out);
	else if (pair->scale.equal)
		fputs("\nScale decisions: the same, in the same order.\n", out);
	else
		fprintf(out, "\nScale decisions differ: %s.\n", pair->scale.text);
}

void compare_print(const struct compare *compare, FILE *out)
{
	bool intervals = false;

	for (uint32_t p = 0; p < compare->pair.n; p++) {
		const struct compare_pair *pair = &compare->pair.at[p];

		fprintf(out, "%s%s: %s against %s, %u pair%s of runs with equal seeds\n\n",
			p ? "\n" : "", pair->where, pair->label[1], pair->label[0], pair->seeds,
			pair->seeds == 1 ? "" : "s");
		if (pair->worlds)
			print_worlds(pair, out);
		else
			print_variants(pair, out);
		if (pair->seeds < 2)
			fprintf(out,
				"\nwarning: %s: intervals and verdicts need at least two seeds run "
				"by both.\n",
				pair->seeds ? "one pair says nothing about chance"
					    : "no seed was run by both");
		for (int side = 0; side < 2; side++)
			if (pair->alone[side])
				fprintf(out,
					"%u run%s of %s without a partner of equal seed left "
					"out.\n",
					pair->alone[side], pair->alone[side] == 1 ? "" : "s",
					pair->label[side]);
		intervals |= pair->seeds >= 2;
	}
	if (intervals)
		fputs("\nIntervals are at 95 %, each by itself: of twenty figures in which nothing "
		      "differs, one will seem to.\n",
		      out);
}

static void write_figures(struct json *json, const char *key, const struct comparison *at,
			  uint32_t n, bool worlds)
{
	json_open(json, key, '{');
	for (uint32_t f = 0; f < n; f++) {
		json_open(json, at[f].path, '{');
		json_text(json, "unit", at[f].unit);
		json_count(json, "pairs", at[f].pairs);
		json_number(json, worlds ? "emulated" : "a", at[f].mean[0]);
		json_number(json, worlds ? "simulated" : "b", at[f].mean[1]);
		json_number(json, "difference", at[f].difference.mean);
		json_number(json, "difference_half_width_95", at[f].difference.half_width);
		json_number(json, "ratio", at[f].ratio);
		json_number(json, "ratio_low_95", at[f].ratio_low);
		json_number(json, "ratio_high_95", at[f].ratio_high);
		if (worlds)
			json_number(json, "relative_error",
				    at[f].mean[0] != 0 ? at[f].difference.mean / fabs(at[f].mean[0])
						       : NAN);
		json_bool(json, "equal", at[f].equal);
		json_text(json, "verdict", verdict_name(at[f].verdict));
		json_text(json, "text", at[f].text);
		json_close(json, '}');
	}
	json_close(json, '}');
}

bool compare_json(const struct compare *compare, FILE *out, struct err *err)
{
	struct json json;

	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_open(&json, "pairs", '[');
	for (uint32_t p = 0; p < compare->pair.n; p++) {
		const struct compare_pair *pair = &compare->pair.at[p];

		json_open(&json, NULL, '{');
		json_text(&json, "kind", pair->worlds ? "worlds" : "variants");
		json_text(&json, "where", pair->where);
		json_text(&json, "a", pair->label[0]);
		json_text(&json, "b", pair->label[1]);
		json_count(&json, "seeds", pair->seeds);
		json_count(&json, "alone_a", pair->alone[0]);
		json_count(&json, "alone_b", pair->alone[1]);
		write_figures(&json, "figures", pair->figure.at, pair->figure.n, pair->worlds);
		if (pair->worlds) {
			write_figures(&json, "counts", pair->count.at, pair->count.n, true);
			json_open(&json, "scale_decisions", '{');
			json_bool(&json, "any", pair->scale.known);
			json_bool(&json, "equal", pair->scale.equal);
			json_text(&json, "first_difference",
				  pair->scale.equal ? NULL : pair->scale.text);
			json_close(&json, '}');
		}
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	return json_end(&json, err);
}

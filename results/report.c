/* The pictures first, then the page, whole or not at all, with the SVGs inside it: it can be mailed
 * as it is. */
#include "results/report.h"
#include "results/compare.h"
#include "results/figure.h"
#include "results/mem.h"
#include "results/outfile.h"
#include "results/plot.h"
#include "results/summary.h"
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sys/stat.h>

struct page {
	struct store store;
	struct outfile file;
	const struct report_options *options;
	struct err *err;
	bool ok;
};

static const char style[] =
	"body{font:16px/1.5 system-ui,'DejaVu "
	"Sans',sans-serif;color:#222;background:#fff;margin:2rem auto;"
	"max-width:62rem;padding:0 1rem}"
	"h1{font-size:1.7rem;margin-bottom:.2rem}h2{font-size:1.25rem;margin-top:2.4rem;border-"
	"bottom:1px solid #ddd}"
	"table{border-collapse:collapse;font-size:.86rem;display:block;overflow-x:auto}"
	"th,td{padding:.25rem .6rem;border-bottom:1px solid "
	"#e5e5e5;text-align:right;white-space:nowrap}"
	"th:first-child,td:first-child{text-align:left}th{border-bottom:2px solid "
	"#999;vertical-align:bottom}"
	"pre{background:#f6f6f6;padding:.8rem;overflow-x:auto;font-size:.8rem;line-height:1.4}"
	"figure{margin:1rem 0}figure "
	"svg{width:100%;height:auto}figcaption,.dim{color:#555;font-size:.88rem}"
	"details{margin:.4rem 0}summary{cursor:pointer;color:#0072B2}td small{color:#666}";

/* Text as HTML. */
static void html(struct outfile *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&': outfile_text(out, "&amp;"); break;
		case '<': outfile_text(out, "&lt;"); break;
		case '>': outfile_text(out, "&gt;"); break;
		case '"': outfile_text(out, "&quot;"); break;
		default: outfile_write(out, text, 1);
		}
	}
}

static const char *column(sqlite3_stmt *query, int at)
{
	const char *text = (const char *)sqlite3_column_text(query, at);

	return text ? text : "";
}

/* Calls row for every row of sql. */
static void each(struct page *page, const char *sql, void (*row)(struct page *, sqlite3_stmt *))
{
	sqlite3_stmt *query = page->ok ? store_prepare(&page->store, sql, page->err) : NULL;
	bool failed = !query;

	while (query && store_step(&page->store, query, &failed, page->err))
		row(page, query);
	sqlite3_finalize(query);
	page->ok = page->ok && !failed;
}

static const struct headline {
	const char *title, *path, *unit;
} headline[] = {
	{ "completed", "completed_share", "share" },
	{ "TTFT p50", "ttft_s.p50", "s" },
	{ "TTFT p99", "ttft_s.p99", "s" },
	{ "TPOT p50", "tpot_s.p50", "s" },
	{ "end to end p99", "e2e_s.p99", "s" },
	{ "goodput requests/s", "goodput_requests_per_s", "1/s" },
	{ "within SLO", "goodput_share", "share" },
	{ "output tokens/s", "output_tokens_per_s", "1/s" },
	{ "cold starts", "cold_starts", "count" },
	{ "cold start p50", "cold_start_s.p50", "s" },
	{ "scheduling delay p50", "scheduling_delay_s.p50", "s" },
	{ "scheduling delay p99", "scheduling_delay_s.p99", "s" },
	{ "GPU-hours", "gpu_hours", "h" },
};

enum { HEADLINES = sizeof(headline) / sizeof(*headline) };

/* A row of the headline table: one variant, means over its seeds. */
static void headline_row(struct page *page, sqlite3_stmt *variant)
{
	struct outfile *out = &page->file;
	char text[64];

	outfile_text(out, "<tr><td>");
	html(out, column(variant, 0));
	outfile_print(out, "</td><td>%d</td>", sqlite3_column_int(variant, 1));
	for (int h = 0; h < HEADLINES && page->ok; h++) {
		bool failed = false;
		sqlite3_stmt *query = store_prepare(&page->store,
						    "SELECT avg(value), half_width_95(value) FROM "
						    "shown JOIN metric USING (run) WHERE label = ?"
						    " AND service = '' AND name = ?",
						    page->err);

		if (query) {
			sqlite3_bind_text(query, 1, column(variant, 0), -1, SQLITE_TRANSIENT);
			sqlite3_bind_text(query, 2, headline[h].path, -1, SQLITE_STATIC);
		}
		if (query && store_step(&page->store, query, &failed, page->err)) {
			bool defined = sqlite3_column_type(query, 0) != SQLITE_NULL;
			double half = sqlite3_column_double(query, 1);

			outfile_print(out, "<td>%s",
				      summary_value(defined, sqlite3_column_double(query, 0),
						    headline[h].unit, text, sizeof(text)));
			if (half > 0)
				outfile_print(out, "<br><small>&plusmn; %s</small>",
					      summary_value(true, half, headline[h].unit, text,
							    sizeof(text)));
			outfile_text(out, "</td>");
		}
		page->ok = query && !failed;
		sqlite3_finalize(query);
	}
	outfile_text(out, "</tr>\n");
}

static void headline_table(struct page *page)
{
	struct outfile *out = &page->file;

	outfile_text(out, "<h2>Headline</h2>\n<table><tr><th>variant</th><th>seeds</th>");
	for (int h = 0; h < HEADLINES; h++)
		outfile_print(out, "<th>%s</th>", headline[h].title);
	outfile_text(out, "</tr>\n");
	each(page, "SELECT label, count(*) FROM shown GROUP BY rank, label ORDER BY rank LIMIT 200",
	     headline_row);
	outfile_text(out, "</table>\n<p class=dim>Means over the seeds, &plusmn; half the width of "
			  "the 95 % interval "
			  "(Student's t). Latencies are of completed requests; percentiles lie "
			  "within 0.8 % of the exact "
			  "ones.</p>\n");
}

/* What `sonde compare` says, where there is something to compare. */
static void verdicts(struct page *page)
{
	struct compare_options options = { .path = { page->options->store, NULL } };
	struct compare compare;
	struct err ignored;
	char *text = NULL;
	size_t bytes;
	FILE *memory;
	bool few;

	if (page->options->runs || !compare_run(&compare, &options, &ignored))
		return;
	memory = open_memstream(&text, &bytes);
	assert(memory);
	compare_print(&compare, memory);
	few = compare.pair.n <= 3;
	fclose(memory);
	compare_release(&compare);
	outfile_print(&page->file,
		      "<h2>Verdict</h2>\n<details%s><summary>sonde compare</summary><pre>",
		      few ? " open" : "");
	html(&page->file, text);
	outfile_text(&page->file, "</pre></details>\n");
	free(text);
}

/* The drawing of a file, without what only a file of its own needs. */
static void inline_svg(struct page *page, const char *name)
{
	char path[4096], *text = NULL;
	const char *start;
	size_t bytes = 0, n;
	FILE *memory = open_memstream(&text, &bytes), *file;

	assert(memory);
	snprintf(path, sizeof(path), "%s/%s.svg", page->options->folder, name);
	file = fopen(path, "r");
	if (!file) {
		page->ok = err_system(page->err, "cannot read %s: %s", path, strerror(errno));
	} else {
		char part[8192];

		while ((n = fread(part, 1, sizeof(part), file)) > 0)
			fwrite(part, 1, n, memory);
		fclose(file);
	}
	fclose(memory);
	start = strstr(text, "<svg");
	if (start)
		outfile_text(&page->file, start);
	else if (page->ok)
		page->ok = err_system(page->err, "gnuplot left no drawing in %s", path);
	free(text);
}

static void draw_figure(struct page *page, const struct figure *figure)
{
	struct outfile *out = &page->file;
	bool drawn;

	page->ok = figure_draw(&page->store, figure, page->options->folder, &drawn, page->err);
	if (!page->ok || (!drawn && !figure->nothing))
		return;
	outfile_print(out, "<h2 id=\"%s\">", figure->name);
	html(out, figure->title);
	outfile_text(out, "</h2>\n");
	if (!drawn) {
		outfile_print(out, "<p class=dim>%s</p>\n", figure->nothing);
		return;
	}
	outfile_text(out, "<figure>");
	inline_svg(page, figure->name);
	outfile_print(out,
		      "<figcaption>%s <a href=\"%s.png\">PNG</a> <a "
		      "href=\"%s.svg\">SVG</a></figcaption></figure>\n",
		      figure->caption, figure->name, figure->name);
	outfile_text(out, "<details><summary>SQL</summary><pre>");
	html(out, figure->sql);
	outfile_text(out, "</pre></details>\n");
}

static void draw_figures(struct page *page)
{
	struct figure figure;

	/* What was asked for comes first. */
	for (uint32_t m = 0; m < page->options->metrics && page->ok; m++) {
		page->ok = figure_sweep(&page->store, page->options->metric[m], &figure, page->err);
		if (!page->ok)
			return;
		draw_figure(page, &figure);
		figure_release(&figure);
	}
	for (uint32_t f = 0; f < figure_count && page->ok; f++)
		draw_figure(page, &figures[f]);
}

static void oracle_row(struct page *page, sqlite3_stmt *query)
{
	const char *unit = column(query, 2);
	char text[64];

	outfile_text(&page->file, "<tr><td>");
	html(&page->file, column(query, 1));
	outfile_text(&page->file, "</td><td>");
	html(&page->file, column(query, 0));
	for (int c = 3; c < 6; c++)
		outfile_print(&page->file, "</td><td>%s",
			      summary_value(sqlite3_column_type(query, c) != SQLITE_NULL,
					    sqlite3_column_double(query, c), unit, text,
					    sizeof(text)));
	outfile_text(&page->file, "</td></tr>\n");
}

static bool has_rows(struct page *page, const char *sql)
{
	sqlite3_stmt *query = page->ok ? store_prepare(&page->store, sql, page->err) : NULL;
	bool failed = !query, some = query && store_step(&page->store, query, &failed, page->err);

	sqlite3_finalize(query);
	page->ok = page->ok && !failed;
	return some;
}

static void oracle_table(struct page *page)
{
	if (!has_rows(page, "SELECT 1 FROM shown JOIN oracle USING (run) LIMIT 1"))
		return;
	outfile_text(&page->file,
		     "<h2>Checked against theory</h2>\n<table><tr><th>quantity</th><th>variant</th>"
		     "<th>expected</th><th>simulated</th><th>95 % half width</th></tr>\n");
	each(page,
	     "SELECT label, quantity, unit, expected, simulated, half_width_95 FROM shown JOIN "
	     "oracle USING (run) "
	     "ORDER BY rank, seed, seq LIMIT 100",
	     oracle_row);
	outfile_text(&page->file, "</table>\n");
}

static void text_row(struct page *page, sqlite3_stmt *query)
{
	outfile_text(&page->file, "<details><summary>");
	html(&page->file, column(query, 0));
	outfile_text(&page->file, "</summary><pre>");
	html(&page->file, column(query, 1));
	outfile_text(&page->file, "</pre></details>\n");
}

static void run_row(struct page *page, sqlite3_stmt *query)
{
	outfile_text(&page->file, "<tr>");
	for (int c = 0; c < 7; c++) {
		outfile_text(&page->file, "<td>");
		html(&page->file, column(query, c));
		outfile_text(&page->file, "</td>");
	}
	outfile_text(&page->file, "</tr>\n");
}

static void sources(struct page *page)
{
	struct outfile *out = &page->file;

	outfile_text(out, "<h2>Scenario</h2>\n");
	each(page,
	     "SELECT DISTINCT scenario || ' as written', scenario_text FROM run JOIN shown ON run "
	     "= id LIMIT 20",
	     text_row);
	each(page,
	     "SELECT 'parameters: ' || group_concat(DISTINCT label), parameters FROM run JOIN "
	     "shown ON run = id "
	     "GROUP BY parameters ORDER BY min(rank) LIMIT 50",
	     text_row);
	outfile_text(out, "<h2>Runs</h2>\n<details><summary>all runs on this "
			  "page</summary><table><tr><th>variant</th><th>run</th>"
			  "<th>seed</th><th>world</th><th>status</th><th>Sonde</th><th>rows not "
			  "kept</th></tr>\n");
	each(page,
	     "SELECT label, run, CAST(run.seed AS TEXT), world, status, version, "
	     "coalesce(pods_lost + series_lost + scale_lost + decisions_lost, 0) FROM run JOIN "
	     "shown ON run = id "
	     "ORDER BY rank, run.seed LIMIT 1000",
	     run_row);
	outfile_text(out,
		     "</table></details>\n<details><summary>which runs are shown</summary><pre>");
	html(out, page->options->runs ? "Chosen by id (--run)." : figure_show_sql);
	outfile_text(out, "</pre></details>\n");
}

static void title(struct page *page, sqlite3_stmt *query)
{
	struct outfile *out = &page->file;

	outfile_text(out, "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
			  "<meta name=viewport content=\"width=device-width\">\n<title>");
	html(out, column(query, 0));
	outfile_print(out, "</title>\n<style>%s</style></head><body>\n<h1>", style);
	html(out, column(query, 0));
	outfile_print(out, "</h1>\n<p class=dim>%d runs, %d variants, %d seeds. Sonde ",
		      sqlite3_column_int(query, 1), sqlite3_column_int(query, 2),
		      sqlite3_column_int(query, 3));
	html(out, column(query, 4));
	outfile_text(out, ".");
	if (sqlite3_column_int(query, 2) > FIGURE_LABELS_MAX)
		outfile_print(out, " The pictures show the first %d variants, the table all.",
			      FIGURE_LABELS_MAX);
	outfile_text(out, "</p>\n");
}

static void write_page(struct page *page)
{
	each(page,
	     "SELECT group_concat(DISTINCT scenario), count(*), count(DISTINCT label), "
	     "count(DISTINCT run.seed), "
	     "group_concat(DISTINCT version) FROM run JOIN shown ON run = id",
	     title);
	headline_table(page);
	verdicts(page);
	draw_figures(page);
	oracle_table(page);
	sources(page);
	outfile_text(&page->file, "</body></html>\n");
}

/* As mkdir -p. */
static bool make_folder(const char *path, struct err *err)
{
	char *part = mem_text(path);
	bool ok = true;

	for (char *at = part + 1; ok; at++) {
		char end = *at;

		if (end && end != '/')
			continue;
		*at = 0;
		ok = mkdir(part, 0777) == 0 || errno == EEXIST;
		*at = end;
		if (!end)
			break;
	}
	if (!ok)
		err_system(err, "cannot make the folder %s: %s", path, strerror(errno));
	free(part);
	return ok;
}

/* Before anything is written. */
static bool has_metrics(struct page *page)
{
	struct figure figure;

	for (uint32_t m = 0; m < page->options->metrics; m++) {
		if (!figure_sweep(&page->store, page->options->metric[m], &figure, page->err))
			return false;
		figure_release(&figure);
	}
	return true;
}

bool report_write(const struct report_options *options, struct err *err)
{
	struct page page = { .options = options, .err = err, .ok = true };
	char path[4096];

	assert(*options->folder);
	if (!plot_available(err) || !store_open_read(&page.store, options->store, err))
		return false;
	snprintf(path, sizeof(path), "%s/index.html", options->folder);
	page.ok = figure_show(&page.store, options->run, options->runs, err) &&
		  has_metrics(&page) && make_folder(options->folder, err) &&
		  outfile_open(&page.file, path, err);
	if (page.ok) {
		write_page(&page);
		if (page.ok)
			page.ok = outfile_close(&page.file, err);
		else
			outfile_abort(&page.file);
	}
	store_close(&page.store);
	return page.ok;
}

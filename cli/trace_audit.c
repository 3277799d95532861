/* sonde trace audit: a Kubernetes API audit log as a block of visits that a scenario can include.
 * Which writes make which step of a pod's way stands here: by controller, resource and verb. */
#include "base/unit.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "models/control/visits.h"
#include "results/grid.h"
#include "results/json.h"
#include "traces/audit.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: sonde trace audit FILE [--json]\n"
	"\n"
	"Reads a Kubernetes API audit log - JSON lines of audit.k8s.io/v1 events, plain, gzip or\n"
	"zstd; level Metadata is enough - and prints a YAML file that a scenario can `include`:\n"
	"API writes by step of a pod's way (control_plane.visits), counted in the log. Above "
	"them,\n"
	"as comments, writes by client, in all and per pod started, and how long the API server\n"
	"took by verb and resource. Failed and repeated writes count: they were made.\n"
	"\n"
	"      --json             JSON on standard output (docs/json.md)\n"
	"  -h, --help             this text\n"
	"\n"
	"exit status: 0 done, 1 failed, 2 usage or bad input\n";

/* What a step's writes are counted against, in the order of the steps (visit_name). */
enum unit_of { SCALES, STARTED, REMOVED, BOUND, REFUSED, CHANGED, UNITS };

static const char *const unit_names[UNITS] = {
	"changes of scale",	    "pods started",	      "pods deleted", "pods bound",
	"pods found unschedulable", "pods started or deleted"
};

static const enum unit_of unit_of[VISITS] = { SCALES,  SCALES, STARTED, SCALES,
					      REMOVED, BOUND,  REFUSED, CHANGED };

struct tally {
	uint64_t writes[VISITS], units[UNITS], other_scales;
};

static bool ends(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is(const char *text, const char *what)
{
	return strcmp(text, what) == 0;
}

/* Which client of the model a name in the log is; CLIENTS: none. */
static enum client client_of(const char *name)
{
	if (ends(name, "/deployment-controller"))
		return CLIENT_DEPLOYMENT;
	if (ends(name, "/replicaset-controller"))
		return CLIENT_REPLICASET;
	if (ends(name, "/endpoint-controller") || ends(name, "/endpointslice-controller") ||
	    ends(name, "/endpointslicemirroring-controller"))
		return CLIENT_ENDPOINTS;
	if (strstr(name, "scheduler"))
		return CLIENT_SCHEDULER;
	/* Knative's program, the HorizontalPodAutoscaler, others that call themselves so; not the
	 * cluster's autoscaler, which writes nothing on the way of a pod. */
	if (strstr(name, "autoscaler") && !strstr(name, "cluster-autoscaler"))
		return CLIENT_AUTOSCALER;
	return CLIENTS;
}

/* The step that a write of a client is part of; VISITS: none. */
static uint32_t step_of(enum client client, const struct audit_row *row)
{
	bool pods = is(row->resource, "pods"), remove = strncmp(row->verb, "delete", 6) == 0;
	const char *step = "";

	/* Events go by a client of their own, leases are about who leads. */
	if (is(row->resource, "events") || is(row->resource, "leases"))
		return VISITS;
	if (client == CLIENT_REPLICASET)
		step = pods && remove ? "remove" : pods ? "create" : "replicaset";
	else if (client == CLIENT_SCHEDULER)
		step = is(row->resource, "pods/binding") ? "bind"
		     : is(row->resource, "pods/status")	 ? "unschedulable"
							 : "";
	else if (client == CLIENT_AUTOSCALER)
		step = "autoscale";
	else if (client == CLIENT_DEPLOYMENT)
		step = "deployment";
	else if (client == CLIENT_ENDPOINTS)
		step = "endpoints";
	for (uint32_t i = 0; i < VISITS; i++)
		if (is(visit_name(i), step))
			return i;
	return VISITS;
}

static void add(struct tally *tally, const struct audit_row *row)
{
	enum client client = client_of(row->client);
	uint32_t step = step_of(client, row);
	bool scale = ends(row->resource, "/scale") || is(row->resource, "deployments");

	if (!audit_writes(row->verb))
		return;
	if (step < VISITS)
		tally->writes[step] += row->n;
	scale &= is(row->verb, "update") || is(row->verb, "patch");
	if (scale && client == CLIENT_AUTOSCALER)
		tally->units[SCALES] += row->succeeded;
	else if (scale && client == CLIENTS)
		tally->other_scales += row->succeeded;
	if (is(row->resource, "pods") && strncmp(row->verb, "delete", 6) == 0 &&
	    client == CLIENT_REPLICASET)
		tally->units[REMOVED] += row->succeeded;
	if (client == CLIENT_REPLICASET && is(row->resource, "pods") && is(row->verb, "create"))
		tally->units[STARTED] += row->succeeded;
	if (step < VISITS && is(visit_name(step), "bind"))
		tally->units[BOUND] += row->succeeded;
	if (step < VISITS && is(visit_name(step), "unschedulable"))
		tally->units[REFUSED] += row->succeeded;
}

static struct tally tally_of(const struct audit *audit)
{
	struct tally tally = { { 0 }, { 0 }, 0 };

	for (uint32_t i = 0; i < audit->row.n; i++)
		add(&tally, &audit->row.at[i]);
	/* Scaled by hand or by a program that is not known as an autoscaler. */
	if (!tally.units[SCALES])
		tally.units[SCALES] = tally.other_scales;
	tally.units[CHANGED] = tally.units[STARTED] + tally.units[REMOVED];
	return tally;
}

/* Writes per unit of a step; false where the log has none to count against. */
static bool visits_of(const struct tally *tally, uint32_t step, double *visits)
{
	uint64_t units = tally->units[unit_of[step]];

	if (!units)
		return false;
	*visits = (double)tally->writes[step] / (double)units;
	return true;
}

/* ---- as a file to include ---- */

/* A grid as comments. */
static void comment(struct grid *grid)
{
	char *text = NULL, *at;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	grid_print(grid, out);
	fclose(out);
	grid_release(grid);
	for (at = text; *at; at += strcspn(at, "\n") + 1)
		printf("#   %.*s\n", (int)strcspn(at, "\n"), at);
	printf("#\n");
	free(text);
}

/* Rows of a client follow one another: one line for their writes. */
static void print_clients(const struct audit *audit)
{
	uint64_t writes = 0, succeeded = 0;
	char text[32];
	struct grid grid;

	grid_init(&grid, 4);
	grid_add(&grid, "client");
	grid_add(&grid, "writes");
	grid_add(&grid, "refused");
	grid_add(&grid, "per pod started");
	for (uint32_t i = 0; i < audit->row.n; i++) {
		const struct audit_row *row = &audit->row.at[i];

		writes += audit_writes(row->verb) ? row->n : 0;
		succeeded += audit_writes(row->verb) ? row->succeeded : 0;
		if (i + 1 < audit->row.n && is(row->client, row[1].client))
			continue;
		if (writes) {
			grid_add(&grid, "%s", row->client);
			grid_add(&grid, "%s", grid_count(writes, text, sizeof(text)));
			grid_add(&grid, "%s", grid_count(writes - succeeded, text, sizeof(text)));
			if (audit->started)
				grid_add(&grid, "%.2f", (double)writes / (double)audit->started);
			else
				grid_add(&grid, "-");
		}
		writes = succeeded = 0;
	}
	comment(&grid);
}

/* Latencies by verb and resource, over all clients; the caller frees them. */
struct timing {
	const char *verb, *resource;
	struct hist latency;
};
struct timings {
	struct timing *at;
	uint32_t n, cap;
};

static struct timings timings_of(const struct audit *audit)
{
	struct timings all = { 0 };

	for (uint32_t i = 0; i < audit->row.n; i++) {
		const struct audit_row *row = &audit->row.at[i];
		uint32_t at = 0;

		if (!row->latency.count)
			continue;
		while (at < all.n &&
		       (!is(all.at[at].verb, row->verb) || !is(all.at[at].resource, row->resource)))
			at++;
		if (at == all.n)
			vec_push(&all, (struct timing){ row->verb, row->resource, { 0 } });
		hist_merge(&all.at[at].latency, &row->latency);
	}
	return all;
}

static void timings_free(struct timings *all)
{
	for (uint32_t i = 0; i < all->n; i++)
		hist_release(&all->at[i].latency);
	vec_release(all);
}

static void print_timings(const struct audit *audit)
{
	static const double quantile[] = { 0.5, 0.9, 0.99 };
	struct timings all = timings_of(audit);
	char text[32];
	struct grid grid;

	grid_init(&grid, 5);
	grid_add(&grid, "request");
	grid_add(&grid, "count");
	for (int q = 0; q < 3; q++)
		grid_add(&grid, "p%g", 100 * quantile[q]);
	for (uint32_t i = 0; i < all.n; i++) {
		grid_add(&grid, "%s %s", all.at[i].verb, all.at[i].resource);
		grid_add(&grid, "%s", grid_count(all.at[i].latency.count, text, sizeof(text)));
		for (int q = 0; q < 3; q++)
			grid_add(&grid, "%s",
				 unit_human((double)hist_quantile(&all.at[i].latency, quantile[q]),
					    UNIT_TIME, text, sizeof(text)));
	}
	comment(&grid);
	timings_free(&all);
}

static void print_block(const struct audit *audit, const char *path)
{
	struct tally tally = tally_of(audit);
	char events[32], started[32], span[32];
	double visits;

	printf("# Kubernetes API writes on the way of a pod, counted by sonde trace audit in\n"
	       "# %s: %s requests in %s, %s pods started.\n#\n",
	       path, grid_count(audit->events, events, sizeof(events)),
	       unit_human((double)(audit->to_ns - audit->from_ns), UNIT_TIME, span, sizeof(span)),
	       grid_count(audit->started, started, sizeof(started)));
	print_clients(audit);
	print_timings(audit);
	printf("control_plane:\n  visits:\n");
	for (uint32_t s = 0; s < VISITS; s++) {
		const char *unit = unit_names[unit_of[s]];

		if (visits_of(&tally, s, &visits))
			printf("    %s: %.0f  # %llu writes, %llu %s: %.2f\n", visit_name(s),
			       fmin(round(visits), 1000), (unsigned long long)tally.writes[s],
			       (unsigned long long)tally.units[unit_of[s]], unit, visits);
		else
			printf("    # %s: no %s in this log\n", visit_name(s), unit);
	}
}

/* ---- as JSON ---- */

static void json_timings(struct json *json, const struct audit *audit)
{
	struct timings all = timings_of(audit);

	json_open(json, "requests", '[');
	for (uint32_t i = 0; i < all.n; i++) {
		const struct hist *latency = &all.at[i].latency;

		json_open(json, NULL, '{');
		json_text(json, "verb", all.at[i].verb);
		json_text(json, "resource", all.at[i].resource);
		json_count(json, "count", latency->count);
		json_number(json, "p50_s", (double)hist_quantile(latency, 0.5) / 1e9);
		json_number(json, "p90_s", (double)hist_quantile(latency, 0.9) / 1e9);
		json_number(json, "p99_s", (double)hist_quantile(latency, 0.99) / 1e9);
		json_close(json, '}');
	}
	json_close(json, ']');
	timings_free(&all);
}

static bool print_json(const struct audit *audit, struct err *err)
{
	struct tally tally = tally_of(audit);
	struct json json;
	double visits;

	json_init(&json, stdout);
	json_open(&json, NULL, '{');
	json_count(&json, "events", audit->events);
	json_number(&json, "span_s", (double)(audit->to_ns - audit->from_ns) / 1e9);
	json_count(&json, "pods_started", audit->started);
	json_open(&json, "writes", '[');
	for (uint32_t i = 0; i < audit->row.n; i++) {
		const struct audit_row *row = &audit->row.at[i];

		if (!audit_writes(row->verb))
			continue;
		json_open(&json, NULL, '{');
		json_text(&json, "client", row->client);
		json_text(&json, "verb", row->verb);
		json_text(&json, "resource", row->resource);
		json_count(&json, "count", row->n);
		json_count(&json, "refused", row->n - row->succeeded);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_timings(&json, audit);
	json_open(&json, "visits", '{');
	for (uint32_t s = 0; s < VISITS; s++)
		json_number(&json, visit_name(s),
			    visits_of(&tally, s, &visits) ? visits : (double)NAN);
	json_close(&json, '}');
	json_close(&json, '}');
	return json_end(&json, err);
}

int trace_audit(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "help", no_argument, NULL, 'h' },
						 { NULL, 0, NULL, 0 } };
	struct err err = { .line = 0 };
	struct audit audit;
	bool json = false, ok;
	int option;

	opterr = 0;
	optind = 0; /* start afresh: main() has parsed before */
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (option) {
		case 'j': json = true; break;
		case 'h': fputs(help, stdout); return cli_flush() ? EXIT_DONE : EXIT_FAILED;
		default: return cli_refused("trace audit", option, argv, options);
		}
	}
	if (argc - optind != 1)
		return cli_usage("trace audit", "one file is wanted");
	ok = audit_read(&audit, argv[optind], &err);
	if (ok && json)
		ok = print_json(&audit, &err);
	else if (ok)
		print_block(&audit, argv[optind]);
	audit_release(&audit);
	if (!ok)
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

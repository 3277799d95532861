/* A pod's rows in plain words.  Lines are made out of order (object, steps, phases) and sorted by
 * time, those of one moment as they were made. */
#include "base/unit.h"
#include "results/explain.h"
#include "results/grid.h"
#include "results/json.h"
#include "results/mem.h"
#include <assert.h>
#include <stdarg.h>

struct line {
	int64_t at_ns;
	uint32_t order;
	char *text;
};
struct lines {
	struct line *at;
	uint32_t n, cap;
};

static void say(struct lines *lines, int64_t at_ns, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void say(struct lines *lines, int64_t at_ns, const char *format, ...)
{
	struct line line = { .at_ns = at_ns, .order = lines->n };
	va_list args;

	va_start(args, format);
	if (vasprintf(&line.text, format, args) < 0)
		abort(); /* out of memory */
	va_end(args);
	vec_push(lines, line);
}

static int earlier(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

struct words {
	char text[200];
};

static struct words span(int64_t ns)
{
	struct words words = { "" };

	unit_human((double)ns, UNIT_TIME, words.text, sizeof(words.text));
	return words;
}

static struct words nodes(int64_t n)
{
	struct words words = { "" };

	if (n)
		snprintf(words.text, sizeof(words.text), "%lld node%s", (long long)n,
			 n == 1 ? "" : "s");
	else
		snprintf(words.text, sizeof(words.text), "no node");
	return words;
}

/* What it knew before it looked. */
static struct words knew(const struct decision_record *step)
{
	struct words words = { "" };

	if (step->known >= 0 && step->info_age_ns > 0)
		snprintf(words.text, sizeof(words.text), "; %.40s before it knew %lld to have room",
			 span(step->info_age_ns).text, (long long)step->known);
	else if (step->known >= 0)
		snprintf(words.text, sizeof(words.text), "; it knew %lld to have room, exactly",
			 (long long)step->known);
	return words;
}

static void searched(struct lines *lines, const struct decision_record *s)
{
	if (s->node == UINT32_MAX)
		say(lines, s->at_ns,
		    "function %u found no room on %s%s (%s in the queue, %s of thought)",
		    s->function, nodes(s->examined).text, knew(s).text, span(s->queued_ns).text,
		    span(s->at_ns - s->began_ns).text);
	else
		say(lines, s->at_ns,
		    "function %u chose node %u of %s examined, %u feasible%s (%s in the queue, %s "
		    "of thought)",
		    s->function, s->node, nodes(s->examined).text, s->feasible, knew(s).text,
		    span(s->queued_ns).text, span(s->at_ns - s->began_ns).text);
}

/* What the cache said when another was asked, or not. */
static void asked(struct lines *lines, const struct decision_record *s)
{
	const char *verb = s->kind == DECISION_ASKED ? "asked" : "did not ask";

	if (s->known < 0)
		say(lines, s->at_ns, "function %u %s function %u, of which it knew nothing fresh",
		    s->function, verb, s->other);
	else
		say(lines, s->at_ns,
		    "function %u %s function %u, which by what it had heard %s before had %s "
		    "with room",
		    s->function, verb, s->other, span(s->info_age_ns).text, nodes(s->known).text);
}

static void probed(struct lines *lines, const struct decision_record *s)
{
	if (s->node == UINT32_MAX)
		say(lines, s->at_ns,
		    "  function %u looked for function %u: no room on %s (%s of thought)",
		    s->function, s->other, nodes(s->examined).text,
		    span(s->at_ns - s->began_ns).text);
	else
		say(lines, s->at_ns,
		    "  function %u looked for function %u: it holds node %u of %s examined (%s of "
		    "thought)",
		    s->function, s->other, s->node, nodes(s->examined).text,
		    span(s->at_ns - s->began_ns).text);
}

static void answered(struct lines *lines, const struct decision_record *s)
{
	struct words after = span(s->at_ns - s->began_ns);

	if (s->kind == DECISION_UNANSWERED)
		say(lines, s->at_ns, "function %u has not answered for %s: not waited for longer",
		    s->other, after.text);
	else if (s->kind == DECISION_REFUSED)
		say(lines, s->at_ns, "function %u answered after %s: no room", s->other,
		    after.text);
	else if (s->node == UINT32_MAX)
		say(lines, s->at_ns,
		    "function %u answered after %s that it holds a node, but did no longer",
		    s->other, after.text);
	else
		say(lines, s->at_ns, "function %u answered after %s: it holds node %u", s->other,
		    after.text, s->node);
}

static void migrated(struct lines *lines, const struct decision_record *s)
{
	char node[64] = "the node was not held any more, so it queues there";

	if (s->node != UINT32_MAX)
		snprintf(node, sizeof(node), "node %u is its own", s->node);
	if (s->other == UINT32_MAX)
		say(lines, s->at_ns, "migrated to function %u: %s", s->function, node);
	else
		say(lines, s->at_ns, "migrated from function %u to function %u: %s", s->other,
		    s->function, node);
}

static void parked(struct lines *lines, const struct decision_record *s)
{
	say(lines, s->at_ns,
	    "nobody had room (attempt %u): parked; back-off until %.3f s, or longer until "
	    "something comes free",
	    s->attempt, (double)s->until_ns / 1e9);
}

static void say_step(struct lines *lines, const struct decision_record *s)
{
	switch ((enum decision_kind)s->kind) {
	case DECISION_QUEUED:
		if (s->queue)
			say(lines, s->at_ns, "queued at function %u, behind %u other%s",
			    s->function, s->queue, s->queue == 1 ? "" : "s");
		else
			say(lines, s->at_ns, "queued at function %u, first in its queue",
			    s->function);
		break;
	case DECISION_SEARCHED: searched(lines, s); break;
	case DECISION_BINDER:
		say(lines, s->at_ns, "the binder, function %u, has it (%s in the queue)",
		    s->function, span(s->queued_ns).text);
		break;
	case DECISION_SKIPPED:
	case DECISION_ASKED: asked(lines, s); break;
	case DECISION_PROBED: probed(lines, s); break;
	case DECISION_OFFERED:
	case DECISION_REFUSED:
	case DECISION_UNANSWERED: answered(lines, s); break;
	case DECISION_MIGRATED: migrated(lines, s); break;
	case DECISION_EXPIRED:
		say(lines, s->at_ns, "  function %u gives node %u up that it held for it",
		    s->function, s->node);
		break;
	case DECISION_CONFLICT:
		say(lines, s->at_ns, "conflict: node %u was taken by another scheduler meanwhile",
		    s->node);
		break;
	case DECISION_WAITING:
		say(lines, s->at_ns, "sent to node %u: waits there behind %u other%s", s->node,
		    s->queue, s->queue == 1 ? "" : "s");
		break;
	case DECISION_TAKEN: say(lines, s->at_ns, "node %u has room for it", s->node); break;
	case DECISION_RETURNED:
		say(lines, s->at_ns, "node %u had no room in time: given back", s->node);
		break;
	case DECISION_PREEMPTS:
		say(lines, s->at_ns, "node %u is kept for it: pods of lower priority there end",
		    s->node);
		break;
	case DECISION_EVICTED:
		say(lines, s->at_ns, "evicted: node %u is kept for a pod of higher priority",
		    s->node);
		break;
	case DECISION_PARKED: parked(lines, s); break;
	case DECISION_GIVEN_UP:
		say(lines, s->at_ns, "nobody had room (attempt %u): given up", s->attempt);
		break;
	case DECISION_LOST:
		say(lines, s->at_ns, "function %u was lost, and with it what it knew of the pod",
		    s->function);
		break;
	default: assert(s->kind < DECISIONS);
	}
}

static void say_phases(struct lines *lines, const struct explain_pod *pod)
{
	static const char *const done[PHASES] = {
		[PHASE_SANDBOX] = "sandbox, networks and sidecars are up",
		[PHASE_IMAGE] = "image is there",
		[PHASE_START] = "container is started",
		[PHASE_WEIGHTS] = "weights are loaded",
		[PHASE_INIT] = "engine is initialised",
		[PHASE_READINESS] = "ready, and seen so by a probe",
		[PHASE_ENDPOINT] = "known at the gateway: takes requests",
	};

	if (pod->at.phase_end_ns[PHASE_PROVISION] > pod->at.created_ns)
		say(lines, pod->at.phase_end_ns[PHASE_PROVISION],
		    "a new node was provisioned meanwhile");
	if (pod->at.bound_ns >= 0)
		say(lines, pod->at.bound_ns, "bound to node %u (%s for the binding)", pod->at.node,
		    span(pod->spent_ns[SPENT_BINDING]).text);
	for (int p = PHASE_SANDBOX; p < PHASES; p++) {
		int64_t began_ns = explain_phase_began(&pod->at, (enum pod_phase)p);

		if (pod->at.phase_end_ns[p] > began_ns && began_ns >= 0)
			say(lines, pod->at.phase_end_ns[p], "%s (%s)", done[p],
			    span(pod->at.phase_end_ns[p] - began_ns).text);
	}
}

static void print_lines(struct lines *lines, int64_t from_ns, FILE *out)
{
	qsort(lines->at, lines->n, sizeof(*lines->at), earlier);
	fprintf(out, "\n%14s  %10s\n", "at", "after");
	for (uint32_t i = 0; i < lines->n; i++) {
		fprintf(out, "%12.6f s  %10s  %s\n", (double)lines->at[i].at_ns / 1e9,
			lines->at[i].at_ns > from_ns ? span(lines->at[i].at_ns - from_ns).text : "",
			lines->at[i].text);
		free(lines->at[i].text);
	}
	vec_release(lines);
}

static void add_share(struct grid *grid, const char *what, int64_t ns, int64_t of_ns)
{
	if (ns <= 0)
		return;
	grid_add(grid, "  %s", what);
	grid_add(grid, "%s", span(ns).text);
	grid_add(grid, "%.1f %%", 100 * (double)ns / (double)of_ns);
}

static void print_shares(const struct explain_pod *pod, FILE *out)
{
	static const char *const words[SPENTS] = {
		"no function had it",	   "waiting in queues", "functions deciding",
		"asking others for room",  "migrating",		"parked, for want of room",
		"binding written and seen"
	};
	int64_t whole_ns = pod->over_ns - pod->at.wanted_ns;
	struct grid grid;

	if (whole_ns <= 0)
		return;
	grid_init(&grid, 3);
	add_share(&grid, "object written and seen",
		  pod->at.created_ns >= 0 ? pod->at.created_ns - pod->at.wanted_ns : whole_ns,
		  whole_ns);
	for (int s = 0; s < SPENTS; s++)
		add_share(&grid, words[s], pod->spent_ns[s], whole_ns);
	for (int p = PHASE_SANDBOX; p < PHASES; p++)
		if (pod->at.phase_end_ns[p] >= 0)
			add_share(&grid, phase_name((enum pod_phase)p),
				  pod->at.phase_end_ns[p] -
					  explain_phase_began(&pod->at, (enum pod_phase)p),
				  whole_ns);
	fprintf(out, "\nWhat its %s were made of:\n", span(whole_ns).text);
	grid_print(&grid, out);
	grid_release(&grid);
}

static void print_title(const struct explain *e, FILE *out)
{
	const struct explain_pod *pod = &e->pod;
	struct words whole = span(pod->over_ns - pod->at.wanted_ns);

	fprintf(out, "Pod %llu", (unsigned long long)pod->at.id);
	if (*pod->service)
		fprintf(out, " (%s/%lld)", pod->service, (long long)pod->number);
	fprintf(out, " of run %lld (%s%s%s, seed %lld): ", (long long)e->run.id, e->run.variant,
		*e->run.point ? " " : "", e->run.point, (long long)e->run.seed);
	if (strcmp(pod->end, "ready") == 0)
		fprintf(out, "%s on node %u, %s after it was wanted\n",
			*pod->service ? "ready" : "bound", pod->at.node, whole.text);
	else if (strcmp(pod->end, "pending") == 0)
		fprintf(out, "still pending when the run ended, %s after it was wanted\n",
			whole.text);
	else
		fprintf(out, "%s\n", pod->end);
}

void explain_print(const struct explain *e, FILE *out)
{
	const struct explain_pod *pod = &e->pod;
	struct lines lines = { 0 };

	print_title(e, out);
	say(&lines, pod->at.wanted_ns, "wanted");
	if (pod->at.created_ns >= 0)
		say(&lines, pod->at.created_ns, "its object is there, and seen by the scheduler");
	for (uint32_t i = 0; i < pod->step.n; i++)
		say_step(&lines, &pod->step.at[i]);
	say_phases(&lines, pod);
	print_lines(&lines, pod->at.wanted_ns, out);
	print_shares(pod, out);
	if (!pod->step.n && pod->at.created_ns >= 0 && e->run.decisions_lost)
		fprintf(out, "\nIts steps were not kept: %lld of the run were beyond the limit.\n",
			(long long)e->run.decisions_lost);
}

/* ---- JSON ---- */

static void seconds(struct json *json, const char *key, int64_t ns)
{
	if (ns >= 0)
		json_number(json, key, (double)ns / 1e9);
	else
		json_text(json, key, NULL);
}

static void id(struct json *json, const char *key, uint32_t value)
{
	if (value != UINT32_MAX)
		json_count(json, key, value);
	else
		json_text(json, key, NULL);
}

static void json_step(struct json *json, const struct decision_record *s)
{
	json_open(json, NULL, '{');
	seconds(json, "at_s", s->at_ns);
	json_text(json, "step", decision_name((enum decision_kind)s->kind));
	id(json, "function", s->function);
	id(json, "other", s->other);
	id(json, "node", s->node);
	seconds(json, "began_s", s->began_ns);
	seconds(json, "queued_s", s->queued_ns);
	json_count(json, "queue", s->queue);
	json_count(json, "examined", s->examined);
	json_count(json, "feasible", s->feasible);
	if (s->known >= 0)
		json_count(json, "known", (uint64_t)s->known);
	else
		json_text(json, "known", NULL);
	seconds(json, "info_age_s", s->info_age_ns);
	json_count(json, "attempt", s->attempt);
	seconds(json, "until_s", s->until_ns);
	json_close(json, '}');
}

static void json_pod(struct json *json, const struct explain_pod *pod)
{
	json_count(json, "pod", pod->at.id);
	json_text(json, "service", pod->service);
	json_count(json, "number", (uint64_t)pod->number);
	json_text(json, "end", pod->end);
	id(json, "node", pod->at.node);
	seconds(json, "wanted_s", pod->at.wanted_ns);
	seconds(json, "created_s", pod->at.created_ns);
	seconds(json, "bound_s", pod->at.bound_ns);
	json_count(json, "attempts", pod->at.attempts);
	json_count(json, "probes", pod->at.probes);
	json_count(json, "migrations", pod->at.migrations);
}

bool explain_json(const struct explain *e, FILE *out, struct err *err)
{
	const struct explain_pod *pod = &e->pod;
	struct json json;

	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_count(&json, "run", (uint64_t)e->run.id);
	json_text(&json, "variant", e->run.variant);
	json_pod(&json, pod);
	json_open(&json, "steps", '[');
	for (uint32_t i = 0; i < pod->step.n; i++)
		json_step(&json, &pod->step.at[i]);
	json_close(&json, ']');
	json_open(&json, "phase_end_s", '{');
	for (int p = 0; p < PHASES; p++)
		seconds(&json, phase_name((enum pod_phase)p), pod->at.phase_end_ns[p]);
	json_close(&json, '}');
	json_open(&json, "scheduling_s", '{');
	for (int s = 0; s < SPENTS; s++)
		seconds(&json, spent_name((enum spent)s), pod->spent_ns[s]);
	json_close(&json, '}');
	json_close(&json, '}');
	return json_end(&json, err);
}

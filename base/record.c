/* The names of what is recorded, once for every table, file and plot. */
#include "base/record.h"
#include <assert.h>

static const char *const phases[PHASES] = { "decision", "control",   "provision", "scheduling",
					    "sandbox",	"image",     "start",	  "weights",
					    "init",	"readiness", "endpoint" };

static const char *const parts[PARTS] = { "gateway",
					  "activator",
					  "cold_start.decision",
					  "cold_start.control",
					  "cold_start.provision",
					  "cold_start.scheduling",
					  "cold_start.sandbox",
					  "cold_start.image",
					  "cold_start.start",
					  "cold_start.weights",
					  "cold_start.init",
					  "cold_start.readiness",
					  "cold_start.endpoint",
					  "queue_proxy",
					  "batch_wait",
					  "prefill",
					  "kv_transfer",
					  "decode",
					  "network" };

static const char *const outcomes[OUTCOMES] = { "completed", "rejected", "timed_out", "failed",
						"in_flight" };

static const char *const decisions[DECISIONS] = {
	[DECISION_QUEUED] = "queued",	      [DECISION_SEARCHED] = "searched",
	[DECISION_BINDER] = "binder",	      [DECISION_SKIPPED] = "skipped",
	[DECISION_ASKED] = "asked",	      [DECISION_PROBED] = "probed",
	[DECISION_OFFERED] = "offered",	      [DECISION_REFUSED] = "refused",
	[DECISION_UNANSWERED] = "unanswered", [DECISION_MIGRATED] = "migrated",
	[DECISION_EXPIRED] = "expired",	      [DECISION_CONFLICT] = "conflict",
	[DECISION_WAITING] = "waiting",	      [DECISION_TAKEN] = "taken",
	[DECISION_RETURNED] = "returned",     [DECISION_PREEMPTS] = "preempts",
	[DECISION_EVICTED] = "evicted",	      [DECISION_PARKED] = "parked",
	[DECISION_GIVEN_UP] = "given-up",     [DECISION_LOST] = "lost",
};

static const char *const kinds[FUNCTION_KINDS] = { "schedule", "autoscale", "expand", "bind",
						   "endpoint" };

const char *part_name(enum part part)
{
	assert(part < PARTS);
	return parts[part];
}

const char *phase_name(enum pod_phase phase)
{
	assert(phase < PHASES);
	return phases[phase];
}

const char *outcome_name(enum outcome outcome)
{
	assert(outcome < OUTCOMES);
	return outcomes[outcome];
}

const char *decision_name(enum decision_kind kind)
{
	assert(kind < DECISIONS);
	return decisions[kind];
}

const char *function_kind_name(enum function_kind kind)
{
	assert(kind < FUNCTION_KINDS);
	return kinds[kind];
}

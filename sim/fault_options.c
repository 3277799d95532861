/* The option tables of events and of their detection, and what a kind of event is about. */
#include "sim/faults.h"
#include <assert.h>
#include <string.h>

#define EVENT(f) offsetof(struct event_config, f)
#define DETECT(f) offsetof(struct detection_config, f)

static const char *const kinds[] = {
	"node-down", "node-up",		"rack-down", "rack-up",	  "zone-down",
	"zone-up",   "function-down",	"api-down",  "link-slow", "registry-slow",
	"dfs-slow",  "rolling-upgrade", NULL
};

static const char *const functions[] = { "schedule", "autoscale", "expand", "bind",
					 "endpoint", "any",	  NULL };

const struct opt event_options[] = {
	{ "kind", OPT_CHOICE, UNIT_NONE, EVENT(kind), "node-down", .choices = kinds,
	  .help = "what happens: nodes, all of a rack or zone, a control function or scheduler, "
		  "the "
		  "API server go down; bandwidth of NICs or of a store falls; services are "
		  "upgraded" },
	{ "at", OPT_INT, UNIT_TIME, EVENT(at_ns), "0s", 0, 9e18, .help = "when" },
	{ "for", OPT_DIST, UNIT_TIME, EVENT(length), "0s", 0, 9e18,
	  .help = "until it is over, drawn for each thing that it happens to; 0 = for good "
		  "(function-down: it may start again at once); down nodes then boot" },
	{ "every", OPT_DIST, UNIT_TIME, EVENT(every), "0s", 0, 9e18,
	  .help = "time to the next of its kind, such as exp(10min); 0 = once" },
	{ "until", OPT_INT, UNIT_TIME, EVENT(until_ns), "0s", 0, 9e18,
	  .help = "with every: none after this time; 0 = the end of the run" },
	{ "first", OPT_INT, UNIT_NONE, EVENT(first), "-1", -1, 1e6,
	  .help = "the first node, rack, zone or function, by its number from 0; -1 = drawn at "
		  "random (NAME-up: all that are down)" },
	{ "count", OPT_INT, UNIT_NONE, EVENT(count), "1", 1, 1e6,
	  .help = "how many nodes, racks, zones or functions" },
	{ "function", OPT_CHOICE, UNIT_NONE, EVENT(function), "schedule", .choices = functions,
	  .help = "function-down: of which kind; planes that are not functional have schedulers "
		  "alone" },
	{ "wipe", OPT_BOOL, UNIT_NONE, EVENT(wipe), "false",
	  .help = "NAME-down: the drives are empty afterwards, of images and weights: new "
		  "machines" },
	{ "factor", OPT_REAL, UNIT_NONE, EVENT(factor), "0.1", 0, 1,
	  .help = "NAME-slow: what the bandwidth is multiplied by; 0 = nothing gets through",
	  .source = "assumption" },
	{ "services", OPT_TEXT, UNIT_NONE, EVENT(services), "",
	  .help = "rolling-upgrade: which, with commas between; empty = all" },
	{ "gap", OPT_INT, UNIT_TIME, EVENT(gap_ns), "0s", 0, 9e18,
	  .help = "rolling-upgrade: time between one service and the next" },
	OPT_END
};

static const char lifecycle[] = "kube-controller-manager's node lifecycle controller, v1.36";

const struct opt detection_options[] = {
	{ "lease", OPT_INT, UNIT_TIME, DETECT(lease_ns), "10s", 0, 3.6e12,
	  .help = "a node renews its lease so often; the last time before its loss is drawn",
	  .source = "kubelet: 40 s leases, renewed at a quarter of that" },
	{ "grace", OPT_INT, UNIT_TIME, DETECT(grace_ns), "50s", 0, 3.6e12,
	  .help = "a node whose last renewal is older is not ready: its pods get no requests and "
		  "it gets no pods",
	  .source = "node-monitor-grace-period, 50 s since kubernetes#126287" },
	{ "monitor", OPT_INT, UNIT_TIME, DETECT(monitor_ns), "5s", 1, 3.6e12,
	  .help = "how often that is looked at", .source = "node-monitor-period" },
	{ "eviction", OPT_INT, UNIT_TIME, DETECT(eviction_ns), "300s", 0, 8.64e13,
	  .help = "from a node's taint to the end of its pods: only then they are replaced",
	  .source = "admission plugin DefaultTolerationSeconds: 300 s for unreachable nodes" },
	{ "eviction_rate", OPT_REAL, UNIT_PER_S, DETECT(eviction_rate), "0.1/s", 0, 1e9,
	  .help = "nodes of a zone that are tainted, at most; 0 = no limit", .source = lifecycle },
	{ "function", OPT_INT, UNIT_TIME, DETECT(function_ns), "15s", 0, 3.6e12,
	  .help = "from the death of a control function or scheduler to its loss being known",
	  .source = "client-go leader election: a lease of 15 s; of the functional plane the same "
		    "is assumed" },
	{ "reset", OPT_INT, UNIT_TIME, DETECT(reset_ns), "10s", 0, 3.6e12,
	  .help = "a request inside a lost node, or sent there, fails after so long",
	  .source = "assumption: a proxy's connect timeout (Istio 10 s, Envoy 5 s)" },
	OPT_END
};

enum fault_unit event_unit(enum event_kind kind)
{
	switch (kind) {
	case EVENT_NODE_DOWN:
	case EVENT_NODE_UP:
	case EVENT_LINK_SLOW: return UNIT_NODES;
	case EVENT_RACK_DOWN:
	case EVENT_RACK_UP: return UNIT_RACKS;
	case EVENT_ZONE_DOWN:
	case EVENT_ZONE_UP: return UNIT_ZONES;
	case EVENT_FUNCTION_DOWN: return UNIT_FUNCTIONS;
	case EVENT_ROLLING_UPGRADE: return UNIT_SERVICES;
	default: return UNIT_ONE;
	}
}

const char *event_name(enum event_kind kind)
{
	assert(kind < EVENT_KINDS);
	return kinds[kind];
}

uint32_t event_zone(uint32_t node, int64_t nodes, int64_t rack_nodes, int64_t zones)
{
	int64_t racks = (nodes + rack_nodes - 1) / rack_nodes, rack = node / rack_nodes;

	return (uint32_t)(rack < racks ? rack * zones / racks : rack % zones);
}

bool event_names(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; *at;) {
		size_t word;

		at += strspn(at, ", ");
		word = strcspn(at, ", ");
		if (word == n && !memcmp(at, name, n))
			return true;
		at += word;
	}
	return false;
}

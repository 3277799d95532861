/* A node that is off has two clocks: when the control plane hears more of it, and when it has
 * booted.  Requests inside die at once, but their gateway learns it only when it gives the
 * connection up. */
#include "sim/outage.h"
#include "sim/loop.h"
#include <assert.h>

enum { NS_PER_S = 1000000000 };
enum node_state { NODE_ON, NODE_OFF, NODE_BOOTING };
enum known { KNOWN_NOT, KNOWN_SILENT, KNOWN_TAINTED, KNOWN_GONE };

struct off_node {
	struct sim_event hear, boot; /* control hears more of it; it is up again */
	struct outages *outages;
	uint32_t id, taken, given; /* by how many; the turn at which all was given back */
	uint8_t state, known;
	bool there;    /* it is one of the cluster's by now */
	uint32_t pods; /* on it: the first of a list; NONE */
};

struct outages {
	struct world *world;
	const struct detection_config *detect;
	struct off_node *node;
	uint32_t nodes, turn;
	int64_t *taint_ns; /* of a zone: when its next node may be tainted */
	struct rng leases, boots;
	struct outbox ended;
	uint64_t nodes_lost, pods_lost, requests_lost;
};

static void tell(struct outages *f, enum msg_kind kind, uint32_t who)
{
	struct msg msg = { .kind = (uint16_t)kind, .who = who };

	loop_post(f->world, MACHINE_CONTROL, 0, &msg, NULL);
}

static uint32_t zone_of(const struct outages *f, uint32_t node)
{
	const struct cluster_config *cluster = f->world->config->cluster;

	return event_zone(node, cluster->nodes, cluster->rack_nodes, cluster->zones);
}

/* The control plane hears more of a node that is down: silent, tainted, given up. */
static void hear_due(struct sim *sim, struct sim_event *event)
{
	struct off_node *node = SIM_OWNER(event, struct off_node, hear);
	struct outages *f = node->outages;
	int64_t *turn_ns = &f->taint_ns[zone_of(f, node->id)], at = sim_now(sim);

	switch ((enum known)node->known++) {
	case KNOWN_NOT:
		at = *turn_ns > at ? *turn_ns : at;
		if (f->detect->eviction_rate > 0)
			*turn_ns = at + (int64_t)(NS_PER_S / f->detect->eviction_rate + 0.5);
		sim_arm(sim, &node->hear, at);
		tell(f, MSG_NODE_SILENT, node->id);
		break;
	case KNOWN_SILENT: sim_arm(sim, &node->hear, at + f->detect->eviction_ns); break;
	case KNOWN_TAINTED: tell(f, MSG_NODE_DOWN, node->id); break;
	case KNOWN_GONE: assert(!"a node is given up once");
	}
}

/* The last renewal of its lease lies up to `lease` back. */
static int64_t noticed_ns(struct outages *f)
{
	int64_t every = f->detect->monitor_ns,
		at = sim_now(f->world->sim) + f->detect->grace_ns -
		     (int64_t)(rng_unit(&f->leases) * (double)f->detect->lease_ns);

	at = at > sim_now(f->world->sim) ? at : sim_now(f->world->sim);
	return (at + every - 1) / every * every;
}

/* Requests inside have failed, but their gateway learns it only when it gives the connection up. */
static void fail_requests(struct outages *f)
{
	for (uint32_t i = 0; i < f->ended.n; i++)
		later_post(f->world->later, f->detect->reset_ns, MACHINE_SERVING, 0,
			   &f->ended.at[i], NULL);
	f->requests_lost += f->ended.n;
	outbox_clear(&f->ended);
}

void outages_pod_in(struct outages *f, struct pod *pod)
{
	uint32_t *first = &f->node[pod->node].pods;

	pod->next = *first;
	pod->prev = NONE;
	if (*first != NONE)
		f->world->pods.at[*first]->prev = pod->slot;
	*first = pod->slot;
}

void outages_pod_out(struct outages *f, struct pod *pod)
{
	if (pod->next != NONE)
		f->world->pods.at[pod->next]->prev = pod->prev;
	if (pod->prev != NONE)
		f->world->pods.at[pod->prev]->next = pod->next;
	else
		f->node[pod->node].pods = pod->next;
}

/* All that runs on it is gone. */
static void die(struct outages *f, uint32_t id, bool wipe)
{
	struct world *world = f->world;

	f->nodes_lost++;
	while (f->node[id].pods != NONE) {
		struct pod *pod = world->pods.at[f->node[id].pods];

		f->pods_lost++;
		kubelet_lost(world->kubelet, pod->slot, pod->gen);
		pods_lost(world, pod, &f->ended);
	}
	kubelet_node_down(world->kubelet, id, wipe);
	fail_requests(f);
	f->node[id].known = KNOWN_NOT;
	sim_arm(world->sim, &f->node[id].hear, noticed_ns(f));
}

void outages_take(struct outages *f, uint32_t id, bool wipe)
{
	struct off_node *node = &f->node[id];

	if (!node->there)
		return;
	node->taken++;
	if (node->state == NODE_BOOTING)
		sim_disarm(&node->boot);
	if (node->state == NODE_ON)
		die(f, id, wipe);
	else if (wipe)
		kubelet_node_down(f->world->kubelet, id, true);
	node->state = NODE_OFF;
}

void outages_give(struct outages *f, uint32_t id, uint32_t turn)
{
	struct off_node *node = &f->node[id];

	if (node->given > turn || !node->taken || --node->taken)
		return;
	node->state = NODE_BOOTING;
	sim_arm(f->world->sim, &node->boot,
		sim_now(f->world->sim) +
			cold_start_boot_ns(f->world->config->cold_start, &f->boots));
}

void outages_give_all(struct outages *f, uint32_t id)
{
	struct off_node *node = &f->node[id];

	if (node->taken > 1)
		node->taken = 1;
	outages_give(f, id, UINT32_MAX);
	node->given = ++f->turn;
}

uint32_t outages_turn(const struct outages *f)
{
	return f->turn;
}

/* It is back, and what ran on it is not. */
static void boot_due(struct sim *sim, struct sim_event *event)
{
	struct off_node *node = SIM_OWNER(event, struct off_node, boot);
	struct outages *f = node->outages;

	(void)sim;
	node->state = NODE_ON;
	sim_disarm(&node->hear);
	if (node->known < KNOWN_GONE)
		tell(f, MSG_NODE_DOWN, node->id);
	tell(f, MSG_NODE_UP, node->id);
}

bool outages_on(const struct outages *f, uint32_t node)
{
	return f->node[node].there && f->node[node].state == NODE_ON;
}

void outages_came(struct outages *f, uint32_t node)
{
	f->node[node].there = true;
}

uint32_t outages_nodes(const struct outages *f)
{
	return f->nodes;
}

void outages_count(const struct outages *f, struct fault_totals *totals)
{
	totals->nodes_lost += f->nodes_lost;
	totals->pods_lost += f->pods_lost;
	totals->requests_lost += f->requests_lost;
}

struct outages *outages_new(struct world *world)
{
	const struct cluster_config *cluster = world->config->cluster;
	struct outages *f = calloc(1, sizeof(*f));

	assert(f);
	f->world = world;
	f->detect = world->config->detection;
	f->leases = rng_stream(world->config->seed, "event/lease", 0);
	f->boots = rng_stream(world->config->seed, "event/boot", 0);
	f->nodes = (uint32_t)(cluster->provision.max_nodes > cluster->nodes
				      ? cluster->provision.max_nodes
				      : cluster->nodes);
	f->node = calloc(f->nodes + 1, sizeof(*f->node));
	f->taint_ns = calloc((size_t)cluster->zones, sizeof(*f->taint_ns));
	assert(f->node && f->taint_ns);
	for (uint32_t i = 0; i < f->nodes; i++)
		f->node[i] = (struct off_node){ .hear = SIM_EVENT(hear_due),
						.boot = SIM_EVENT(boot_due),
						.outages = f,
						.id = i,
						.pods = NONE,
						.there = i < cluster->nodes };
	return f;
}

void outages_free(struct outages *f)
{
	if (!f)
		return;
	free(f->node);
	free(f->taint_ns);
	outbox_release(&f->ended);
	free(f);
}

/* Each event of the scenario is a source that fires when its time has come, chooses what it happens
 * to, and arms an end for each.  All draws come from streams named by the event's number, so that
 * one more event changes no other. */
#include "sim/faults.h"
#include "sim/loop.h"
#include "sim/outage.h"
#include "sim/rows.h"
#include <assert.h>
#include <stdio.h>

/* An event of the scenario. */
struct source {
	struct sim_event due;
	struct sim_event next; /* rolling-upgrade: the next service */
	struct faults *faults;
	const struct event_config *config;
	struct rng gaps, targets, lengths;
	uint32_t *services, n_services, at; /* that it names, NULL = all */
};

/* What will be over. */
struct ending {
	struct sim_event event;
	struct faults *faults;
	uint32_t id, source, target, turn;
};

/* A bandwidth, by how many events it is cut, and by how many to nothing. */
struct slow {
	double factor;
	uint32_t events, nothing;
};

struct faults {
	struct world *world;
	struct outages *outages;
	struct source *sources;
	uint32_t n;
	struct rows endings;
	struct slow *link, store[REMOTES]; /* of nodes; of stores */
	VEC(uint32_t) targets;
	VEC(uint8_t) dead;		/* control functions */
	VEC(int64_t) back_ns, known_ns; /* its place is taken again; its death is known */
	uint32_t api_down;
	struct fault_totals totals;
};

static int64_t now_of(const struct faults *f)
{
	return sim_now(f->world->sim);
}

static void record(const struct faults *f, const struct event_config *config, uint32_t n, bool over)
{
	struct event_record record = { .at_ns = now_of(f), .count = n, .over = over };

	snprintf(record.kind, sizeof(record.kind), "%s", event_name((enum event_kind)config->kind));
	if (f->world->sink.event)
		f->world->sink.event(f->world->sink.ctx, &record);
}

static void tell(struct faults *f, enum msg_kind kind, uint32_t who)
{
	struct msg msg = { .kind = (uint16_t)kind, .who = who };

	loop_post(f->world, MACHINE_CONTROL, 0, &msg, NULL);
}

/* ---- nodes ---- */

/* Of a node, a rack or a zone: whether this node belongs to it; NONE is all. */
static bool belongs(const struct faults *f, enum fault_unit unit, uint32_t target, uint32_t node)
{
	const struct cluster_config *cluster = f->world->config->cluster;

	if (target == NONE)
		return true;
	if (unit == UNIT_NODES)
		return node == target;
	if (unit == UNIT_RACKS)
		return node / cluster->rack_nodes == target;
	return event_zone(node, cluster->nodes, cluster->rack_nodes, cluster->zones) == target;
}

enum power { POWER_TAKE, POWER_GIVE, POWER_GIVE_ALL };

static void switch_nodes(struct faults *f, const struct event_config *config, uint32_t target,
			 enum power power, uint32_t turn)
{
	enum fault_unit unit = event_unit((enum event_kind)config->kind);
	bool one = unit == UNIT_NODES && target != NONE;
	uint32_t n = one ? target + 1 : outages_nodes(f->outages);

	for (uint32_t i = one ? target : 0; i < n; i++) {
		if (!belongs(f, unit, target, i))
			continue;
		if (power == POWER_TAKE)
			outages_take(f->outages, i, config->wipe);
		else if (power == POWER_GIVE)
			outages_give(f->outages, i, turn);
		else
			outages_give_all(f->outages, i);
	}
}

bool faults_node_off(const struct faults *f, uint32_t node)
{
	return !outages_on(f->outages, node);
}

void faults_pod(struct faults *f, struct pod *pod, bool holds)
{
	if (holds)
		outages_pod_in(f->outages, pod);
	else
		outages_pod_out(f->outages, pod);
}

void faults_node_came(struct faults *f, uint32_t node)
{
	outages_came(f->outages, node);
}

/* ---- bandwidth ---- */

/* What is left of it; exactly all when nothing cuts it any more. */
static double cut(struct slow *slow, double factor, bool over)
{
	uint32_t one = over ? -1u : 1u;

	slow->events += one;
	if (factor <= 0)
		slow->nothing += one;
	else
		slow->factor = over ? slow->factor / factor : slow->factor * factor;
	if (!slow->events)
		slow->factor = 1;
	return slow->nothing ? 0 : slow->factor;
}

static void slow_down(struct faults *f, const struct event_config *config, uint32_t target,
		      bool over)
{
	enum remote store = config->kind == EVENT_DFS_SLOW ? REMOTE_DFS : REMOTE_REGISTRY;

	if (config->kind == EVENT_LINK_SLOW)
		net_node_scale(f->world->net, target, cut(&f->link[target], config->factor, over));
	else
		storage_scale(f->world->storage, store,
			      cut(&f->store[store], config->factor, over));
}

/* ---- control functions ---- */

static bool is_dead(const struct faults *f, uint32_t function)
{
	return function < f->dead.n && f->dead.at[function];
}

static void lose_function(struct faults *f, uint32_t id, int64_t length_ns)
{
	struct msg msg = { .kind = MSG_FUNCTION_LOST, .who = id };

	while (f->dead.n <= id) {
		vec_push(&f->dead, 0);
		vec_push(&f->back_ns, 0);
		vec_push(&f->known_ns, 0);
	}
	if (f->dead.at[id])
		return;
	f->dead.at[id] = true;
	f->back_ns.at[id] = now_of(f) + length_ns;
	f->known_ns.at[id] = now_of(f) + f->world->config->detection->function_ns;
	f->totals.functions_lost++;
	later_post(f->world->later, f->world->config->detection->function_ns, MACHINE_CONTROL, 0,
		   &msg, NULL);
}

/* A node as the end of a message. */
static bool is_off(const struct faults *f, uint32_t who)
{
	return is_node(who) && faults_node_off(f, who & ~NODE_BIT);
}

bool faults_swallow(struct faults *f, const struct msg *msg)
{
	switch ((enum msg_kind)msg->kind) {
	case MSG_SEND: return is_off(f, msg->send.from);
	case MSG_RECEIVED: return is_off(f, msg->who);
	case MSG_THINK:
	case MSG_THOUGHT:
	case MSG_FUNCTION_UP: return is_dead(f, msg->who);
	case MSG_FUNCTION_LOST:
		/* It was stopped before anyone missed it. */
		if (!is_dead(f, msg->who))
			return true;
		f->dead.at[msg->who] = false;
		return false;
	case MSG_FUNCTION_STOP:
		if (is_dead(f, msg->who))
			f->dead.at[msg->who] = false;
		return false;
	default: return false;
	}
}

int64_t faults_in_vain(const struct faults *f, const struct msg *msg)
{
	if (msg->kind != MSG_RECEIVED || !is_dead(f, msg->who))
		return 0;
	return f->known_ns.at[msg->who] - now_of(f);
}

int64_t faults_function_wait(const struct faults *f, uint32_t function)
{
	int64_t back_ns = function < f->back_ns.n ? f->back_ns.at[function] : 0;

	return back_ns > now_of(f) ? back_ns - now_of(f) : 0;
}

/* ---- beginnings and ends ---- */

static void api_set(struct faults *f, bool down)
{
	f->api_down += down ? 1u : -1u;
	api_set_up(f->world->api, !f->api_down);
}

static void over(struct faults *f, const struct ending *ending)
{
	const struct event_config *config = f->sources[ending->source].config;

	switch ((enum event_kind)config->kind) {
	case EVENT_NODE_DOWN:
	case EVENT_RACK_DOWN:
	case EVENT_ZONE_DOWN:
		switch_nodes(f, config, ending->target, POWER_GIVE, ending->turn);
		break;
	case EVENT_API_DOWN: api_set(f, false); break;
	default: slow_down(f, config, ending->target, true);
	}
}

static void ending_due(struct sim *sim, struct sim_event *event)
{
	struct ending *ending = SIM_OWNER(event, struct ending, event);
	struct faults *f = ending->faults;

	(void)sim;
	record(f, f->sources[ending->source].config, 1, true);
	rows_give(&f->endings, ending->id);
	over(f, ending);
}

static void end_later(struct faults *f, uint32_t source, uint32_t target, int64_t length_ns)
{
	uint32_t id = rows_take(&f->endings);
	struct ending *ending = rows_at(&f->endings, id);

	if (!ending->faults) {
		ending->event = SIM_EVENT(ending_due);
		ending->faults = f;
		ending->id = id;
	}
	ending->source = source;
	ending->target = target;
	ending->turn = outages_turn(f->outages);
	sim_arm(f->world->sim, &ending->event, now_of(f) + length_ns);
}

static void happen(struct faults *f, uint32_t source, uint32_t target)
{
	struct source *from = &f->sources[source];
	const struct event_config *config = from->config;
	int64_t length_ns = dist_draw_int(&config->length, &from->lengths);

	switch ((enum event_kind)config->kind) {
	case EVENT_NODE_DOWN:
	case EVENT_RACK_DOWN:
	case EVENT_ZONE_DOWN: switch_nodes(f, config, target, POWER_TAKE, 0); break;
	case EVENT_NODE_UP:
	case EVENT_RACK_UP:
	case EVENT_ZONE_UP: switch_nodes(f, config, target, POWER_GIVE_ALL, 0); return;
	case EVENT_FUNCTION_DOWN: lose_function(f, target, length_ns); return;
	case EVENT_API_DOWN: api_set(f, true); break;
	case EVENT_LINK_SLOW:
	case EVENT_REGISTRY_SLOW:
	case EVENT_DFS_SLOW: slow_down(f, config, target, false); break;
	case EVENT_ROLLING_UPGRADE:
	case EVENT_KINDS: return;
	}
	if (length_ns)
		end_later(f, source, target, length_ns);
}

/* ---- what it happens to ---- */

/* Those of a kind that are there, into targets. */
static void candidates(struct faults *f, const struct event_config *config)
{
	enum fault_unit unit = event_unit((enum event_kind)config->kind);
	enum function_kind kind = (enum function_kind)config->function;
	const struct cluster_config *cluster = f->world->config->cluster;
	uint32_t n;

	f->targets.n = 0;
	if (unit == UNIT_FUNCTIONS) {
		n = control_functions(f->world->control, kind, NULL);
		vec_reserve(&f->targets, n);
		f->targets.n = control_functions(f->world->control, kind, f->targets.at);
		return;
	}
	if (unit == UNIT_NODES) {
		for (uint32_t i = 0; i < outages_nodes(f->outages); i++)
			if (outages_on(f->outages, i))
				vec_push(&f->targets, i);
		return;
	}
	n = unit == UNIT_RACKS
		  ? (uint32_t)((cluster->nodes + cluster->rack_nodes - 1) / cluster->rack_nodes)
	  : unit == UNIT_ZONES ? (uint32_t)cluster->zones
			       : 1;
	for (uint32_t i = 0; i < n; i++)
		vec_push(&f->targets, i);
}

static void choose(struct faults *f, struct source *source)
{
	const struct event_config *config = source->config;
	enum fault_unit unit = event_unit((enum event_kind)config->kind);
	uint32_t n;

	if (config->first >= 0 && unit != UNIT_ONE && unit != UNIT_FUNCTIONS) {
		f->targets.n = 0;
		for (int64_t i = 0; i < config->count; i++)
			vec_push(&f->targets, (uint32_t)(config->first + i));
		return;
	}
	candidates(f, config);
	if (unit == UNIT_ONE)
		return;
	n = f->targets.n < config->count ? f->targets.n : (uint32_t)config->count;
	if (config->first >= 0) { /* of the functions that are up, by their order */
		uint32_t from =
			config->first < f->targets.n ? (uint32_t)config->first : f->targets.n;

		n = f->targets.n - from < n ? f->targets.n - from : n;
		for (uint32_t i = 0; i < n; i++)
			f->targets.at[i] = f->targets.at[from + i];
	}
	for (uint32_t i = 0; config->first < 0 && i < n; i++) {
		uint32_t j = i + rng_below(&source->targets, f->targets.n - i),
			 drawn = f->targets.at[j];

		f->targets.at[j] = f->targets.at[i];
		f->targets.at[i] = drawn;
	}
	f->targets.n = n;
}

/* ---- sources ---- */

static void upgrade_due(struct sim *sim, struct sim_event *event)
{
	struct source *source = SIM_OWNER(event, struct source, next);
	struct faults *f = source->faults;

	do {
		uint32_t i = source->at++;

		f->totals.upgrades++;
		tell(f, MSG_UPGRADE, source->services ? source->services[i] : i);
	} while (source->at < source->n_services && !source->config->gap_ns);
	if (source->at < source->n_services)
		sim_arm(sim, event, sim_now(sim) + source->config->gap_ns);
}

static void source_due(struct sim *sim, struct sim_event *event)
{
	struct source *source = SIM_OWNER(event, struct source, due);
	const struct event_config *config = source->config;
	struct faults *f = source->faults;
	int64_t gap_ns = dist_mean(&config->every) > 0
			       ? 1 + dist_draw_int(&config->every, &source->gaps)
			       : 0,
		until_ns = config->until_ns ? config->until_ns : SIM_NEVER;
	enum fault_unit unit = event_unit((enum event_kind)config->kind);
	bool ends_all = config->first < 0 &&
			(config->kind == EVENT_NODE_UP || config->kind == EVENT_RACK_UP ||
			 config->kind == EVENT_ZONE_UP);

	if (gap_ns > 0 && sim_now(sim) < until_ns - gap_ns)
		sim_arm(sim, event, sim_now(sim) + gap_ns);
	f->totals.events++;
	if (unit == UNIT_SERVICES) {
		record(f, config, source->n_services, false);
		source->at = 0;
		if (source->n_services)
			upgrade_due(sim, &source->next);
		return;
	}
	f->targets.n = 0;
	if (!ends_all)
		choose(f, source);
	else
		vec_push(&f->targets, NONE);
	record(f, config, f->targets.n, false);
	for (uint32_t i = 0; i < f->targets.n; i++)
		happen(f, (uint32_t)(source - f->sources), f->targets.at[i]);
}

/* The services that a text names; all of them are there (setup_check). */
static void name_services(struct source *source, const struct world_config *config)
{
	const char *at = source->config->services;

	source->n_services = config->n_services;
	if (!at || !*at)
		return;
	source->services = calloc(config->n_services + 1, sizeof(*source->services));
	assert(source->services);
	source->n_services = 0;
	for (uint32_t i = 0; i < config->n_services; i++)
		if (event_names(at, config->services[i].name))
			source->services[source->n_services++] = i;
}

struct faults *faults_new(struct world *world)
{
	const struct opt_list *events = world->config->events;
	const struct event_config *config = events ? events->at : NULL;
	struct faults *f;

	if (!events || !events->n)
		return NULL;
	f = calloc(1, sizeof(*f));
	assert(f);
	f->world = world;
	f->outages = outages_new(world);
	f->link = calloc(outages_nodes(f->outages) + 1, sizeof(*f->link));
	assert(f->link);
	for (uint32_t i = 0; i < outages_nodes(f->outages); i++)
		f->link[i].factor = 1;
	for (int i = 0; i < REMOTES; i++)
		f->store[i].factor = 1;
	f->n = events->n;
	f->sources = calloc(f->n, sizeof(*f->sources));
	assert(f->sources);
	f->endings.row_bytes = sizeof(struct ending);
	for (uint32_t i = 0; i < f->n; i++) {
		struct source *source = &f->sources[i];

		source->due = SIM_EVENT(source_due);
		source->next = SIM_EVENT(upgrade_due);
		source->faults = f;
		source->config = &config[i];
		source->gaps = rng_stream(world->config->seed, "event/gap", i);
		source->targets = rng_stream(world->config->seed, "event/target", i);
		source->lengths = rng_stream(world->config->seed, "event/length", i);
		name_services(source, world->config);
		sim_arm(world->sim, &source->due, config[i].at_ns);
	}
	return f;
}

void faults_free(struct faults *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; i < f->n; i++)
		free(f->sources[i].services);
	free(f->sources);
	free(f->link);
	outages_free(f->outages);
	rows_release(&f->endings);
	vec_release(&f->targets);
	vec_release(&f->dead);
	vec_release(&f->back_ns);
	vec_release(&f->known_ns);
	free(f);
}

struct fault_totals faults_totals(const struct faults *f)
{
	struct fault_totals totals = { 0 };

	if (!f)
		return totals;
	totals = f->totals;
	outages_count(f->outages, &totals);
	return totals;
}

/* Progressive filling, where something changed.
 *
 * A flow that begins or ends marks its links and arms one pass for the same instant, so that a
 * burst costs one recomputation. The pass collects the links and flows that are connected with the
 * marked ones, and fills them: all rates rise together; the link (or flow) with the smallest fair
 * share stops first, its flows are frozen there, and so on. A heap keeps the shares; a share only
 * grows while others freeze, so an old key is a lower bound and is corrected when it comes up.
 * O((flows * path + links) log) for the component; flows whose rate stays keep their event. Bytes
 * move at each change of rate: whole ones as integers, the fraction is carried. */
#include "sim/flow.h"
#include "sim/physics.h"
#include "sim/rows.h"

enum flow_state { FLOW_FREE, FLOW_DELAYED, FLOW_MOVING };

/* A place of a flow in a link's list: flow * FLOW_LINKS + position in its path. */
#define END UINT32_MAX

struct flow {
	struct sim_event event;
	struct flow_net *net;
	struct sim_event *done;
	double rate, next_rate, cap;
	double part; /* of a byte, moved beyond the whole ones */
	int64_t bytes, left;
	sim_time since; /* bytes are accounted for up to here */
	uint32_t id, state, weight;
	uint32_t seen, frozen; /* the last pass that did so */
	struct flow_path path;
	uint32_t next[FLOW_LINKS], prev[FLOW_LINKS];
};

struct link {
	double rate, room; /* room: what is left in this pass */
	int64_t bytes;
	uint32_t head, seen;
	uint64_t thawed; /* weight of the flows not yet frozen in this pass */
	bool dirty;
};

struct share {
	double key;
	uint32_t id;
	bool flow;
};

struct flow_net {
	struct sim *sim;
	struct sim_event pass;
	struct rows flows;
	VEC(struct link) links;
	VEC(uint32_t) dirty, part_links, part_flows;
	VEC(struct share) heap;
	uint32_t epoch;
	struct flow_totals totals;
};

static inline struct flow *flow_at(const struct flow_net *net, uint32_t id)
{
	return rows_at(&net->flows, id);
}

/* Accounts for the bytes moved up to now at the rate so far. */
static void flow_advance(struct flow *flow)
{
	struct flow_net *net = flow->net;
	sim_time now = sim_now(net->sim);
	double moved = flow->rate * 1e-9 * (double)(now - flow->since) + flow->part;
	int64_t whole = moved < (double)flow->left ? (int64_t)moved : flow->left;

	flow->since = now;
	flow->part = whole < flow->left ? moved - (double)whole : 0;
	flow->left -= whole;
	for (uint32_t i = 0; i < flow->path.n; i++)
		net->links.at[flow->path.link[i]].bytes += whole;
}

static void flow_set(struct flow *flow, double rate)
{
	sim_time wait;

	flow_advance(flow);
	flow->rate = rate;
	flow->net->totals.rates++;
	wait = rate > 0 ? physics_ns(((double)flow->left - flow->part) / rate * 1e9) : SIM_NEVER;
	if (wait < SIM_NEVER - flow->since)
		sim_arm(flow->net->sim, &flow->event, flow->since + wait);
	else
		sim_disarm(&flow->event);
}

static void touch(struct flow_net *net, uint32_t link)
{
	if (net->links.at[link].dirty)
		return;
	net->links.at[link].dirty = true;
	vec_push(&net->dirty, link);
	if (!sim_armed(&net->pass))
		sim_arm(net->sim, &net->pass, sim_now(net->sim));
}

static void flow_join(struct flow *flow)
{
	struct flow_net *net = flow->net;

	flow->state = FLOW_MOVING;
	flow->since = sim_now(net->sim);
	flow->rate = 0;
	for (uint32_t i = 0; i < flow->path.n; i++) {
		struct link *link = &net->links.at[flow->path.link[i]];
		uint32_t head = link->head, place = flow->id * FLOW_LINKS + i;

		flow->prev[i] = END;
		flow->next[i] = head;
		if (head != END)
			flow_at(net, head / FLOW_LINKS)->prev[head % FLOW_LINKS] = place;
		link->head = place;
		touch(net, flow->path.link[i]);
	}
	if (flow->path.n)
		return;
	if (flow->cap > 0)
		flow_set(flow, flow->cap);
	else
		sim_arm(net->sim, &flow->event, flow->since);
}

static void flow_leave(struct flow *flow)
{
	struct flow_net *net = flow->net;

	if (flow->state == FLOW_MOVING) {
		for (uint32_t i = 0; i < flow->path.n; i++) {
			uint32_t next = flow->next[i], prev = flow->prev[i];

			if (next != END)
				flow_at(net, next / FLOW_LINKS)->prev[next % FLOW_LINKS] = prev;
			if (prev != END)
				flow_at(net, prev / FLOW_LINKS)->next[prev % FLOW_LINKS] = next;
			else
				net->links.at[flow->path.link[i]].head = next;
			touch(net, flow->path.link[i]);
		}
	}
	sim_disarm(&flow->event);
	flow->state = FLOW_FREE;
	rows_give(&net->flows, flow->id);
}

static void flow_event(struct sim *sim, struct sim_event *event)
{
	struct flow *flow = SIM_OWNER(event, struct flow, event);
	struct sim_event *done = flow->done;

	if (flow->state == FLOW_DELAYED && flow->left) {
		flow_join(flow);
		return;
	}
	for (uint32_t i = 0; i < flow->path.n; i++)
		flow->net->links.at[flow->path.link[i]].bytes += flow->left;
	flow->left = 0;
	flow_leave(flow);
	if (done)
		done->fn(sim, done);
}

uint32_t flow_begin(struct flow_net *net, const struct flow_spec *spec)
{
	uint32_t id = rows_take(&net->flows);
	struct flow *flow = flow_at(net, id);

	assert(spec->bytes >= 0 && spec->delay_ns >= 0 && spec->cap >= 0);
	assert(spec->path.n <= FLOW_LINKS);
	if (!flow->net) {
		flow->event = SIM_EVENT(flow_event);
		flow->net = net;
		flow->id = id;
	}
	flow->done = spec->done;
	flow->cap = spec->cap;
	flow->weight = spec->weight ? spec->weight : 1;
	flow->path = spec->path;
	flow->bytes = flow->left = spec->bytes;
	flow->rate = flow->part = 0;
	net->totals.flows++;
	for (uint32_t i = 0; i < flow->path.n; i++)
		assert(flow->path.link[i] < net->links.n);
	if (spec->delay_ns || !spec->bytes) {
		flow->state = FLOW_DELAYED;
		sim_arm(net->sim, &flow->event, sim_now(net->sim) + spec->delay_ns);
	} else {
		flow_join(flow);
	}
	return id;
}

int64_t flow_cancel(struct flow_net *net, uint32_t id)
{
	struct flow *flow = flow_at(net, id);

	assert(flow->state != FLOW_FREE);
	if (flow->state == FLOW_MOVING)
		flow_advance(flow);
	flow_leave(flow);
	return flow->bytes - flow->left;
}

double flow_rate(const struct flow_net *net, uint32_t id)
{
	assert(flow_at(net, id)->state != FLOW_FREE);
	return flow_at(net, id)->rate;
}

static bool share_before(struct share a, struct share b)
{
	if (a.key != b.key)
		return a.key < b.key;
	if (a.flow != b.flow)
		return b.flow;
	return a.id < b.id;
}

static void heap_push(struct flow_net *net, double key, uint32_t id, bool flow)
{
	struct share share = { key, id, flow };
	uint32_t at = net->heap.n;

	vec_push(&net->heap, share);
	while (at && share_before(share, net->heap.at[(at - 1) / 2])) {
		net->heap.at[at] = net->heap.at[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	net->heap.at[at] = share;
}

static struct share heap_pop(struct flow_net *net)
{
	struct share *heap = net->heap.at, top = heap[0], last = vec_pop(&net->heap);
	uint32_t n = net->heap.n, at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && share_before(heap[child + 1], heap[child]))
			child++;
		if (!share_before(heap[child], last))
			break;
		heap[at] = heap[child];
		at = child;
	}
	if (n)
		heap[at] = last;
	return top;
}

static void link_collect(struct flow_net *net, uint32_t id)
{
	struct link *link = &net->links.at[id];

	if (link->seen == net->epoch)
		return;
	link->seen = net->epoch;
	link->room = link->rate;
	link->thawed = 0;
	vec_push(&net->part_links, id);
}

/* The links and flows that are connected with the dirty links. */
static void collect(struct flow_net *net)
{
	net->epoch++;
	net->part_links.n = net->part_flows.n = 0;
	for (uint32_t i = 0; i < net->dirty.n; i++) {
		net->links.at[net->dirty.at[i]].dirty = false;
		link_collect(net, net->dirty.at[i]);
	}
	net->dirty.n = 0;
	for (uint32_t i = 0; i < net->part_links.n; i++) {
		uint32_t place = net->links.at[net->part_links.at[i]].head;

		while (place != END) {
			struct flow *flow = flow_at(net, place / FLOW_LINKS);

			place = flow->next[place % FLOW_LINKS];
			if (flow->seen == net->epoch)
				continue;
			flow->seen = net->epoch;
			vec_push(&net->part_flows, flow->id);
			for (uint32_t j = 0; j < flow->path.n; j++) {
				link_collect(net, flow->path.link[j]);
				net->links.at[flow->path.link[j]].thawed += flow->weight;
			}
		}
	}
}

static void flow_freeze(struct flow *flow, double rate)
{
	struct flow_net *net = flow->net;

	flow->frozen = net->epoch;
	flow->next_rate = rate;
	for (uint32_t i = 0; i < flow->path.n; i++) {
		struct link *link = &net->links.at[flow->path.link[i]];

		link->room -= rate;
		link->thawed -= flow->weight;
	}
}

static void fill(struct flow_net *net)
{
	double level = 0; /* per unit of weight; shares below it are rounding */

	net->heap.n = 0;
	for (uint32_t i = 0; i < net->part_links.n; i++) {
		uint32_t id = net->part_links.at[i];
		const struct link *link = &net->links.at[id];

		if (link->thawed)
			heap_push(net, link->room / (double)link->thawed, id, false);
	}
	for (uint32_t i = 0; i < net->part_flows.n; i++) {
		const struct flow *flow = flow_at(net, net->part_flows.at[i]);

		if (flow->cap > 0)
			heap_push(net, flow->cap / flow->weight, flow->id, true);
	}
	while (net->heap.n) {
		struct share share = heap_pop(net);

		if (share.flow) {
			struct flow *flow = flow_at(net, share.id);

			if (flow->frozen != net->epoch) {
				flow_freeze(flow, flow->cap);
				level = share.key;
			}
			continue;
		}
		const struct link *link = &net->links.at[share.id];
		double unit;

		if (!link->thawed)
			continue;
		unit = link->room / (double)link->thawed;
		if (unit > share.key) {
			heap_push(net, unit, share.id, false);
			continue;
		}
		level = unit > level ? unit : level;
		for (uint32_t place = link->head; place != END;) {
			struct flow *flow = flow_at(net, place / FLOW_LINKS);

			place = flow->next[place % FLOW_LINKS];
			if (flow->frozen != net->epoch)
				flow_freeze(flow, level * flow->weight);
		}
	}
}

static void pass_event(struct sim *sim, struct sim_event *event)
{
	struct flow_net *net = SIM_OWNER(event, struct flow_net, pass);

	(void)sim;
	net->totals.passes++;
	collect(net);
	fill(net);
	for (uint32_t i = 0; i < net->part_flows.n; i++) {
		struct flow *flow = flow_at(net, net->part_flows.at[i]);

		if (flow->next_rate != flow->rate)
			flow_set(flow, flow->next_rate);
	}
}

struct flow_net *flow_net_new(struct sim *sim)
{
	struct flow_net *net = calloc(1, sizeof(*net));

	assert(net);
	net->sim = sim;
	net->pass = SIM_EVENT(pass_event);
	net->flows.row_bytes = sizeof(struct flow);
	return net;
}

void flow_net_free(struct flow_net *net)
{
	if (!net)
		return;
	rows_release(&net->flows);
	vec_release(&net->links);
	vec_release(&net->dirty);
	vec_release(&net->part_links);
	vec_release(&net->part_flows);
	vec_release(&net->heap);
	free(net);
}

uint32_t flow_link(struct flow_net *net, double rate)
{
	assert(rate >= 0);
	vec_push(&net->links, ((struct link){ .rate = rate, .head = END }));
	return net->links.n - 1;
}

void flow_link_set(struct flow_net *net, uint32_t link, double rate)
{
	assert(link < net->links.n && rate >= 0);
	net->links.at[link].rate = rate;
	touch(net, link);
}

double flow_link_rate(const struct flow_net *net, uint32_t link)
{
	assert(link < net->links.n);
	return net->links.at[link].rate;
}

int64_t flow_link_bytes(struct flow_net *net, uint32_t link)
{
	assert(link < net->links.n);
	for (uint32_t place = net->links.at[link].head; place != END;) {
		struct flow *flow = flow_at(net, place / FLOW_LINKS);

		place = flow->next[place % FLOW_LINKS];
		flow_advance(flow);
	}
	return net->links.at[link].bytes;
}

struct flow_totals flow_totals(const struct flow_net *net)
{
	return net->totals;
}

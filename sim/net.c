/* Four links a node (two networks, two directions) and, where a network is oversubscribed, two a
 * rack: all made at the start. What a transport adds to the bytes becomes a delay before the flow,
 * bytes on the wire, and a cap. */
#include "sim/net.h"
#include "sim/physics.h"
#include <assert.h>
#include <stdlib.h>

#define TRANSPORT(f) offsetof(struct transport, f)
#define SIDE(f) offsetof(struct net_side, f)

/* The rows that every transport has; each gives its own default and where that comes from. */
#define ROW(NAME, TYPE, UNIT, FIELD, VALUE, MIN, MAX, HELP, SOURCE) \
	{ \
		NAME, TYPE, UNIT, FIELD, VALUE, MIN, MAX, .help = HELP, .source = SOURCE \
	}
#define SETUP(VALUE, SOURCE) \
	ROW("setup", OPT_INT, UNIT_TIME, TRANSPORT(setup_ns), VALUE, 0, 3.6e12, \
	    "connection, before the first transfer between two peers", SOURCE)
#define LATENCY(VALUE, SOURCE) \
	ROW("latency", OPT_INT, UNIT_TIME, TRANSPORT(latency_ns), VALUE, 0, 3.6e12, \
	    "time of an empty transfer, one way, software included", SOURCE)
#define MESSAGE(VALUE, SOURCE) \
	ROW("message", OPT_INT, UNIT_TIME, TRANSPORT(message_ns), VALUE, 0, 1e9, \
	    "time that each message (descriptor) adds", SOURCE)
#define MESSAGE_BYTES(VALUE, SOURCE) \
	ROW("message_bytes", OPT_INT, UNIT_BYTES, TRANSPORT(message_bytes), VALUE, 1, 0x1p40, \
	    "what a message carries at most", SOURCE)
#define EFFICIENCY(VALUE, SOURCE) \
	ROW("efficiency", OPT_REAL, UNIT_SHARE, TRANSPORT(efficiency), VALUE, 0.01, 1, \
	    "share of the line rate that payload reaches", SOURCE)
#define STREAM_RATE(VALUE, SOURCE) \
	ROW("stream_rate", OPT_REAL, UNIT_RATE, TRANSPORT(stream_rate), VALUE, 0, 1e15, \
	    "what one stream reaches; 0 = the link's rate", SOURCE)
#define STREAMS(VALUE, SOURCE) \
	ROW("streams", OPT_INT, UNIT_NONE, TRANSPORT(streams), VALUE, 1, 1024, \
	    "streams side by side in a transfer", SOURCE)
#define CPU(VALUE, SOURCE) \
	ROW("cpu_per_gib", OPT_REAL, UNIT_NONE, TRANSPORT(cpu_s_per_gib), VALUE, 0, 1e3, \
	    "CPU seconds per GiB, both ends together", SOURCE)

static const char lmcache[] = "NIXL/UCX READ on one 100G rail, host memory (LMCache #4161)";
static const char rails[] = "NIXL/UCX 1.4 us, UCCL 0.15 us per descriptor (LMCache #4161); chunks "
			    "of 256 KiB to 1 MiB are usual";
static const char cai[] = "one core about 42 Gbit/s, receiver-bound (Cai et al., SIGCOMM 2021); 8 "
			  "streams give the 36 to 41 GB/s that Mooncake's README implies for TCP";

static const struct opt tcp_transport[] = {
	SETUP("5ms", "llm-d-inference-sim: 2 to 10 ms for TCP"),
	LATENCY("50us", "assumption: kernel TCP within a data centre; sweep 20 us to 1 ms"),
	MESSAGE("0s", "within latency and stream rate"),
	MESSAGE_BYTES("1MiB", "without effect while a message costs nothing"),
	EFFICIENCY("94%", "1448 payload bytes of 1538 on the wire at an MTU of 1500"),
	STREAM_RATE("42Gbit/s", cai),
	STREAMS("8", cai),
	CPU("0.4", "0.2 at the receiver (Cai et al. 2021), the same assumed at the sender"),
	OPT_END
};

static const struct opt rdma_transport[] = {
	SETUP("12.8ms", "context 7.7 ms + connect 5.1 ms on one rail (LMCache #4161); memory is "
			"registered when a pod starts"),
	LATENCY("9.9us", lmcache),
	MESSAGE("0.15us", rails),
	MESSAGE_BYTES("1MiB", rails),
	EFFICIENCY("97.8%",
		   "12.23 of 12.5 GB/s on one 100G rail (LMCache #4161); 82 to 85 % on 400G"),
	STREAM_RATE("0B/s", "the NIC moves the data: no core limits a stream"),
	STREAMS("1", "one queue pair fills a rail at 1 MiB messages (LMCache #4161)"),
	CPU("0.0152", "0.0076 at one end, native verbs at 10.8 GB/s (LMCache #4161)"),
	OPT_END
};

static const struct opt nvlink_transport[] = {
	SETUP("0.3ms", "llm-d-inference-sim: 0.1 to 0.5 ms for NVLink"),
	LATENCY("10us", "aiconfigurator: peer to peer = bytes / bandwidth + 10 us"),
	MESSAGE("0s", "within the latency"),
	MESSAGE_BYTES("1MiB", "without effect while a message costs nothing"),
	EFFICIENCY("80%", "aiconfigurator: memory operations reach 0.8 of the bandwidth"),
	STREAM_RATE("240GB/s", "0.8 of 300 GB/s one way on A100; H100 450 GB/s (aiconfigurator)"),
	STREAMS("1", "one copy at a time"),
	CPU("0", "copy engines"),
	OPT_END
};

#define NIC_RATE(VALUE, SOURCE) \
	ROW("nic_rate", OPT_REAL, UNIT_RATE, SIDE(nic_rate), VALUE, 1, 1e15, \
	    "line rate of a NIC, each way", SOURCE)
#define RAILS(VALUE, SOURCE) \
	ROW("rails", OPT_INT, UNIT_NONE, SIDE(rails), VALUE, 1, 64, \
	    "NICs a node; a transfer is striped over them", SOURCE)
#define OVERSUBSCRIPTION(VALUE, SOURCE) \
	ROW("oversubscription", OPT_REAL, UNIT_NONE, SIDE(oversubscription), VALUE, 1, 1e3, \
	    "a rack's NICs over its uplink; 1 = never limits", SOURCE)

static const struct opt tcp_side[] = {
	NIC_RATE("100Gbit/s", "assumption: more than the 5 to 6 GiB/s that an H100 node reads from "
			      "S3 (anyscale logs); sweep 10 to 200 Gbit/s"),
	RAILS("1", "assumption: one management NIC"),
	OVERSUBSCRIPTION("3", "assumption: a common leaf-spine ratio; sweep 1 to 8"),
	{ "transport", OPT_INLINE, UNIT_NONE, SIDE(transport), NULL, .sub = tcp_transport },
	OPT_END
};

static const struct opt rdma_side[] = {
	NIC_RATE("200Gbit/s", "a rail of Mooncake's 4 x 200G machines"),
	RAILS("1", "assumption: one rail a node; sweep 1 to 8"),
	OVERSUBSCRIPTION("1", "assumption: rail-optimised networks do not block"),
	{ "transport", OPT_INLINE, UNIT_NONE, SIDE(transport), NULL, .sub = rdma_transport },
	OPT_END
};

const struct opt net_options[] = {
	{ "tcp", OPT_TABLE, UNIT_NONE, offsetof(struct net_config, side[NET_TCP]), NULL,
	  .sub = tcp_side, .help = "the management network" },
	{ "rdma", OPT_TABLE, UNIT_NONE, offsetof(struct net_config, side[NET_RDMA]), NULL,
	  .sub = rdma_side, .help = "the rails" },
	{ "nvlink", OPT_TABLE, UNIT_NONE, offsetof(struct net_config, side[NET_NVLINK].transport),
	  NULL, .sub = nvlink_transport, .help = "between the GPUs of one node" },
	OPT_END
};

enum { NIC_SIDES = NET_NVLINK };

struct nic {
	uint32_t tx, rx;
};

struct net {
	struct flow_net *flows;
	struct net_config config;
	uint32_t nodes, rack_nodes;
	struct nic *nic[NIC_SIDES], *rack[NIC_SIDES]; /* rack NULL: it never limits */
	double cpu_ns;
};

static double node_rate(const struct net *net, int kind)
{
	return net->config.side[kind].nic_rate * (double)net->config.side[kind].rails;
}

static struct nic *nics_new(struct flow_net *flows, uint32_t n, double rate)
{
	struct nic *nic = calloc(n ? n : 1, sizeof(*nic));

	assert(nic);
	for (uint32_t i = 0; i < n; i++) {
		nic[i].tx = flow_link(flows, rate);
		nic[i].rx = flow_link(flows, rate);
	}
	return nic;
}

struct net *net_new(struct sim *sim, const struct net_config *config, uint32_t nodes,
		    uint32_t rack_nodes)
{
	struct net *net = calloc(1, sizeof(*net));

	assert(net && rack_nodes);
	net->flows = flow_net_new(sim);
	net->config = *config;
	net->nodes = nodes;
	net->rack_nodes = rack_nodes;
	for (int kind = 0; kind < NIC_SIDES; kind++) {
		double over = config->side[kind].oversubscription;

		net->nic[kind] = nics_new(net->flows, nodes, node_rate(net, kind));
		if (over > 1)
			net->rack[kind] =
				nics_new(net->flows, (nodes + rack_nodes - 1) / rack_nodes,
					 node_rate(net, kind) * rack_nodes / over);
	}
	return net;
}

void net_free(struct net *net)
{
	if (!net)
		return;
	for (int kind = 0; kind < NIC_SIDES; kind++) {
		free(net->nic[kind]);
		free(net->rack[kind]);
	}
	flow_net_free(net->flows);
	free(net);
}

struct flow_net *net_flows(struct net *net)
{
	return net->flows;
}

void net_path(const struct net *net, enum net_kind kind, uint32_t from, uint32_t to,
	      struct flow_path *path)
{
	uint32_t rack_nodes = net->rack_nodes;
	bool same_rack = from != NONE && to != NONE && from / rack_nodes == to / rack_nodes;
	const struct nic *nic, *rack;

	assert(kind < NETS && path->n + 4 <= FLOW_LINKS);
	assert((from == NONE || from < net->nodes) && (to == NONE || to < net->nodes));
	if (from == to || kind == NET_NVLINK)
		return;
	nic = net->nic[kind];
	rack = same_rack ? NULL : net->rack[kind];
	if (from != NONE) {
		path->link[path->n++] = nic[from].tx;
		if (rack)
			path->link[path->n++] = rack[from / rack_nodes].tx;
	}
	if (to != NONE) {
		if (rack)
			path->link[path->n++] = rack[to / rack_nodes].rx;
		path->link[path->n++] = nic[to].rx;
	}
}

struct flow_spec transport_flow(const struct transport *transport, int64_t bytes, bool first)
{
	int64_t messages = (bytes + transport->message_bytes - 1) / transport->message_bytes;
	double cap = transport->stream_rate * (double)transport->streams;

	assert(bytes >= 0 && transport->efficiency > 0);
	return (struct flow_spec){
		.bytes = (int64_t)((double)bytes / transport->efficiency + 0.5),
		.cap = cap / transport->efficiency,
		.delay_ns = (first ? transport->setup_ns : 0) + transport->latency_ns +
			    messages * transport->message_ns,
	};
}

const struct transport *net_transport(const struct net *net, enum net_kind kind)
{
	return &net->config.side[kind].transport;
}

struct flow_spec net_flow(struct net *net, enum net_kind kind, uint32_t from, uint32_t to,
			  int64_t bytes, bool first)
{
	const struct transport *transport = net_transport(net, from == to ? NET_NVLINK : kind);
	struct flow_spec flow = transport_flow(transport, bytes, first);

	net_path(net, kind, from, to, &flow.path);
	net->cpu_ns += transport->cpu_s_per_gib * 1e9 * (double)bytes / 0x1p30;
	return flow;
}

uint32_t net_send(struct net *net, enum net_kind kind, uint32_t from, uint32_t to, int64_t bytes,
		  bool first, struct sim_event *done)
{
	struct flow_spec flow = net_flow(net, kind, from, to, bytes, first);

	flow.done = done;
	return flow_begin(net->flows, &flow);
}

void net_node_scale(struct net *net, uint32_t node, double share)
{
	assert(node < net->nodes && share >= 0);
	for (int kind = 0; kind < NIC_SIDES; kind++) {
		double rate = node_rate(net, kind) * share;

		flow_link_set(net->flows, net->nic[kind][node].tx, rate);
		flow_link_set(net->flows, net->nic[kind][node].rx, rate);
	}
}

int64_t net_cpu_ns(const struct net *net)
{
	return physics_ns(net->cpu_ns);
}

sim_time net_transfer_time(const struct transport *transport, double link_rate, int64_t bytes,
			   bool first)
{
	struct flow_spec flow = transport_flow(transport, bytes, first);
	double rate = flow.cap > 0 && flow.cap < link_rate ? flow.cap : link_rate;

	return flow.delay_ns + physics_ns((double)flow.bytes / rate * 1e9);
}

/* net.h - the cluster's networks: which links lie between two nodes, and what a transport adds to
 * the bytes.
 *
 * Every node has a management network (TCP) and rails (RDMA), each with a sending and a receiving
 * side; a rack's nodes share its uplink and downlink where the network is oversubscribed; the spine
 * does not block. Between the GPUs of one node bytes go over NVLink and share nothing. It decides
 * nothing: who sends what to whom, and over which network, is the caller's.
 *
 * Time of an uncontended transfer (the alpha-beta model with a cost per message):
 *   setup, the first time + latency + messages * message
 *     + wire bytes / min(link rate, streams * stream rate / efficiency)
 *   messages = ceil(bytes / message bytes), wire bytes = bytes / efficiency
 * Both published tables of KV transfers (Mooncake docs: vLLM on 8 rails, SGLang on 4) fit it
 * within 7 %. */
#ifndef SIM_NET_H
#define SIM_NET_H
#include "base/opt.h"
#include "sim/flow.h"

enum net_kind { NET_TCP, NET_RDMA, NET_NVLINK, NETS };

struct transport {
	int64_t setup_ns;      /* connection, before the first bytes between two peers */
	int64_t latency_ns;    /* of an empty transfer, one way, software included */
	int64_t message_ns;    /* further, per message or descriptor */
	int64_t message_bytes; /* what a message carries at most */
	double efficiency;     /* payload over wire bytes: the share of the line rate reached */
	double stream_rate;    /* bytes/s of payload that one stream reaches; 0 = the link's */
	int64_t streams;       /* side by side, per transfer */
	double cpu_s_per_gib;  /* at both ends together */
};

/* One network of the nodes. */
struct net_side {
	double nic_rate;         /* bytes/s per rail, each way */
	int64_t rails;
	double oversubscription; /* of a rack's uplink; 1 = it never limits */
	struct transport transport;
};

struct net_config {
	struct net_side side[NETS]; /* of NVLink the transport alone */
};
extern const struct opt net_options[];

struct net;

/* The networks of this many nodes, rack_nodes a rack in the order of their ids, all idle; the
 * config is copied. net_free it, not while the engine still runs. */
struct net *net_new(struct sim *sim, const struct net_config *config, uint32_t nodes,
		    uint32_t rack_nodes);
/* Frees them, and the flows. */
void net_free(struct net *net);
/* Its links and flows, for others who share them (storage). */
struct flow_net *net_flows(struct net *net);

/* Appends the links from one node to another; NONE (models/world.h) = outside the cluster, beyond
 * the spine. Nothing within a node, nor for NET_NVLINK. */
void net_path(const struct net *net, enum net_kind kind, uint32_t from, uint32_t to,
	      struct flow_path *path);
/* What a network adds to the bytes. */
const struct transport *net_transport(const struct net *net, enum net_kind kind);
/* The flow of a transfer from one node to another (as in net_path; within one node always by
 * NVLink), first: set-up is due. The caller adds done and limits of its own, and begins it. Its
 * bytes are wire bytes; the CPU time is counted. */
struct flow_spec net_flow(struct net *net, enum net_kind kind, uint32_t from, uint32_t to,
			  int64_t bytes, bool first);
/* Begins a transfer between two nodes, within one node always by NVLink; first: set-up is due.
 * Returns its flow (flow.h), whose bytes are wire bytes. */
uint32_t net_send(struct net *net, enum net_kind kind, uint32_t from, uint32_t to, int64_t bytes,
		  bool first, struct sim_event *done);
/* Gives a node's NICs this share of their rate; 0 = down (flows wait). */
void net_node_scale(struct net *net, uint32_t node, double share);
/* CPU time that all transfers begun so far cost. */
int64_t net_cpu_ns(const struct net *net);

/* The flow of a transfer: wire bytes, cap and delay; the caller adds its path. */
struct flow_spec transport_flow(const struct transport *transport, int64_t bytes, bool first);
/* How long a transfer over links of this rate takes alone: the formula above, to the ns. */
sim_time net_transfer_time(const struct transport *transport, double link_rate, int64_t bytes,
			   bool first);
#endif

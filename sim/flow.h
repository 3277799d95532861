/* flow.h - bytes on their way: links of a capacity, and flows that share them max-min fairly.
 *
 * A link is anything that many share: a NIC's sending or receiving side, a rack's uplink, a file
 * system's aggregate, an NVMe drive. A flow moves bytes over up to FLOW_LINKS links at once, at one
 * rate, with an optional cap of its own. Rates are max-min fair (Bertsekas & Gallager, Data
 * Networks, 1992, section 6.5.2) by progressive filling; a flow of weight w counts as w flows side
 * by side (8 ranks that each read their share). This is the fluid model of SimGrid and others: no
 * packets, no slow start, no loss. It knows no nodes and no protocols: net.h has those.
 *
 * Bytes are exact: what each link has carried is an integer, and a flow that ends has moved just
 * its bytes. */
#ifndef SIM_FLOW_H
#define SIM_FLOW_H
#include "sim/event.h"

enum { FLOW_LINKS = 8 };

struct flow_net;
struct flow_path { uint32_t n, link[FLOW_LINKS]; }; /* each link at most once */

struct flow_spec {
	struct flow_path path;
	int64_t bytes;
	double cap;             /* bytes/s; 0 = none */
	uint32_t weight;        /* 0 counts as 1 */
	int64_t delay_ns;       /* before the first byte: latency, set-up */
	struct sim_event *done; /* fired after the last byte (physics.h); NULL = no one waits */
};

struct flow_totals { uint64_t flows, passes, rates; }; /* begun; recomputations; rates changed */

/* No links, no flows; flow_net_free it, not while the engine still runs. */
struct flow_net *flow_net_new(struct sim *sim);
/* Frees it; what is under way never ends. */
void flow_net_free(struct flow_net *net);

/* A link of this many bytes/s, 0 = down; ids count from 0. */
uint32_t flow_link(struct flow_net *net, double rate);
/* Changes a link's rate, from now on. */
void flow_link_set(struct flow_net *net, uint32_t link, double rate);
/* The link's rate. */
double flow_link_rate(const struct flow_net *net, uint32_t link);
/* What the link has carried up to now. */
int64_t flow_link_bytes(struct flow_net *net, uint32_t link);

/* Begins a flow; returns its id, valid until `done` fires or the flow is cancelled. A flow without
 * links and cap takes no time beyond its delay. */
uint32_t flow_begin(struct flow_net *net, const struct flow_spec *spec);
/* Ends a flow before its time: `done` will not fire. Returns the bytes that it had moved. */
int64_t flow_cancel(struct flow_net *net, uint32_t flow);
/* The rate of a flow since the last change, bytes/s: 0 while delayed, and in the very instant of
 * its beginning. */
double flow_rate(const struct flow_net *net, uint32_t flow);
/* What has been done so far. */
struct flow_totals flow_totals(const struct flow_net *net);
#endif

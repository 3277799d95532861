/* outage.h - nodes without power: what dies with one, when the control plane hears of it, and how
 * it comes back.  Part of faults.h, which says what happens in which order; private to sim/. */
#ifndef SIM_OUTAGE_H
#define SIM_OUTAGE_H
#include "sim/faults.h"

struct outages;
struct pod;
/* All nodes of a world, with power. */
struct outages *outages_new(struct world *world);
/* Frees them. */
void outages_free(struct outages *outages);
/* How many nodes there may be; whether this one has come and runs. */
uint32_t outages_nodes(const struct outages *outages);
bool outages_on(const struct outages *outages, uint32_t node);
/* A node came that was not there at the start. */
void outages_came(struct outages *outages, uint32_t node);
/* A pod holds GPUs of its node from now on; no more. */
void outages_pod_in(struct outages *outages, struct pod *pod);
void outages_pod_out(struct outages *outages, struct pod *pod);
/* Takes its power (counted: what two took is back when both give it); wipe empties its drives.
 * Nothing if it has not come. */
void outages_take(struct outages *outages, uint32_t node, bool wipe);
/* Gives it back, unless all of it was given back since `turn`: the node boots. */
void outages_give(struct outages *outages, uint32_t node, uint32_t turn);
/* Gives all of it back, whoever took it. */
void outages_give_all(struct outages *outages, uint32_t node);
/* A number for outages_give: of what is taken now. */
uint32_t outages_turn(const struct outages *outages);
/* Adds nodes, pods and requests lost. */
void outages_count(const struct outages *outages, struct fault_totals *totals);
#endif

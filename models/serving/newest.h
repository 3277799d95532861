/* newest.h - of the pods with room, the newest: a set of seats in the order of their pods' age.
 *
 * Platforms that end idle instances send requests to the newest idle one, so that the oldest fall
 * idle and can go (McGrath and Brenner 2017; SimFaaS).  It knows who has room as it is told. */
#ifndef MODELS_SERVING_NEWEST_H
#define MODELS_SERVING_NEWEST_H
#include "base/bits.h"
#include "base/vec.h"
#include "models/serving/seats.h"

struct newest {
	VEC(uint32_t) name;      /* of a seat: the newer its pod, the smaller */
	VEC(uint32_t) seat;      /* of a name */
	uint32_t next;           /* names above it are given away */
	struct bits open;        /* names of seats with room */
};

/* Frees it and leaves it empty. */
void newest_release(struct newest *newest);
/* The pod that was seated last, on this seat, has room. */
void newest_add(struct newest *newest, const struct seats *seats, uint32_t seat);
/* The pod on this seat has room again; has none any more, or leaves. */
void newest_open(struct newest *newest, uint32_t seat);
void newest_close(struct newest *newest, uint32_t seat);
/* The seat of the newest pod with room; NONE if none has any. */
uint32_t newest_pick(const struct newest *newest);
#endif

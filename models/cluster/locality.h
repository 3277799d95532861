/* locality.h - what cluster.c needs of locality.c: room for new nodes, and a copy. */
#ifndef MODELS_CLUSTER_LOCALITY_H
#define MODELS_CLUSTER_LOCALITY_H
#include "models/cluster/cluster.h"

/* Makes room for nodes that were added. */
void locality_grow(struct cluster *cluster);
/* What a node has becomes what it has in another cluster that keeps as many models. */
void locality_copy(struct cluster *cluster, uint32_t node, const struct cluster *from);
/* The node's scores are not what they were (cluster.c). */
void cluster_rescore(struct cluster *cluster, uint32_t node);
#endif

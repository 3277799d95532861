/* fragment.h - GPUs that are free and no use: how much of what is free on a node, or in a cluster,
 * pods that may come cannot use, and which placement leaves most.
 *
 * What may come is the list of typical pods of the placement's configuration.  Nothing is kept: it
 * is worked out when a node is scored, and whoever scores remembers. */
#ifndef MODELS_CLUSTER_FRAGMENT_H
#define MODELS_CLUSTER_FRAGMENT_H
#include "models/cluster/cluster.h"

/* What the placement of a pod that fits scores, 0 to 100 times place.fragmentation: more than half
 * if the node is less fragmented afterwards. */
int64_t fragment_score(const struct cluster *cluster, const struct node *node,
		       const struct need *need);
/* The GPU of which a share that fits leaves least fragmented; the node has rows of shares. */
uint32_t fragment_gpu(const struct cluster *cluster, const struct node *node,
		      const struct need *need);
/* Of what is free of the GPUs of nodes that are up the share that is fragment; NAN if nothing is
 * free, or no typical pods are known. */
double fragment_of(const struct cluster *cluster);
#endif

/* lists.h - nodes and pods from files that list them, in place of the scenario's own. */
#ifndef CLI_LISTS_H
#define CLI_LISTS_H
#include "cli/setup.h"

/* Replaces cluster.groups by the nodes of cluster.file, if one is named: those that are alike are a
 * group.  False with a message. */
bool lists_nodes(struct setup *setup, struct err *err);
/* Reads pods.file, if one is named, into pods.row: as they are, or drawn until they ask for
 * pods.inflate times the cluster's GPUs.  Each must fit an empty node.  False with a message. */
bool lists_pods(struct setup *setup, struct err *err);
/* Which pods may come, for placements that ask (place.typical): the plain ones as they come, each
 * service once. */
void lists_typical(struct setup *setup);
#endif

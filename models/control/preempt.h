/* preempt.h - pods that take the place of others: evictions for a pod of higher priority that no
 * node has room for, and the node that is kept for it until they are gone.
 *
 * For models/control/ alone.  It costs nothing while all services have priority 0. */
#ifndef MODELS_CONTROL_PREEMPT_H
#define MODELS_CONTROL_PREEMPT_H
#include "models/control/state.h"

/* After the sets are made: whether priorities matter. */
void preempt_init(struct control *control);
/* Whether pod a goes before pod b in a queue: it has the higher priority. */
bool preempt_before(const struct control *control, uint32_t a, uint32_t b);
/* A pod has its node, or is about to give it back. */
void preempt_link(struct control *control, uint32_t pod);
void preempt_unlink(struct control *control, uint32_t pod);
/* No node has room for the pod: if others may go, tells them to, and keeps their node. */
void preempt_try(struct control *control, uint32_t pod);
/* Takes the node that is kept for the pod, if one is and it fits there by now. */
bool preempt_take(struct control *control, uint32_t pod);
/* Something came free on a node: wakes the pod that it is kept for, if it fits. */
void preempt_freed(struct control *control, uint32_t node);
/* No node is kept for the pod any more. */
void preempt_forget(struct control *control, uint32_t pod);
/* The node is lost: it is kept for nobody. */
void preempt_node_down(struct control *control, uint32_t node);
#endif

/* kube_item.h - what a node or a pod says of itself, in JSON as Kubernetes prints it; private to
 * scenarios/. */
#ifndef SCENARIOS_KUBE_ITEM_H
#define SCENARIOS_KUBE_ITEM_H
#include "scenarios/kube.h"

enum kube_state { KUBE_USABLE, KUBE_CORDONED, KUBE_NOT_READY };

struct kube_pod {
	const char *node;           /* "" = not bound */
	bool ended;                 /* Succeeded or Failed: it takes nothing */
	struct kube_resources asks; /* pods = 1 */
};

struct cJSON;

/* The kind of an item; "" where it has none. */
const char *kube_kind(const struct cJSON *item);
/* Reads a node; false with what is wrong, without a position.  zone: its label's text, or "". */
bool kube_read_node(const struct cJSON *item, struct kube_node *node, enum kube_state *state,
		    bool *tainted, const char **zone, struct arena *arena, struct err *err);
/* Reads a pod. */
bool kube_read_pod(const struct cJSON *item, struct kube_pod *pod, struct arena *arena,
		   struct err *err);
#endif

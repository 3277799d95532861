/* model_index.h - which services serve the same model, so that stores hold its weights once.
 *
 * The same is: the name and the bytes of the weights. It knows no nodes and no stores. */
#ifndef SIM_MODEL_INDEX_H
#define SIM_MODEL_INDEX_H
#include "models/service.h"

/* For each of n services, into first: the first service with the same model (often itself). In
 * O(n log n). */
void model_index(const struct service_config *services, uint32_t n, uint32_t *first);
#endif

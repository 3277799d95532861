/* Sorted by name and bytes, services with the same model stand together, the first of them first.
 */
#include "sim/model_index.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int by_model(const struct service_config *a, const struct service_config *b)
{
	int order = strcmp(a->model, b->model);

	if (order)
		return order;
	return (a->weight_bytes > b->weight_bytes) - (a->weight_bytes < b->weight_bytes);
}

static int by_model_and_index(const void *a, const void *b, void *services)
{
	const struct service_config *service = services;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = by_model(&service[x], &service[y]);

	return order ? order : (x > y) - (x < y);
}

void model_index(const struct service_config *services, uint32_t n, uint32_t *first)
{
	uint32_t *order = calloc(n ? n : 1, sizeof(*order)), same = 0;

	assert(order);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), by_model_and_index, (void *)(uintptr_t)services);
	for (uint32_t i = 0; i < n; i++) {
		if (!i || by_model(&services[same], &services[order[i]]))
			same = order[i];
		first[order[i]] = same;
	}
	free(order);
}

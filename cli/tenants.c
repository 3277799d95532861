/* A count a tenant, sorted when all is read. */
#include "cli/tenants.h"
#include <inttypes.h>
#include <string.h>

void tenants_add(struct tenants *tenants, uint32_t number)
{
	while (number >= tenants->at.n) {
		struct tenant fresh = { "", 0 };

		vec_push(&tenants->at, fresh);
	}
	tenants->at.at[number].requests++;
}

void tenants_name(struct tenants *tenants, const char *const *names, struct arena *arena)
{
	for (uint32_t i = 0; names && names[i]; i++) {
		struct tenant fresh = { "", 0 };

		if (i == tenants->at.n) /* it asks for nothing in what was read */
			vec_push(&tenants->at, fresh);
		tenants->at.at[i].name = arena_text(arena, names[i], strlen(names[i]));
	}
}

static int by_requests(const void *a, const void *b)
{
	const struct tenant *x = a, *y = b;

	if (x->requests != y->requests)
		return x->requests < y->requests ? 1 : -1;
	return strcmp(x->name, y->name);
}

void tenants_print(struct tenants *tenants, FILE *out)
{
	uint64_t sum = 0;

	if (tenants->at.n)
		qsort(tenants->at.at, tenants->at.n, sizeof(*tenants->at.at), by_requests);
	for (uint32_t i = 0; i < tenants->at.n; i++)
		sum += tenants->at.at[i].requests;
	fputs("tenant,requests,share\n", out);
	for (uint32_t i = 0; i < tenants->at.n; i++)
		fprintf(out, "%s,%" PRIu64 ",%.6g\n", tenants->at.at[i].name,
			tenants->at.at[i].requests,
			sum ? (double)tenants->at.at[i].requests / (double)sum : 0);
}

void tenants_release(struct tenants *tenants)
{
	vec_release(&tenants->at);
}

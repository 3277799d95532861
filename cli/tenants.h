/* tenants.h - how many requests of a trace each of its tenants, models or functions makes. */
#ifndef CLI_TENANTS_H
#define CLI_TENANTS_H
#include "base/arena.h"
#include "base/vec.h"
#include <stdio.h>

struct tenant { const char *name; uint64_t requests; };
struct tenants { VEC(struct tenant) at; }; /* by number */

/* Counts a request of the tenant with this number. */
void tenants_add(struct tenants *tenants, uint32_t number);
/* Gives them their names, NULL-terminated (NULL = they have none); copies from the arena. */
void tenants_name(struct tenants *tenants, const char *const *names, struct arena *arena);
/* Writes tenant,requests,share as CSV, the most popular first; ends their order by number. */
void tenants_print(struct tenants *tenants, FILE *out);
/* Frees them. */
void tenants_release(struct tenants *tenants);
#endif

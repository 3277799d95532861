/* agenda.h - which service wants to be woken when: a heap with one entry a service.
 *
 * Ties go by service number, so that the order of wake-ups depends on nothing else. */
#ifndef MODELS_SERVING_AGENDA_H
#define MODELS_SERVING_AGENDA_H
#include <stdint.h>

struct agenda_entry { int64_t at_ns; uint32_t service; };
struct agenda {
	struct agenda_entry *heap;
	uint32_t *place;         /* of a service in the heap; UINT32_MAX = not in it */
	uint32_t n, services;
};

/* For services 0..services-1, all asleep. */
void agenda_init(struct agenda *agenda, uint32_t services);
/* Frees it. */
void agenda_release(struct agenda *agenda);
/* Wakes the service at this time instead of whatever was set; TIME_NEVER = not at all. */
void agenda_set(struct agenda *agenda, uint32_t service, int64_t at_ns);
/* The earliest time asked for, or TIME_NEVER. */
int64_t agenda_next(const struct agenda *agenda);
#endif

/* A binary heap that knows where each service stands: thousands of services tick once a second
 * each, so a change costs a dozen comparisons, and asking for the earliest none. */
#include "models/serving/agenda.h"
#include "models/world.h"
#include <assert.h>
#include <stdlib.h>

void agenda_init(struct agenda *agenda, uint32_t services)
{
	*agenda = (struct agenda){ .heap = calloc(services, sizeof(*agenda->heap)),
				   .place = calloc(services, sizeof(*agenda->place)),
				   .services = services };
	assert(!services || (agenda->heap && agenda->place));
	for (uint32_t i = 0; i < services; i++)
		agenda->place[i] = NONE;
}

void agenda_release(struct agenda *agenda)
{
	free(agenda->heap);
	free(agenda->place);
	*agenda = (struct agenda){ 0 };
}

static int before(struct agenda_entry a, struct agenda_entry b)
{
	return a.at_ns < b.at_ns || (a.at_ns == b.at_ns && a.service < b.service);
}

static void put(struct agenda *agenda, uint32_t at, struct agenda_entry entry)
{
	agenda->heap[at] = entry;
	agenda->place[entry.service] = at;
}

/* Moves the entry to where it belongs, from the hole at `at`. */
static void settle(struct agenda *agenda, uint32_t at, struct agenda_entry entry)
{
	while (at && before(entry, agenda->heap[(at - 1) / 2])) {
		put(agenda, at, agenda->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < agenda->n && before(agenda->heap[child + 1], agenda->heap[child]))
			child++;
		if (child >= agenda->n || !before(agenda->heap[child], entry))
			break;
		put(agenda, at, agenda->heap[child]);
		at = child;
	}
	put(agenda, at, entry);
}

void agenda_set(struct agenda *agenda, uint32_t service, int64_t at_ns)
{
	uint32_t place;

	assert(service < agenda->services);
	place = agenda->place[service];
	if (at_ns != TIME_NEVER) {
		if (place == NONE)
			place = agenda->n++;
		settle(agenda, place, (struct agenda_entry){ at_ns, service });
	} else if (place != NONE) {
		struct agenda_entry last = agenda->heap[--agenda->n];

		agenda->place[service] = NONE;
		if (place < agenda->n)
			settle(agenda, place, last);
	}
}

int64_t agenda_next(const struct agenda *agenda)
{
	return agenda->n ? agenda->heap[0].at_ns : TIME_NEVER;
}

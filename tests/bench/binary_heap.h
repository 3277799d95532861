/* binary_heap.h - the event engine of a textbook: a binary heap of {time, order, event}, for
 * bench_event to measure against. Used as sim/event.h is, as far as the benchmark needs it. */
#ifndef BENCH_BINARY_HEAP_H
#define BENCH_BINARY_HEAP_H
#include <stdint.h>

struct heap;
struct heap_event;
typedef void heap_fn(struct heap *heap, struct heap_event *event);
struct heap_event {
	heap_fn *fn;
	int64_t at;
	uint64_t order;
};
#define HEAP_EVENT(function) ((struct heap_event){ .fn = (function), .at = INT64_MAX })

/* An engine at time 0 with nothing armed. */
struct heap *heap_new(void);
/* Frees it. */
void heap_free(struct heap *heap);
/* The current time. */
int64_t heap_now(const struct heap *heap);
/* How many events have fired. */
uint64_t heap_fired(const struct heap *heap);
/* Arms or moves; an entry that no longer carries the event's order is dead. */
void heap_arm(struct heap *heap, struct heap_event *event, int64_t at);
/* Fires every event with at <= until. */
void heap_run(struct heap *heap, int64_t until);
#endif

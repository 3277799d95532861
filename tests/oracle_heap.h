/* oracle_heap.h - a priority queue too simple to be wrong, to hold the event engine against: a
 * 4-ary heap in exact (t, order) order, without removal. */
#ifndef TESTS_ORACLE_HEAP_H
#define TESTS_ORACLE_HEAP_H
#include <stddef.h>
#include <stdint.h>

struct oracle_entry { int64_t t; uint64_t order; uint32_t id; };
struct oracle {
	struct oracle_entry *v;  /* the root is v[0] */
	size_t n, cap;
};

/* An empty heap. */
void oracle_init(struct oracle *oracle);
void oracle_release(struct oracle *oracle);
/* Adds an entry; no two may have the same t and order. */
void oracle_push(struct oracle *oracle, struct oracle_entry entry);
/* Removes and returns the least entry; the heap must not be empty. */
struct oracle_entry oracle_pop(struct oracle *oracle);
#endif

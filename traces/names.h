/* names.h - numbers for the names of services: those known beforehand, or in the order in which
 * they come. */
#ifndef TRACES_NAMES_H
#define TRACES_NAMES_H
#include "base/arena.h"
#include <stdint.h>

#define NAMES_NONE UINT32_MAX

struct names {
	const char *const *text;   /* n names and a NULL */
	uint32_t n;
	/* private */
	const char **own;          /* text, where names are collected */
	uint32_t own_cap;
	struct name_slot {
		uint64_t key;      /* up to 8 bytes: the name itself; above: a hash */
		uint32_t n, number;
	} *slot;                   /* open addressing; n = 0: free */
	uint32_t slots;            /* a power of two */
	struct arena *arena;
};

/* Starts with the known names (NULL-terminated; kept by reference), or empty where known is NULL.
 */
void names_init(struct names *names, const char *const *known, struct arena *arena);
/* The number of text[0..n), n > 0, or NAMES_NONE. */
uint32_t names_find(struct names *names, const char *text, uint32_t n);
/* Adds a name that is not there and returns its number; only where none were known at the start. */
uint32_t names_add(struct names *names, const char *text, uint32_t n);
/* Frees the tables; the texts are the arena's. */
void names_release(struct names *names);
#endif

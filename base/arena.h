/* arena.h - memory that lives as long as one run and is freed at once.
 *
 * Not for the event loop: what grows there is a pool that doubles (vec.h). Running out of memory
 * aborts with a message: nothing sensible can be done. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *head;
	size_t used_bytes;  /* handed out in total */
};

/* An empty arena is all zero; init makes one. */
void arena_init(struct arena *arena);
/* Frees everything taken from the arena. */
void arena_release(struct arena *arena);
/* Zeroed memory, aligned for any type; never NULL; size 0 gives a valid pointer. */
void *arena_take(struct arena *arena, size_t bytes);
/* A zero-terminated copy of text[0..n). */
char *arena_text(struct arena *arena, const char *text, size_t n);
/* A formatted string. */
char *arena_print(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* An array of n zeroed elements of TYPE. */
#define ARENA_ARRAY(arena, TYPE, n) ((TYPE *)arena_take((arena), sizeof(TYPE) * (size_t)(n)))
#endif

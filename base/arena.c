/* A list of zeroed blocks that double in size up to 16 MiB; what does not fit a fresh block gets
 * one of its own. */
#include "base/arena.h"
#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* First block 4 KiB: a run with a small scenario needs little more.  source: assumption, without
 * effect on results */
#define BLOCK_MIN ((size_t)4 << 10)
#define BLOCK_MAX ((size_t)16 << 20)
#define ALIGN _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	_Alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena)
{
	memset(arena, 0, sizeof(*arena));
}

void arena_release(struct arena *arena)
{
	struct arena_block *block = arena->head, *next;

	for (; block; block = next) {
		next = block->next;
		free(block);
	}
	arena_init(arena);
}

static struct arena_block *block_new(struct arena *arena, size_t bytes)
{
	size_t cap = arena->head ? arena->head->cap * 2 : BLOCK_MIN;
	struct arena_block *block;

	if (cap > BLOCK_MAX)
		cap = BLOCK_MAX;
	if (cap < bytes)
		cap = bytes;
	block = cap < SIZE_MAX - sizeof(*block) ? calloc(1, sizeof(*block) + cap) : NULL;
	if (!block) {
		fprintf(stderr, "sonde: out of memory: %zu bytes wanted\n", cap);
		abort();
	}
	block->cap = cap;
	block->next = arena->head;
	arena->head = block;
	return block;
}

void *arena_take(struct arena *arena, size_t bytes)
{
	struct arena_block *block = arena->head;
	void *at;

	assert(bytes < SIZE_MAX / 2);
	bytes = bytes ? (bytes + ALIGN - 1) & ~(ALIGN - 1) : ALIGN;
	if (!block || block->cap - block->used < bytes)
		block = block_new(arena, bytes);
	at = block->data + block->used;
	block->used += bytes;
	arena->used_bytes += bytes;
	return at;
}

char *arena_text(struct arena *arena, const char *text, size_t n)
{
	char *copy = arena_take(arena, n + 1);

	if (n)
		memcpy(copy, text, n);
	return copy;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	assert(format);
	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(n >= 0);
	text = arena_take(arena, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

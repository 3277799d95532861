/* A table with open addressing; numbers follow the order of arrival, so no hash order shows.  The
 * hash takes words, as a lookup is made for every row of a trace. */
#include "traces/names.h"
#include "base/vec.h"
#include <assert.h>
#include <string.h>

/* One round of splitmix64's mixing (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return h ^ h >> 27;
}

static uint32_t hash(const char *text, uint32_t n)
{
	uint64_t h = n, word = 0;
	uint32_t low, high;

	assert(n);
	for (; n > 8; n -= 8, text += 8) {
		memcpy(&word, text, 8);
		h = mix(h ^ word);
	}
	if (n >= 4) { /* the halves may overlap */
		memcpy(&low, text, 4);
		memcpy(&high, text + n - 4, 4);
		word = low | (uint64_t)high << 32;
	} else {
		word = (unsigned char)text[0] | (uint64_t)(unsigned char)text[n / 2] << 8 |
		       (uint64_t)(unsigned char)text[n - 1] << 16;
	}
	h = mix(h ^ word);
	return (uint32_t)(h ^ h >> 32);
}

static void place(struct names *names, uint32_t number)
{
	const char *text = names->text[number];
	uint32_t n = (uint32_t)strlen(text), h = hash(text, n), at = h;

	while (names->slot[at &= names->slots - 1].n)
		at++;
	names->slot[at] = (struct name_slot){ h, n, number };
}

/* At most half of the slots are taken. */
static void make_room(struct names *names, uint32_t n)
{
	uint32_t cap = 0;

	if (n * 2 <= names->slots)
		return;
	while (names->slots < n * 2)
		names->slots = names->slots ? names->slots * 2 : 64;
	free(names->slot);
	names->slot = vec_grow(NULL, &cap, names->slots, sizeof(*names->slot));
	memset(names->slot, 0, sizeof(*names->slot) * names->slots);
	for (uint32_t i = 0; i < names->n; i++)
		place(names, i);
}

void names_init(struct names *names, const char *const *known, struct arena *arena)
{
	static const char *const none[] = { NULL };

	memset(names, 0, sizeof(*names));
	names->text = known ? known : none;
	names->arena = arena;
	while (names->text[names->n])
		names->n++;
	make_room(names, names->n + 1);
}

uint32_t names_find(struct names *names, const char *text, uint32_t n)
{
	uint32_t h = hash(text, n);

	for (uint32_t at = h;; at++) {
		const struct name_slot *slot = &names->slot[at & (names->slots - 1)];

		if (!slot->n)
			return NAMES_NONE;
		if (slot->hash == h && slot->n == n && !memcmp(names->text[slot->number], text, n))
			return slot->number;
	}
}

uint32_t names_add(struct names *names, const char *text, uint32_t n)
{
	assert(!names->n || names->own);
	if (names->n + 2 > names->own_cap)
		names->own =
			vec_grow(names->own, &names->own_cap, names->n + 2, sizeof(*names->own));
	names->text = names->own;
	names->own[names->n] = arena_text(names->arena, text, n);
	names->own[++names->n] = NULL;
	make_room(names, names->n + 1);
	place(names, names->n - 1);
	return names->n - 1;
}

void names_release(struct names *names)
{
	free(names->own);
	free(names->slot);
	names->own = NULL;
	names->slot = NULL;
}

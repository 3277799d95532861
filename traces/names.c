/* A table with open addressing; numbers follow the order of arrival, so no hash order shows.  A
 * lookup is made for every row of a trace, so names are taken by words, and a short one is compared
 * as one word: no call, no second cache line. */
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

/* The one to eight bytes at text as a word; of names of one length, no two have the same. */
static inline uint64_t short_word(const char *text, uint32_t n)
{
	uint32_t low, high;

	if (n >= 4) { /* the halves may overlap */
		memcpy(&low, text, 4);
		memcpy(&high, text + n - 4, 4);
		return low | (uint64_t)high << 32;
	}
	return (unsigned char)text[0] | (uint64_t)(unsigned char)text[n / 2] << 8 |
	       (uint64_t)(unsigned char)text[n - 1] << 16;
}

static inline uint64_t key_of(const char *text, uint32_t n)
{
	uint64_t h = n, word;

	assert(n);
	if (n <= 8)
		return short_word(text, n);
	for (; n > 8; n -= 8, text += 8) {
		memcpy(&word, text, 8);
		h = mix(h ^ word);
	}
	return mix(h ^ short_word(text, n));
}

/* Where a search begins. */
static inline uint32_t place_of(uint64_t key, uint32_t n)
{
	return (uint32_t)(mix(key ^ n) >> 32);
}

static void place(struct names *names, uint32_t number)
{
	const char *text = names->text[number];
	uint32_t n = (uint32_t)strlen(text), at;
	uint64_t key;

	if (!n) /* no row can name it */
		return;
	key = key_of(text, n);
	for (at = place_of(key, n); names->slot[at &= names->slots - 1].n;)
		at++;
	names->slot[at] = (struct name_slot){ key, n, number };
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
	uint64_t key = key_of(text, n);

	for (uint32_t at = place_of(key, n);; at++) {
		const struct name_slot *slot = &names->slot[at & (names->slots - 1)];

		if (!slot->n)
			return NAMES_NONE;
		if (slot->key == key && slot->n == n &&
		    (n <= 8 || !memcmp(names->text[slot->number], text, n)))
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

/* Four children a node: half as deep as a binary heap, and a node's children lie side by side. */
#include "models/engine/finish.h"

/* Puts the key where it belongs on the way from the hole at i to the root. */
static void rise(uint64_t *heap, uint32_t i, uint64_t key)
{
	for (; i && key < heap[(i - 1) / 4]; i = (i - 1) / 4)
		heap[i] = heap[(i - 1) / 4];
	heap[i] = key;
}

/* Takes out the key at i: the hole goes down to a leaf, and the last key fills it. */
static void cut(struct finish *finish, uint32_t i)
{
	uint64_t *heap = finish->keys.at, last = vec_pop(&finish->keys);
	uint32_t n = finish->keys.n, least;

	if (i == n)
		return;
	for (; (least = 4 * i + 1) < n; i = least) {
		uint32_t end = least + 4 < n ? least + 4 : n;

		for (uint32_t child = least + 1; child < end; child++)
			least = heap[child] < heap[least] ? child : least;
		heap[i] = heap[least];
	}
	rise(heap, i, last);
}

void finish_push(struct finish *finish, uint64_t key)
{
	vec_push(&finish->keys, key);
	rise(finish->keys.at, finish->keys.n - 1, key);
}

void finish_pop(struct finish *finish)
{
	assert(finish->keys.n);
	cut(finish, 0);
}

void finish_drop(struct finish *finish, uint64_t key)
{
	for (uint32_t i = 0; i < finish->keys.n; i++) {
		if (finish->keys.at[i] == key) {
			cut(finish, i);
			return;
		}
	}
	assert(!"a decoding sequence has no end");
}

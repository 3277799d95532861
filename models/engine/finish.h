/* finish.h - who of a batch makes its last token next.  Private to models/engine/.
 *
 * A heap with one key for each decoding sequence: its last decode iteration above its row, so that
 * a comparison is one of integers and equal iterations go by row. */
#ifndef MODELS_ENGINE_FINISH_H
#define MODELS_ENGINE_FINISH_H
#include "base/vec.h"
#include <assert.h>

struct finish { VEC(uint64_t) keys; };  /* keys.at[0], if there is one, is the next */

/* Of a key: rows of a pod's pool; the rest are iterations (2^36 of 5 ms: 10 years). */
enum { FINISH_ROW_BITS = 28 };

/* The key of the sequence in this row that ends with this decode iteration. */
static inline uint64_t finish_key(uint64_t iteration, uint32_t row)
{
	assert(iteration >> (64 - FINISH_ROW_BITS) == 0 && row >> FINISH_ROW_BITS == 0);
	return iteration << FINISH_ROW_BITS | row;
}
/* A key's iteration. */
static inline uint64_t finish_iteration(uint64_t key)
{
	return key >> FINISH_ROW_BITS;
}
/* A key's row. */
static inline uint32_t finish_row(uint64_t key)
{
	return (uint32_t)(key & ((1u << FINISH_ROW_BITS) - 1));
}
/* Adds a key. */
void finish_push(struct finish *finish, uint64_t key);
/* Takes out the first. */
void finish_pop(struct finish *finish);
/* Takes out this one, which must be there: of a sequence that stops before its end.  Looks at all
 * of them. */
void finish_drop(struct finish *finish, uint64_t key);
#endif

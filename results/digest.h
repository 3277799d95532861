/* digest.h - 64 bits that stand for what was learnt: equal digests, equal results.
 *
 * FNV-1a (Fowler, Noll & Vo; offset and prime of its 64-bit form).  Not against malice. */
#ifndef RESULTS_DIGEST_H
#define RESULTS_DIGEST_H
#include "results/store.h"

#define DIGEST_EMPTY UINT64_C(0xcbf29ce484222325)

/* The digest of what was digested before and these bytes. */
uint64_t digest_bytes(uint64_t digest, const void *data, size_t bytes);
/* The same of a text, its end included. */
uint64_t digest_text(uint64_t digest, const char *text);
/* Of every row of every table of a store, but not of the simulator's own cost (metrics called
 * simulator.*), the one thing that differs from run to run. */
bool digest_store(struct store *store, uint64_t *digest, struct err *err);
#endif

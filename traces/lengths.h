/* lengths.h - quantile tables of input and output tokens: measured from a trace, kept as a small
 * CSV, drawn from.
 *
 * The file: lines of comment (#), the header share,input_tokens,output_tokens, then one line a
 * point with shares rising from 0 to 1.  Input and output are drawn independently, as they are in
 * chat (not in summaries). */
#ifndef TRACES_LENGTHS_H
#define TRACES_LENGTHS_H
#include "base/arena.h"
#include "base/dist.h"
#include "base/err.h"

/* Reads a table as two distributions of tokens; their points from the arena. */
bool lengths_read(const char *path, struct dist *input, struct dist *output, struct arena *arena,
		  struct err *err);
#endif

/* grid.h - a table of texts printed with fitted columns: the first to the left, the others to
 * the right.
 *
 * For people; what scripts read is JSON. */
#ifndef RESULTS_GRID_H
#define RESULTS_GRID_H
#include "base/vec.h"
#include <stdint.h>
#include <stdio.h>

struct grid {
	uint32_t columns;
	VEC(char *) cell; /* row by row; NULL = nothing there */
};

/* Starts an empty table. */
void grid_init(struct grid *grid, uint32_t columns);
/* Frees it. */
void grid_release(struct grid *grid);
/* Appends a cell, formatted. */
void grid_add(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends the open row: what is missing in it stays empty; without an open row, an empty line. */
void grid_end(struct grid *grid);
/* Writes it. */
void grid_print(const struct grid *grid, FILE *out);
/* A count with commas: "1,234,567"; returns out. */
char *grid_count(uint64_t value, char *out, size_t size);
#endif

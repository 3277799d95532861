/* Widths count code points, not bytes, so that a name with an umlaut does not shift its row. */
#include "results/grid.h"
#include <assert.h>
#include <stdarg.h>
#include <string.h>

void grid_init(struct grid *grid, uint32_t columns)
{
	assert(columns);
	*grid = (struct grid){ .columns = columns };
}

void grid_release(struct grid *grid)
{
	for (uint32_t i = 0; i < grid->cell.n; i++)
		free(grid->cell.at[i]);
	vec_release(&grid->cell);
}

void grid_add(struct grid *grid, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	vec_push(&grid->cell, n < 0 ? NULL : text);
}

void grid_end(struct grid *grid)
{
	do
		vec_push(&grid->cell, NULL);
	while (grid->cell.n % grid->columns);
}

static uint32_t width(const char *text)
{
	uint32_t n = 0;

	for (; text && *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static uint32_t column_width(const struct grid *grid, uint32_t column)
{
	uint32_t widest = 0;

	for (uint32_t i = column; i < grid->cell.n; i += grid->columns) {
		uint32_t w = width(grid->cell.at[i]);

		widest = w > widest ? w : widest;
	}
	return widest;
}

void grid_print(const struct grid *grid, FILE *out)
{
	uint32_t pad = 0;

	assert(grid->cell.n % grid->columns == 0);
	for (uint32_t i = 0; i < grid->cell.n; i++) {
		const char *text = grid->cell.at[i] ? grid->cell.at[i] : "";
		uint32_t column = i % grid->columns,
			 fill = column_width(grid, column) - width(text);

		/* Blanks are held back until something follows them: no line ends in one. */
		pad += column ? 2 + fill : 0;
		if (*text) {
			fprintf(out, "%*s%s", (int)pad, "", text);
			pad = 0;
		}
		if (!column)
			pad += fill;
		if (column + 1 == grid->columns) {
			putc('\n', out);
			pad = 0;
		}
	}
}

char *grid_count(uint64_t value, char *out, size_t size)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value),
	       at = 0;

	assert(size > n + n / 3);
	for (size_t i = 0; i < n; i++) {
		out[at++] = digits[i];
		if ((n - i) % 3 == 1 && i + 1 < n)
			out[at++] = ',';
	}
	out[at] = 0;
	return out;
}

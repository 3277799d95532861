/* Messages for people, and the nearest name to a misspelt one.
 *
 * A message may quote the one that it replaces ("%s", err->text), so it is put together beside the
 * struct and then copied.  Nearness is the optimal-string-alignment distance (insert, delete,
 * replace, swap neighbours: one each), blind to case and to '-' against '_'; a third of the word
 * may differ. */
#include "base/err.h"
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Longer words get no suggestion. */
enum { WORD_MAX = 64 };

__attribute__((format(printf, 6, 0))) static void set(struct err *err, const char *file, int line,
						      int col, bool system, const char *format,
						      va_list args)
{
	struct err made = { .line = line, .col = col, .system = system };

	assert(err && file);
	snprintf(made.file, sizeof(made.file), "%s", file);
	vsnprintf(made.text, sizeof(made.text), format, args);
	/* A message is one line, whatever input it quotes. */
	for (char *s = made.text; *s; s++)
		if ((unsigned char)*s < ' ')
			*s = ' ';
	*err = made;
}

bool err_set(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(err, "", 0, 0, false, format, args);
	va_end(args);
	return false;
}

bool err_at(struct err *err, const char *file, int line, int col, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(err, file ? file : "", line, col, false, format, args);
	va_end(args);
	return false;
}

bool err_system(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(err, "", 0, 0, true, format, args);
	va_end(args);
	return false;
}

char *err_line(const struct err *err, char *out, size_t size)
{
	char at[32] = "";

	assert(size);
	if (err->line && err->col)
		snprintf(at, sizeof(at), "%d:%d", err->line, err->col);
	else if (err->line)
		snprintf(at, sizeof(at), "%d", err->line);
	snprintf(out, size, "%s%s%s%s%s", err->file, err->file[0] && at[0] ? ":" : "", at,
		 err->file[0] || at[0] ? ": " : "", err->text);
	return out;
}

static int fold(char c)
{
	return c == '-' ? '_' : tolower((unsigned char)c);
}

/* Rows of the distance matrix: this one, the last and the one before (for swaps). */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		before[j] = last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = last[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]) && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

const char *err_nearest(const char *word, const char *const *names)
{
	size_t word_len = strlen(word), limit, best;
	const char *nearest = NULL;

	if (!word_len || word_len > WORD_MAX)
		return NULL;
	limit = word_len < 6 ? 1 : word_len / 3;
	best = limit + 1;
	for (; *names; names++) {
		size_t len = strlen(*names), d;

		if (!len || len > WORD_MAX)
			continue;
		d = distance(word, word_len, *names, len);
		/* A name that was cut short ("max_seq" for "max_sequences") counts as barely near
		 * enough. */
		if (d > limit && word_len >= 3 && len > word_len &&
		    distance(word, word_len, *names, word_len) == 0)
			d = limit;
		if (d < best && d < (len > word_len ? len : word_len)) {
			best = d;
			nearest = *names;
		}
	}
	return nearest;
}

/* err.h - one error message for a person: where the cause is, what was wrong, what was expected.
 *
 * For bad input only. A function that can meet bad input returns bool and takes a struct err *; it
 * fills the message where the cause is known and returns false; the caller passes it up untouched
 * and cli/ prints it once. Bugs are asserts; failures of the modelled world are inputs to the
 * system. */
#ifndef BASE_ERR_H
#define BASE_ERR_H
#include <stdbool.h>
#include <stddef.h>

struct err {
	char file[256];  /* "" when no file is concerned */
	int line, col;   /* 1-based; 0 = unknown */
	char text[512];
	bool system;     /* a runtime fault (disk full, no permission): exit 1 instead of 2 */
};

/* Sets the message without a position. Returns false, so that callers can `return err_set(...)`. */
bool err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Sets the message with a position; line and col are 1-based, 0 = unknown.  Returns false. */
bool err_at(struct err *err, const char *file, int line, int col, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* As err_set, for a fault of the machine rather than of the input (exit status 1). Returns
 * false. */
bool err_system(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes "file:line:col: text" (the parts that are known) into out, cut at size; returns out. */
char *err_line(const struct err *err, char *out, size_t size);
/* The name among names (NULL-terminated) closest to word by edit distance, or NULL if none is near
 * enough to be worth a "did you mean". */
const char *err_nearest(const char *word, const char *const *names);
#endif

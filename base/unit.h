/* unit.h - quantities as people write them ("80GiB", "200Gbit/s", "1.5ms", "70%", "100/s") and
 * back. */
#ifndef BASE_UNIT_H
#define BASE_UNIT_H
#include "base/err.h"
#include <stdint.h>

enum unit {
	UNIT_NONE,   /* a plain number; k, M, G suffixes are powers of 1000 */
	UNIT_TIME,   /* ns us ms s min h d -> ns; a bare number other than 0 is an error */
	UNIT_BYTES,  /* B kB MB GB TB KiB MiB GiB TiB -> bytes */
	UNIT_RATE,   /* bit/s kbit/s Mbit/s Gbit/s, B/s ... GiB/s -> bytes per second */
	UNIT_SHARE,  /* "70%" or "0.7" -> 0.7 */
	UNIT_PER_S,  /* "100/s", "6/min", "2/h" -> per second */
	UNIT_FLOPS,  /* FLOPS GFLOPS TFLOPS PFLOPS -> floating-point operations per second */
	UNIT_TOKENS  /* a plain count; "8k" = 8000, "8ki" = 8192 */
};

/* Parses the whole of text as one quantity in the unit; false with a message that names what was
 * expected. */
bool unit_parse(const char *text, enum unit unit, double *out, struct err *err);
/* Parses the quantity at the start of text and sets *rest to what follows it. */
bool unit_parse_prefix(const char *text, enum unit unit, double *out, const char **rest,
		       struct err *err);
/* Writes value the way unit_parse reads it, exactly where possible; returns out. */
char *unit_format(double value, enum unit unit, char *out, size_t size);
/* "1.23 s", "45 ms", "3.4 GiB": three significant digits, for reading. */
char *unit_human(double value, enum unit unit, char *out, size_t size);
/* A word for messages: "a time such as 30s or 1.5ms". */
const char *unit_expects(enum unit unit);
#endif

/* One table of suffixes a unit, read in both directions.
 *
 * Parsing: a decimal number, the longest run of suffix characters, one multiplication (or division,
 * so that 8 bit are exactly a byte and 6/min exactly 0.1/s).  Writing: of all suffixes and digits
 * that parse back to the very same double, the shortest text. */
#include "base/unit.h"
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FORMAT = 1, /* unit_format may write it */
	HUMAN = 2   /* unit_human may */
};

struct suffix {
	const char *text;
	double times, over; /* value = number * times / over */
	int use;
};

/* Each list begins with a suffix in which any value can be written without loss (a power of two
 * times the base unit); the rest rises in size. */
static const struct suffix plain[] = { { "", 1, 1, FORMAT | HUMAN },
				       { "k", 1e3, 1, HUMAN },
				       { "M", 1e6, 1, HUMAN },
				       { "G", 1e9, 1, HUMAN },
				       { 0 } };
static const struct suffix times[] = { { "ns", 1, 1, FORMAT | HUMAN },
				       { "us", 1e3, 1, FORMAT | HUMAN },
				       { "\xc2\xb5s", 1e3, 1, 0 },
				       { "ms", 1e6, 1, FORMAT | HUMAN },
				       { "s", 1e9, 1, FORMAT | HUMAN },
				       { "min", 60e9, 1, FORMAT | HUMAN },
				       { "h", 3600e9, 1, FORMAT | HUMAN },
				       { "d", 86400e9, 1, FORMAT | HUMAN },
				       { 0 } };
static const struct suffix bytes[] = { { "B", 1, 1, FORMAT | HUMAN },
				       { "", 1, 1, 0 },
				       { "kB", 1e3, 1, FORMAT },
				       { "KiB", 0x1p10, 1, FORMAT | HUMAN },
				       { "MB", 1e6, 1, FORMAT },
				       { "MiB", 0x1p20, 1, FORMAT | HUMAN },
				       { "GB", 1e9, 1, FORMAT },
				       { "GiB", 0x1p30, 1, FORMAT | HUMAN },
				       { "TB", 1e12, 1, FORMAT },
				       { "TiB", 0x1p40, 1, FORMAT | HUMAN },
				       { 0 } };
static const struct suffix rates[] = { { "bit/s", 1, 8, FORMAT },
				       { "B/s", 1, 1, FORMAT | HUMAN },
				       { "kbit/s", 1e3, 8, FORMAT },
				       { "kB/s", 1e3, 1, FORMAT | HUMAN },
				       { "KiB/s", 0x1p10, 1, FORMAT },
				       { "Mbit/s", 1e6, 8, FORMAT },
				       { "MB/s", 1e6, 1, FORMAT | HUMAN },
				       { "MiB/s", 0x1p20, 1, FORMAT },
				       { "Gbit/s", 1e9, 8, FORMAT },
				       { "GB/s", 1e9, 1, FORMAT | HUMAN },
				       { "GiB/s", 0x1p30, 1, FORMAT },
				       { "Tbit/s", 1e12, 8, FORMAT },
				       { "TB/s", 1e12, 1, FORMAT | HUMAN },
				       { "TiB/s", 0x1p40, 1, FORMAT },
				       { 0 } };
static const struct suffix shares[] = { { "", 1, 1, 0 }, { "%", 1, 100, FORMAT | HUMAN }, { 0 } };
static const struct suffix per_s[] = { { "/s", 1, 1, FORMAT | HUMAN },
				       { "", 1, 1, 0 },
				       { "/h", 1, 3600, FORMAT },
				       { "/min", 1, 60, FORMAT },
				       { "k/s", 1e3, 1, HUMAN },
				       { "M/s", 1e6, 1, HUMAN },
				       { 0 } };
static const struct suffix flops[] = {
	{ "FLOPS", 1, 1, FORMAT | HUMAN },     { "", 1, 1, 0 },
	{ "GFLOPS", 1e9, 1, FORMAT | HUMAN },  { "TFLOPS", 1e12, 1, FORMAT | HUMAN },
	{ "PFLOPS", 1e15, 1, FORMAT | HUMAN }, { 0 }
};
static const struct suffix tokens[] = { { "", 1, 1, FORMAT | HUMAN }, { "k", 1e3, 1, HUMAN },
					{ "ki", 1024, 1, 0 },	      { "M", 1e6, 1, HUMAN },
					{ "Mi", 0x1p20, 1, 0 },	      { 0 } };

static const struct {
	const struct suffix *suffixes;
	const char *expects;
} units[] = {
	[UNIT_NONE] = { plain, "a plain number such as 4, 0.5 or 2k" },
	[UNIT_TIME] = { times, "a time such as 30s or 1.5ms" },
	[UNIT_BYTES] = { bytes, "a size such as 80GiB or 512MB" },
	[UNIT_RATE] = { rates, "a data rate such as 200Gbit/s or 25GB/s" },
	[UNIT_SHARE] = { shares, "a share such as 70% or 0.7" },
	[UNIT_PER_S] = { per_s, "a frequency such as 100/s or 6/min" },
	[UNIT_FLOPS] = { flops, "a computing rate such as 312TFLOPS" },
	[UNIT_TOKENS] = { tokens, "a number of tokens such as 512, 8k or 8ki" },
};

enum { NUMBER_MAX = 64, SUFFIX_MAX = 16 };

const char *unit_expects(enum unit unit)
{
	assert(unit < sizeof(units) / sizeof(units[0]));
	return units[unit].expects;
}

/* The length of the decimal number at the start of text; 0 if there is none.  Not strtod's idea of
 * one: no hex, inf or nan, and an exponent only where digits follow. */
static size_t number_length(const char *text)
{
	const char *s = text;
	size_t digits = 0, n;

	s += *s == '-' || *s == '+';
	for (; isdigit((unsigned char)*s); s++)
		digits++;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++)
			digits++;
	if (!digits)
		return 0;
	if (*s == 'e' || *s == 'E') {
		n = 1 + (s[1] == '-' || s[1] == '+');
		if (isdigit((unsigned char)s[n])) {
			for (s += n; isdigit((unsigned char)*s); s++)
				;
		}
	}
	return (size_t)(s - text);
}

static size_t suffix_length(const char *text)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]) || text[n] == '%' || text[n] == '/' ||
	       (text[n] & 0x80))
		n++;
	return n;
}

/* All suffixes of a unit in one line, and the nearest to the one that was written. */
static bool suffix_unknown(const char *text, size_t text_len, const char *suffix, enum unit unit,
			   struct err *err)
{
	const char *names[SUFFIX_MAX + 1], *near;
	char list[160] = "";
	uint32_t n = 0;

	for (const struct suffix *s = units[unit].suffixes; s->text; s++) {
		if (!s->text[0] || (s->text[0] & 0x80))
			continue;
		assert(n < SUFFIX_MAX);
		names[n++] = s->text;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 list[0] ? ", " : "", s->text);
	}
	names[n] = NULL;
	if (!suffix[0])
		return err_set(err, "\"%.*s\" lacks its unit (%s); expected %s", (int)text_len,
			       text, list, unit_expects(unit));
	/* A suggestion blind to case would take Gb/s, which is likely Gbit/s, for GB/s. */
	near = suffix[1] && unit != UNIT_RATE ? err_nearest(suffix, names) : NULL;
	return err_set(err, "\"%.*s\" has an unknown unit \"%s\" (known: %s)%s%s%s; expected %s",
		       (int)text_len, text, suffix, list, near ? ", did you mean \"" : "",
		       near ? near : "", near ? "\"" : "", unit_expects(unit));
}

/* spaces: blanks may stand between number and suffix. */
static bool parse(const char *text, bool spaces, enum unit unit, double *out, const char **rest,
		  struct err *err)
{
	size_t n = number_length(text), blanks = 0, len;
	char number[NUMBER_MAX], suffix[SUFFIX_MAX];
	const struct suffix *s;

	if (!n)
		return err_set(err, "\"%.60s\" is not a number; expected %s", text,
			       unit_expects(unit));
	if (n >= sizeof(number))
		return err_set(err, "\"%.60s...\" has too many digits; expected %s", text,
			       unit_expects(unit));
	memcpy(number, text, n);
	number[n] = 0;
	if (spaces)
		blanks = strspn(text + n, " ");
	len = suffix_length(text + n + blanks);
	if (!len)
		blanks = 0;
	snprintf(suffix, sizeof(suffix), "%.*s", (int)len, text + n + blanks);
	*rest = text + n + blanks + len;
	*out = strtod(number, NULL);
	for (s = units[unit].suffixes; s->text; s++)
		if (!strcmp(s->text, suffix))
			break;
	if (!s->text && !(*out == 0 && !len))
		return suffix_unknown(text, strnlen(text, spaces ? 60 : (size_t)(*rest - text)),
				      suffix, unit, err);
	if (s->text)
		*out = *out * s->times / s->over;
	if (!isfinite(*out))
		return err_set(err, "\"%s%s\" is too large", number, suffix);
	return true;
}

bool unit_parse_prefix(const char *text, enum unit unit, double *out, const char **rest,
		       struct err *err)
{
	return parse(text, false, unit, out, rest, err);
}

bool unit_parse(const char *text, enum unit unit, double *out, struct err *err)
{
	const char *rest = "";

	if (!parse(text, true, unit, out, &rest, err))
		return false;
	if (*rest)
		return err_set(err,
			       "\"%.60s\" goes on with \"%.20s\" after the number; expected %s",
			       text, rest, unit_expects(unit));
	return true;
}

/* The shortest text of value in one suffix that parses back to it; false if there is none. */
static bool format_with(double value, const struct suffix *s, enum unit unit, char *out,
			size_t size)
{
	double number = value * s->over / s->times, back = 0;
	struct err ignored;

	for (int digits = 1; digits <= 17; digits++) {
		if (number == rint(number) && fabs(number) < 1e15)
			snprintf(out, size, "%.0f%s", number, s->text);
		else
			snprintf(out, size, "%.*g%s", digits, number, s->text);
		if (unit_parse(out, unit, &back, &ignored) && back == value)
			return true;
	}
	return false;
}

char *unit_format(double value, enum unit unit, char *out, size_t size)
{
	char text[64], best[64] = "";

	assert(isfinite(value) && unit < sizeof(units) / sizeof(units[0]));
	if (value == 0) {
		snprintf(out, size, "0%s",
			 unit == UNIT_TIME    ? "s"
			 : unit == UNIT_SHARE ? "%"
					      : units[unit].suffixes[0].text);
		return out;
	}
	for (const struct suffix *s = units[unit].suffixes; s->text; s++)
		if ((s->use & FORMAT) && format_with(value, s, unit, text, sizeof(text)) &&
		    (!best[0] || strlen(text) <= strlen(best)))
			snprintf(best, sizeof(best), "%s", text);
	if (!best[0]) {
		bool exact = format_with(value, units[unit].suffixes, unit, best, sizeof(best));

		assert(exact);
	}
	snprintf(out, size, "%s", best);
	return out;
}

char *unit_human(double value, enum unit unit, char *out, size_t size)
{
	const struct suffix *best = NULL;
	double size_of = fabs(value), number;

	if (!isfinite(value)) {
		snprintf(out, size, "-");
		return out;
	}
	for (const struct suffix *s = units[unit].suffixes; s->text; s++) {
		/* 90 s reads better than 1.5 min; 0.9995 of the next unit is that unit at three
		 * digits. */
		double from =
			s->times / s->over * (unit == UNIT_TIME && s->times > 1e9 ? 2 : 0.9995);

		if ((s->use & HUMAN) && (!best || size_of >= from))
			best = s;
	}
	assert(best);
	number = value * best->over / best->times;
	if (fabs(number) >= 999.5)
		snprintf(out, size, "%.0f%s%s", number, best->text[0] ? " " : "", best->text);
	else
		snprintf(out, size, "%.3g%s%s", number, best->text[0] ? " " : "", best->text);
	return out;
}

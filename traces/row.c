/* Digits are read eight at a time: a word is loaded, the first byte that is no digit found by bit
 * arithmetic, and the digits before it combined by three multiplications.  Fields have random
 * lengths, so a loop over their digits mispredicts its exit: a quarter more time a row (measured
 * with tests/bench/bench_trace.c). */
#include "traces/row.h"
#include "traces/trace.h"
#include <assert.h>
#include <stdbool.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "the first digit must be the lowest byte of a word");

#define NS_PER_S INT64_C(1000000000)
#define SECONDS_MAX (INT64_MAX / NS_PER_S - 1)

static const uint64_t power10[] = { 1,
				    10,
				    100,
				    1000,
				    10000,
				    100000,
				    1000000,
				    10000000,
				    100000000,
				    1000000000,
				    10000000000,
				    100000000000,
				    1000000000000,
				    10000000000000,
				    100000000000000,
				    1000000000000000,
				    10000000000000000,
				    100000000000000000,
				    1000000000000000000 };

static inline bool is_digit(char c)
{
	return (unsigned)(c - '0') <= 9;
}

/* The up to eight digits at text as a number; returns how many there are. */
static inline unsigned digits8(const char *text, uint64_t *value)
{
	uint64_t word, other;
	unsigned n;

	memcpy(&word, text, 8);
	word ^= UINT64_C(0x3030303030303030);
	/* A byte above 9 gets its top bit set, here or by the addition; a carry spoils later bytes
	 * only. */
	other = (word | (word + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
	n = other ? (unsigned)__builtin_ctzll(other) >> 3 : 8;
	*value = 0;
	if (!n)
		return 0;
	word <<= 64 - 8 * n;		/* as if written with zeros in front */
	word = word * 10 + (word >> 8); /* pairs, in the even bytes */
	*value = ((word & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
		  ((word >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
		 32;
	return n;
}

/* A whole number up to max; NULL where there is none or it is larger. */
static inline const char *parse_count(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t part;
	unsigned n = digits8(text, value);

	if (!n || *value > max)
		return NULL;
	text += n;
	while (n == 8) {
		n = digits8(text, &part);
		if (__builtin_mul_overflow(*value, power10[n], value) ||
		    __builtin_add_overflow(*value, part, value) || *value > max)
			return NULL;
		text += n;
	}
	return text;
}

/* The digits behind a decimal point, as ns; further ones than nine round. */
static inline const char *parse_fraction(const char *text, int64_t *ns)
{
	uint64_t value;
	unsigned n = digits8(text, &value);

	if (!n)
		return NULL;
	text += n;
	*ns = (int64_t)(value * power10[9 - n]);
	if (n < 8 || !is_digit(*text))
		return text;
	*ns += *text++ - '0';
	if (!is_digit(*text))
		return text;
	*ns += *text >= '5';
	while (is_digit(*text))
		text++;
	return text;
}

/* A number of seconds with an exponent, as programs print small and large ones. */
static const char *parse_scientific(const char *text, int64_t *ns)
{
	uint64_t value = 0, exponent;
	int scale = 9, digits = 0;
	bool point = false, negative;

	for (; is_digit(*text) || (*text == '.' && !point); text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		scale -= point;
		digits++;
		if (value < power10[17])
			value = value * 10 + (uint64_t)(*text - '0');
		else
			scale++;
	}
	if (!digits || (*text != 'e' && *text != 'E'))
		return NULL;
	text++;
	negative = *text == '-';
	text += *text == '-' || *text == '+';
	text = parse_count(text, 400, &exponent);
	if (!text)
		return NULL;
	scale += negative ? -(int)exponent : (int)exponent;
	for (; scale > 0 && value; scale--)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    value > (uint64_t)(SECONDS_MAX * NS_PER_S))
			return NULL;
	if (scale < -18)
		value = 0;
	else if (scale < 0)
		value = (value + power10[-scale] / 2) / power10[-scale];
	*ns = (int64_t)value;
	return text;
}

static inline const char *parse_seconds(const char *text, int64_t *ns)
{
	const char *start = text;
	uint64_t whole;
	int64_t part = 0;

	text = parse_count(text, SECONDS_MAX, &whole);
	if (!text)
		return NULL;
	if (*text == '.') {
		text++;
		if (is_digit(*text))
			text = parse_fraction(text, &part);
	}
	if (*text == 'e' || *text == 'E')
		return parse_scientific(start, ns);
	*ns = (int64_t)whole * NS_PER_S + part;
	return text;
}

/* Exactly n digits followed by the byte that separates them from what comes next. */
static bool parse_fixed(const char **text, unsigned n, const char *separators, int lowest,
			int highest, int *value)
{
	*value = 0;
	for (unsigned i = 0; i < n; i++, (*text)++) {
		if (!is_digit(**text))
			return false;
		*value = *value * 10 + (**text - '0');
	}
	if (*value < lowest || *value > highest)
		return false;
	if (!*separators)
		return true;
	return **text && strchr(separators, *(*text)++);
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 in the Gregorian calendar. */
static int64_t days_since_1970(int year, int month, int day)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int last =
		year -
		1; /* leap days lie in the whole years before this one, and perhaps in this one */
	int64_t leaps = last / 4 - last / 100 + last / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);

	return (year - 1970) * INT64_C(365) + leaps + before[month - 1] +
	       (month > 2 && is_leap(year)) + day - 1;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Z, +hh:mm or -hh:mm: the ns to take off for UTC. */
static const char *parse_zone(const char *text, int64_t *ns)
{
	int hours, minutes, sign = *text == '-' ? -1 : 1;

	*ns = 0;
	if (*text == 'Z')
		return text + 1;
	if (*text != '+' && *text != '-')
		return NULL;
	text++;
	if (!parse_fixed(&text, 2, ":", 0, 14, &hours) ||
	    !parse_fixed(&text, 2, "", 0, 59, &minutes))
		return NULL;
	*ns = sign * (hours * 60 + minutes) * 60 * NS_PER_S;
	return text;
}

static const char *parse_stamp(const char *text, bool zoned, int64_t *ns)
{
	int year, month, day, hour, minute, second;
	int64_t part = 0, zone = 0;

	/* 2261 is the last whole year that an int64 of ns holds; a zone may take 1970 below zero.
	 */
	if (!parse_fixed(&text, 4, "-", 1971, 2261, &year) ||
	    !parse_fixed(&text, 2, "-", 1, 12, &month) ||
	    !parse_fixed(&text, 2, " T", 1, days_of_month(year, month), &day) ||
	    !parse_fixed(&text, 2, ":", 0, 23, &hour) ||
	    !parse_fixed(&text, 2, ":", 0, 59, &minute) ||
	    !parse_fixed(&text, 2, "", 0, 59, &second))
		return NULL;
	if (*text == '.')
		text = parse_fraction(text + 1, &part);
	if (text && zoned)
		text = parse_zone(text, &zone);
	*ns = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 * NS_PER_S +
	      second * NS_PER_S + part - zone;
	return text;
}

static inline bool ends_field(char c)
{
	return c == ',' || c == '\n' || c == '\r';
}

/* Skips a field that nobody asked for; quotes inside it are doubled where it is quoted. */
static const char *skip_field(const char *text, bool quoted)
{
	if (!quoted) {
		while (!ends_field(*text))
			text++;
		return text;
	}
	for (; *text != '\n'; text++) {
		if (*text == '"' && text[1] == '"')
			text++;
		else if (*text == '"')
			return text;
	}
	return NULL;
}

/* Control bytes and space, '"', ',' and DEL: no part of a service's name. */
static const bool ends_name[256] = { 1, 1, 1, 1, 1, 1,	       1,	  1,	     1,
				     1, 1, 1, 1, 1, 1,	       1,	  1,	     1,
				     1, 1, 1, 1, 1, 1,	       1,	  1,	     1,
				     1, 1, 1, 1, 1, [' '] = 1, ['"'] = 1, [','] = 1, [0x7f] = 1 };

static inline const char *parse_name(const char *text, struct row *row)
{
	const char *start = text;

	while (!ends_name[(unsigned char)*text])
		text++;
	row->service = start;
	row->service_n = (uint32_t)(text - start);
	return text > start && text - start <= TRACE_NAME_MAX ? text : NULL;
}

static inline const char *parse_tokens(const char *text, uint32_t *tokens)
{
	uint64_t value = 0;

	text = parse_count(text, TRACE_TOKENS_MAX, &value);
	*tokens = (uint32_t)value;
	return text;
}

/* Sessions and prefixes may be left out. */
static inline const char *parse_id(const char *text, uint64_t *id)
{
	*id = 0;
	return ends_field(*text) || *text == '"' ? text : parse_count(text, UINT64_MAX, id);
}

/* Any text but nothing: FNV-1a (Fowler, Noll, Vo); 0 stays "none". */
static const char *parse_session_text(const char *text, bool quoted, uint64_t *id)
{
	const char *end = skip_field(text, quoted);
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	*id = 0;
	if (!end || end == text)
		return end;
	for (; text < end; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	*id = hash ? hash : 1;
	return end;
}

static const char *parse_digest(const char *text, struct row *row)
{
	const char *start = text;

	while (!ends_name[(unsigned char)*text])
		text++;
	row->service = start;
	row->service_n = (uint32_t)(text - start);
	if (row->service_n > ROW_DIGEST_MAX)
		row->service_n = ROW_DIGEST_MAX;
	return text > start ? text : NULL;
}

/* At most a year: a span from minus that to the latest stamp fits an int64 of ns twice over. */
static const char *parse_duration(const char *text, int64_t *ns)
{
	text = parse_seconds(text, ns);
	return text && *ns <= INT64_C(366) * 86400 * NS_PER_S ? text : NULL;
}

static const char *parse_milliseconds(const char *text, int64_t *ns)
{
	uint64_t ms;

	text = parse_count(text, INT64_MAX / 1000000 - 1, &ms);
	if (text)
		*ns = (int64_t)ms * 1000000;
	return text;
}

/* [3, 4, ...] or []: the first, from 1, so that 0 stays "none". */
static const char *parse_blocks(const char *text, uint64_t *prefix)
{
	*prefix = 0;
	if (*text++ != '[')
		return NULL;
	while (*text == ' ')
		text++;
	if (*text != ']') {
		text = parse_count(text, UINT64_MAX - 1, prefix);
		++*prefix;
	}
	while (text && *text != ']')
		text = is_digit(*text) || *text == ',' || *text == ' ' ? text + 1 : NULL;
	return text ? text + 1 : NULL;
}

static inline const char *parse_field(enum column kind, const char *text, bool quoted,
				      struct row *row)
{
	switch (kind) {
	case COLUMN_SECONDS: return parse_seconds(text, &row->at_ns);
	case COLUMN_STAMP:
	case COLUMN_STAMP_ZONED: return parse_stamp(text, kind == COLUMN_STAMP_ZONED, &row->at_ns);
	case COLUMN_SERVICE: return parse_name(text, row);
	case COLUMN_INPUT: return parse_tokens(text, &row->input_tokens);
	case COLUMN_OUTPUT: return parse_tokens(text, &row->output_tokens);
	case COLUMN_SESSION: return parse_id(text, &row->session);
	case COLUMN_PREFIX: return parse_id(text, &row->prefix);
	case COLUMN_DURATION: return parse_duration(text, &row->duration_ns);
	case COLUMN_MILLISECONDS: return parse_milliseconds(text, &row->at_ns);
	case COLUMN_SESSION_TEXT: return parse_session_text(text, quoted, &row->session);
	case COLUMN_BLOCKS: return parse_blocks(text, &row->prefix);
	case COLUMN_DIGEST: return parse_digest(text, row);
	case COLUMN_FUNCTION:
	case COLUMN_APP:
	case COLUMN_OWNER:
	case COLUMN_IGNORED:
	case COLUMNS: break;
	}
	return skip_field(text, quoted);
}

const char *row_parse(const struct columns *columns, const char *text, struct row *row,
		      struct flaw *flaw)
{
	const int last = columns->n - 1;

	flaw->fields = -1;
	for (int i = 0; i <= last; i++) {
		bool quoted = *text == '"';

		flaw->at = text;
		flaw->column = i;
		text = parse_field(columns->kind[i], text + quoted, quoted, row);
		if (!text || (quoted && *text++ != '"'))
			return NULL;
		if (i < last && *text == ',') {
			text++;
			continue;
		}
		if (*text == '\r' && text[1] == '\n')
			text++;
		if (*text == '\n' && i < last)
			flaw->fields = i + 1;
		else if (*text == ',')
			flaw->column = columns->n;
		if (*text != '\n' || i < last)
			return NULL;
	}
	return text + 1;
}

const char *row_parse_field(enum column kind, const char *text, struct row *row)
{
	return parse_field(kind, text, false, row);
}

bool row_is_name(const char *text)
{
	const char *end = text;

	while (!ends_name[(unsigned char)*end])
		end++;
	return !*end && end > text && end - text <= TRACE_NAME_MAX;
}

/* What stands in the field, for a message: short, printable, in quotes. */
static const char *found_text(const char *at, char out[48])
{
	size_t n = 0;

	if (ends_field(*at))
		return "nothing";
	out[n++] = '"';
	for (; !ends_field(*at) && n < 42; at++)
		out[n++] = (unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at;
	if (!ends_field(*at)) {
		memcpy(out + n, "...", 3);
		n += 3;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}

bool row_error(const struct columns *columns, const struct flaw *flaw, const char *file, int number,
	       const char *line, struct err *err)
{
	static const char *const expected[COLUMNS] = {
		[COLUMN_IGNORED] = "a field whose quotes close",
		[COLUMN_SECONDS] = "a time in seconds such as 12.5",
		[COLUMN_STAMP] = "a time such as 2023-11-16 18:15:46.6805900, without a zone",
		[COLUMN_STAMP_ZONED] = "a time such as 2024-10-15T12:00:00.269Z, or with +00:00",
		[COLUMN_SERVICE] = ROW_NAME_EXPECTED,
		[COLUMN_INPUT] = "a count of tokens from 0 to 16777216",
		[COLUMN_OUTPUT] = "a count of tokens from 0 to 16777216",
		[COLUMN_SESSION] = "a whole number or nothing",
		[COLUMN_PREFIX] = "a whole number or nothing",
		[COLUMN_MILLISECONDS] = "a time in whole milliseconds",
		[COLUMN_DURATION] = "a duration in seconds such as 0.25, at most a year",
		[COLUMN_SESSION_TEXT] = "a field whose quotes close",
		[COLUMN_BLOCKS] = "a list of whole numbers such as [1, 2]",
		[COLUMN_FUNCTION] = "a field whose quotes close",
		[COLUMN_APP] = "a field whose quotes close",
		[COLUMN_OWNER] = "a field whose quotes close",
		[COLUMN_DIGEST] = "a name without spaces, commas or quotes",
	};
	int col = (int)(flaw->at - line) + 1;
	char text[48];

	_Static_assert(TRACE_TOKENS_MAX == 16777216 && TRACE_NAME_MAX == 63,
		       "the texts above say so");
	if (flaw->column == columns->n)
		return err_at(err, file, number, col,
			      "expected %d fields as in the header, found more", columns->n);
	if (flaw->column > columns->n)
		return err_at(err, file, number, col, "expected an object of JSON on one line");
	if (flaw->fields >= 0)
		return err_at(err, file, number, col,
			      "expected %d fields as in the header, found %d", columns->n,
			      flaw->fields);
	return err_at(err, file, number, col, "%s: expected %s, found %s",
		      columns->name[flaw->column], expected[columns->kind[flaw->column]],
		      found_text(flaw->at, text));
}

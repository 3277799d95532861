/* Some 30 integers a row, formatted by hand two digits at a time straight into the file's buffer:
 * printf alone would take longer than the simulation of the request.  What does not change between
 * rows is made once a run. */
#include "results/requests_csv.h"
#include "results/mem.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { INTEGERS = 9 + PARTS, INTEGER_BYTES = 21 };

bool requests_csv_open(struct requests_csv *csv, const char *path, struct err *err)
{
	*csv = (struct requests_csv){ 0 };
	if (!outfile_open(&csv->file, path, err))
		return false;
	outfile_text(&csv->file, "id,service,arrival_ns,first_token_ns,end_ns,input_tokens,output_"
				 "tokens,outcome,cold,preemptions");
	for (uint32_t p = 0; p < PARTS; p++)
		outfile_print(&csv->file, ",part.%s_ns", part_name(p));
	outfile_text(&csv->file, ",variant,seed\n");
	return true;
}

/* A field as RFC 4180 wants it: quoted where it holds a comma, a quote or a line end. */
static char *field(const char *text)
{
	char *out, *at;

	if (!strpbrk(text, ",\"\r\n"))
		return mem_text(text);
	out = at = mem_zero(2 * strlen(text) + 3, 1);
	*at++ = '"';
	for (; *text; text++) {
		if (*text == '"')
			*at++ = '"';
		*at++ = *text;
	}
	*at++ = '"';
	*at = 0;
	return out;
}

static void forget_run(struct requests_csv *csv)
{
	for (uint32_t s = 0; s < csv->services; s++)
		free(csv->quoted[s]);
	free(csv->quoted);
	free(csv->tail);
	csv->quoted = NULL;
	csv->tail = NULL;
	csv->services = 0;
}

void requests_csv_run(struct requests_csv *csv, const char *const *service, uint32_t services,
		      const char *variant, uint64_t seed)
{
	char *quoted = field(variant);
	size_t room = strlen(quoted) + 32;

	forget_run(csv);

	csv->services = services;
	csv->quoted = mem_zero(services, sizeof(*csv->quoted));
	for (uint32_t s = 0; s < services; s++)
		csv->quoted[s] = field(service[s]);
	csv->tail = mem_zero(room, 1);
	csv->tail_bytes =
		(uint32_t)snprintf(csv->tail, room, ",%s,%llu\n", quoted, (unsigned long long)seed);
	free(quoted);
}

static inline char *put_integer(char *out, uint64_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930"
				    "313233343536373839404142434445464748"
				    "49505152535455565758596061626364656667686970717273747576777879"
				    "808182838485868788899091929394959697"
				    "9899";
	char digits[20];
	uint32_t n = sizeof(digits);

	while (value >= 100) {
		n -= 2;
		memcpy(digits + n, pairs + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value >= 10) {
		n -= 2;
		memcpy(digits + n, pairs + 2 * value, 2);
	} else {
		digits[--n] = (char)('0' + value);
	}
	memcpy(out, digits + n, sizeof(digits) - n);
	return out + sizeof(digits) - n;
}

static inline char *put_field(char *out, uint64_t value)
{
	*out++ = ',';
	return put_integer(out, value);
}

static inline char *put_text(char *out, const char *text)
{
	size_t n = strlen(text);

	*out++ = ',';
	memcpy(out, text, n);
	return out + n;
}

void requests_csv_add(void *ctx, const struct request_record *r)
{
	struct requests_csv *csv = ctx;
	const char *service = csv->quoted[r->service];
	int64_t sum = 0;
	char *start, *at;

	assert(r->service < csv->services && r->outcome < OUTCOMES && r->arrival_ns >= 0 &&
	       r->end_ns >= r->arrival_ns);
	start = outfile_room(&csv->file, (size_t)INTEGERS * INTEGER_BYTES + strlen(service) + 16 +
						 csv->tail_bytes);
	at = put_integer(start, r->id);
	at = put_text(at, service);
	at = put_field(at, (uint64_t)r->arrival_ns);
	if (r->first_token_ns >= 0)
		at = put_field(at, (uint64_t)r->first_token_ns);
	else
		*at++ = ',';
	at = put_field(at, (uint64_t)r->end_ns);
	at = put_field(at, r->input_tokens);
	at = put_field(at, r->output_tokens);
	at = put_text(at, outcome_name(r->outcome));
	at = put_field(at, r->cold);
	at = put_field(at, r->preemptions);
	for (uint32_t p = 0; p < PARTS; p++) {
		assert(r->part_ns[p] >= 0);
		sum += r->part_ns[p];
		at = put_field(at, (uint64_t)r->part_ns[p]);
	}
	assert(sum == r->end_ns - r->arrival_ns);
	memcpy(at, csv->tail, csv->tail_bytes);
	at += csv->tail_bytes;
	csv->file.used_bytes += (size_t)(at - start);
	csv->rows++;
}

bool requests_csv_close(struct requests_csv *csv, struct err *err)
{
	forget_run(csv);
	return outfile_close(&csv->file, err);
}

void requests_csv_abort(struct requests_csv *csv)
{
	forget_run(csv);
	outfile_abort(&csv->file);
}

/* Mutated traces: fuzz_trace SEED ROUNDS.
 *
 * A small good file of each format is damaged - bytes changed, dropped, doubled, pieces of others
 * put in - sometimes after compression, and read under any policy.  It must end in rows that add up
 * (read = emitted + dropped), in order and in range, or in a message.  Round i draws from seed SEED
 * + i alone. */
#include "base/rng.h"
#include "traces/trace.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { FILE_MAX = 1 << 14, ROWS_MAX = 60 };

static const char *const headers[] = {
	"arrival_s,service,input_tokens,output_tokens,session,prefix\n",
	"TIMESTAMP,ContextTokens,GeneratedTokens\n",
	"TIMESTAMP,NumImages,ContextTokens,GeneratedTokens\n",
	"arrived_at,num_prefill_tokens,num_decode_tokens\n",
	"Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens\n",
	"",
	"app,func,end_timestamp,duration\n",
	"HashOwner,HashApp,HashFunction,Trigger,1,2,3,7\n",
};
static const char *const formats[] = { "sonde",
				       "azure2023",
				       "azure2024",
				       "vidur",
				       "burstgpt",
				       "mooncake",
				       "azure-functions-2021",
				       "azure-functions-2019" };
enum { FORMATS = sizeof(formats) / sizeof(*formats) };

/* Things that stand in real files, and things that should not. */
static const char *const pieces[] = {
	"\r\n",
	"\n",
	"\n\n",
	",",
	",,",
	"\"",
	"\"\"",
	"#",
	"\xef\xbb\xbf",
	"\xff\xfe",
	"-",
	"-1",
	"0",
	"1e",
	"1e-06",
	"1E+20",
	"e-400",
	".",
	"16777216",
	"16777217",
	"18446744073709551615",
	"99999999999999999999",
	"nan",
	"inf",
	"Z",
	"+00:00",
	"-14:00",
	"2024-02-29T23:59:59.999999999Z",
	"2023-11-16 18:15:46.6805900",
	"0000-00-00",
	"UTC",
	"chat",
	" ",
	"\t",
	"\x1f\x8b",
	"\x28\xb5\x2f\xfd",
	"arrival_s",
	"TIMESTAMP,ContextTokens",
	"{",
	"}",
	"[",
	"]",
	"\\",
	":",
	"\"hash_ids\": [",
};
enum { PIECES = sizeof(pieces) / sizeof(*pieces) };

static size_t good_file(struct rng *rng, uint32_t format, char *out)
{
	size_t n = (size_t)snprintf(out, FILE_MAX, "%s", headers[format]);
	uint32_t rows = rng_below(rng, ROWS_MAX), ms = rng_below(rng, 50000);

	for (uint32_t i = 0; i < rows; i++) {
		uint32_t input = rng_below(rng, 3000), output = rng_below(rng, 300),
			 service = rng_below(rng, 5);
		size_t room = FILE_MAX - n;

		ms += rng_below(rng, 20) ? rng_below(rng, 300)
					 : -rng_below(rng, ms < 500 ? ms + 1 : 500);
		if (format == 0)
			n += (size_t)snprintf(out + n, room, "%u.%03u,s%u,%u,%u,%u,\n", ms / 1000,
					      ms % 1000, service, input, output, i);
		else if (format == 4)
			n += (size_t)snprintf(out + n, room, "%u.0,ab-%u,3,s%u,%u,%u,%u\n",
					      ms / 1000, i % 7, service, input, output,
					      input + output);
		else if (format == 5)
			n += (size_t)snprintf(out + n, room,
					      "{\"timestamp\": %u, \"input_length\": %u, "
					      "\"output_length\": %u, \"hash_ids\": [%u, %u]}\n",
					      ms, input, output, service, i);
		else if (format == 6)
			n += (size_t)snprintf(out + n, room, "a%u,s%u,%u.%03u,0.%03u\n", service,
					      service, ms / 1000, ms % 1000, output);
		else if (format == 7)
			n += (size_t)snprintf(out + n, room, "o,a%u,f%u,http,%u,0,%u,7\n", i % 3, i,
					      service, output);
		else if (format == 3)
			n += (size_t)snprintf(out + n, room, "%.9g,%u,%u\n", ms / 1e3, input,
					      output);
		else
			n += (size_t)snprintf(out + n, room,
					      "2024-05-1%u 00:%02u:%02u.%03u%s%s,%u,%u\n", format,
					      ms / 60000 % 60, ms / 1000 % 60, ms % 1000,
					      format == 2 ? "+00:00" : "", format == 2 ? ",1" : "",
					      input, output);
	}
	return n;
}

static size_t replace(char *text, size_t n, size_t at, size_t old, const char *with, size_t m)
{
	if (at + old > n || n - old + m > FILE_MAX)
		return n;
	memmove(text + at + m, text + at + old, n - at - old);
	memcpy(text + at, with, m);
	return n - old + m;
}

static size_t mutate(struct rng *rng, char *text, size_t n, bool words)
{
	for (uint32_t times = rng_below(rng, 8); times > 0 && n; times--) {
		size_t at = rng_below(rng, (uint32_t)n);
		uint32_t how = rng_below(rng, words ? 6 : 4), piece = rng_below(rng, PIECES);
		char copy[64];
		size_t m = rng_below(rng, sizeof(copy));

		if (how == 0)
			text[at] = (char)(text[at] ^ (1 << rng_below(rng, 8)));
		else if (how == 1)
			text[at] = (char)rng_below(rng, 256);
		else if (how == 2)
			n = replace(text, n, at, m, "", 0);
		else if (how == 3 && at + m <= n)
			n = replace(text, n, rng_below(rng, (uint32_t)n), 0,
				    memcpy(copy, text + at, m), m);
		else
			n = replace(text, n, at, how == 4 ? 0 : m % 8, pieces[piece],
				    strlen(pieces[piece]));
	}
	return rng_below(rng, 10) ? n : n - rng_below(rng, (uint32_t)n + 1) / 2;
}

/* In place of the text, its compressed form; as it was where that does not fit. */
static size_t compress_file(struct rng *rng, char *text, size_t n)
{
	static char packed[FILE_MAX];
	size_t m;

	if (rng_below(rng, 2)) {
		m = ZSTD_compress(packed, FILE_MAX, text, n, 1);
		if (ZSTD_isError(m))
			return n;
	} else {
		z_stream z = { .next_in = (unsigned char *)text,
			       .avail_in = (uInt)n,
			       .next_out = (unsigned char *)packed,
			       .avail_out = FILE_MAX };

		deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
		m = deflate(&z, Z_FINISH) == Z_STREAM_END ? FILE_MAX - z.avail_out : 0;
		deflateEnd(&z);
		if (!m)
			return n;
	}
	memcpy(text, packed, m);
	return m;
}

/* 1 = read to its end, 0 = refused with a message. */
static int read_trace(const struct trace_spec *spec)
{
	struct err err = { .text = "" };
	struct trace *trace = trace_open(spec, &err);
	struct trace_counts counts;
	struct trace_row row;
	int64_t last_ns = spec->start_ns;
	uint64_t rows = 0;
	int got;

	if (!trace) {
		assert(err.text[0] && !err.system);
		return 0;
	}
	while ((got = trace_next(trace, &row, &err)) == 1) {
		assert(row.arrival_ns >= last_ns);
		assert(row.input_tokens <= TRACE_TOKENS_MAX &&
		       row.output_tokens <= TRACE_TOKENS_MAX);
		assert(spec->zero_tokens == TRACE_ZERO_KEEP ||
		       (row.input_tokens && row.output_tokens));
		last_ns = row.arrival_ns;
		rows++;
	}
	counts = trace_counts(trace);
	assert(counts.emitted == rows);
	assert(counts.dropped == counts.zero + counts.malformed + counts.late + counts.left_out);
	if (got == 0)
		assert(counts.read == counts.emitted + counts.dropped);
	else
		assert(err.text[0] && !err.system &&
		       counts.read >= counts.emitted + counts.dropped);
	trace_close(trace);
	return !got;
}

static int one_round(uint64_t seed, int fd, const char *path)
{
	static char text[FILE_MAX];
	static const char *const known[] = { "s0", "s1", "s2", "s3", "s4", NULL };
	struct rng rng = rng_stream(seed, "fuzz_trace", 0);
	uint32_t format = rng_below(&rng, FORMATS);
	size_t n = mutate(&rng, text, good_file(&rng, format, text), true);
	struct trace_spec spec = { .file = path, .format = formats[format] };

	if (!rng_below(&rng, 4))
		n = mutate(&rng, text, compress_file(&rng, text, n), false);
	if (!rng_below(&rng, 20))
		spec.format = formats[rng_below(&rng, FORMATS)];
	spec.zero_tokens = (int)rng_below(&rng, 3);
	spec.lenient = rng_below(&rng, 2);
	spec.reorder = rng_below(&rng, 2) ? 0 : rng_below(&rng, 40);
	spec.loop = rng_below(&rng, 4) ? 1 : 3;
	spec.start_ns = rng_below(&rng, 2) ? 0 : 12345;
	spec.services = rng_below(&rng, 2) ? known : NULL;
	spec.tick_ns = rng_below(&rng, 4) ? 0 : 1000000000;
	spec.spread = (int)rng_below(&rng, 2);
	spec.map = (int)rng_below(&rng, 5);
	spec.top = rng_below(&rng, 4);
	spec.rest = (int)rng_below(&rng, 2);
	spec.tenant = (int)rng_below(&rng, 3);
	spec.token_ns = 1 + rng_below(&rng, 100000000);
	spec.from_ns = rng_below(&rng, 4) ? 0 : 1500000000;
	spec.length_ns = rng_below(&rng, 4) ? 0 : 10000000000;
	if (ftruncate(fd, 0) || pwrite(fd, text, n, 0) != (ssize_t)n)
		abort();
	return read_trace(&spec);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000, whole = 0;
	int fd = memfd_create("fuzz_trace", 0);
	char path[64];

	if (fd < 0)
		return 1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (uint64_t i = 0; i < rounds; i++)
		whole += (uint64_t)one_round(seed + i, fd, path);
	printf("fuzz_trace: %" PRIu64 " rounds from seed %" PRIu64 ", %" PRIu64
	       " read to their end\n",
	       rounds, seed, whole);
	return 0;
}

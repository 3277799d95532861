/* Mutated pools of ServeGen: fuzz_servegen SEED ROUNDS.
 *
 * A folder of two small tenants, one of whose files is damaged.  It must end in rows that add up,
 * in order and in range, or in a message.  Round i draws from seed SEED + i alone. */
#include "base/rng.h"
#include "traces/trace.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 13 };

static const char *const pieces[] = { "\r\n",	 "\n",	    ",",      "\"",    "{",    "}",
				      ":",	 "-1",	    "nan",    "1e300", "0",    "Gamma",
				      "Weibull", "\\u0000", "[",      "]",     "0.01", "1e-9",
				      "9e9",	 "600",	    "{5: 1}", "null",  "\\\"" };
enum { PIECES = sizeof(pieces) / sizeof(*pieces) };
static const char *const names[] = { "chunk-1-trace.csv", "chunk-1-dataset.json",
				     "chunk-2-trace.csv", "chunk-2-dataset.json" };

static size_t good_windows(struct rng *rng, char *out)
{
	static const char *const kinds[] = { "Gamma", "Weibull", "" };
	uint32_t windows = 1 + rng_below(rng, 5);
	size_t n = 0;

	for (uint32_t i = 0; i < windows; i++) {
		uint32_t kind = rng_below(rng, 3), tenths = rng_below(rng, 10);

		n += (size_t)snprintf(out + n, FILE_MAX - n, "%u,0.%u,1.5,%s,0.%u,0.0%u\r\n",
				      i * 600, tenths, kinds[kind], 1 + tenths, tenths);
	}
	return n;
}

static size_t good_dataset(struct rng *rng, char *out)
{
	uint32_t windows = 1 + rng_below(rng, 3);
	size_t n = (size_t)snprintf(out, FILE_MAX, "{");

	for (uint32_t i = 0; i < windows; i++)
		n += (size_t)snprintf(out + n, FILE_MAX - n,
				      "%s\"%u\": {\"input_tokens\": \"{%u: 0.25, 9: 0.75}\", "
				      "\"image_tokens\": \"{0: 1.0}\", "
				      "\"output_tokens\": \"{1: 0.5, 12: 0.5}\"}",
				      i ? ", " : "", i * 1200, rng_below(rng, 5000));
	return n + (size_t)snprintf(out + n, FILE_MAX - n, "}\n");
}

static size_t replace(char *text, size_t n, size_t at, size_t old, const char *with, size_t m)
{
	if (at + old > n || n - old + m > FILE_MAX)
		return n;
	memmove(text + at + m, text + at + old, n - at - old);
	memcpy(text + at, with, m);
	return n - old + m;
}

static size_t mutate(struct rng *rng, char *text, size_t n)
{
	for (uint32_t times = rng_below(rng, 5); times > 0 && n; times--) {
		size_t at = rng_below(rng, (uint32_t)n);
		uint32_t how = rng_below(rng, 5), piece = rng_below(rng, PIECES),
			 old = rng_below(rng, 8);

		if (how == 0)
			text[at] = (char)(text[at] ^ (1 << rng_below(rng, 8)));
		else if (how == 1)
			n = replace(text, n, at, old * 4, "", 0);
		else
			n = replace(text, n, at, how == 2 ? 0 : old, pieces[piece],
				    strlen(pieces[piece]));
	}
	return n;
}

/* 1 = read to its end, 0 = refused with a message. */
static int read_pool(const struct trace_spec *spec)
{
	struct err err = { .text = "" };
	struct trace *trace = trace_open(spec, &err);
	struct trace_counts counts;
	struct trace_row row;
	int64_t last_ns = spec->start_ns;
	uint64_t rows = 0;
	int got = -1;

	if (!trace) {
		assert(err.text[0] && !err.system);
		return 0;
	}
	/* a rate may be mutated to millions a second */
	while (rows < 20000 && (got = trace_next(trace, &row, &err)) == 1) {
		assert(row.arrival_ns >= last_ns);
		assert(row.input_tokens <= TRACE_TOKENS_MAX &&
		       row.output_tokens <= TRACE_TOKENS_MAX);
		last_ns = row.arrival_ns;
		rows++;
	}
	counts = trace_counts(trace);
	assert(counts.emitted == rows);
	if (got == 0)
		assert(counts.read == counts.emitted + counts.dropped);
	else if (got < 0)
		assert(err.text[0] && !err.system);
	trace_close(trace);
	return !got;
}

static int one_round(uint64_t seed, const char *folder)
{
	static char text[FILE_MAX + 1];
	static const char *const known[] = { "chunk-1", "chunk-2", NULL };
	struct rng rng = rng_stream(seed, "fuzz_servegen", 0);
	uint32_t damaged = rng_below(&rng, 4);
	struct trace_spec spec = { .file = folder, .format = "servegen", .rate = 1, .loop = 1 };

	for (uint32_t i = 0; i < 4; i++) {
		size_t n = i % 2 ? good_dataset(&rng, text) : good_windows(&rng, text);
		char path[128];
		FILE *out;

		if (i == damaged)
			n = mutate(&rng, text, n);
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		out = fopen(path, "wb");
		if (!out || fwrite(text, 1, n, out) != n || fclose(out))
			abort();
	}
	spec.seed = seed;
	spec.lenient = rng_below(&rng, 2);
	spec.zero_tokens = (int)rng_below(&rng, 3);
	spec.services = rng_below(&rng, 2) ? known : NULL;
	spec.map = (int)rng_below(&rng, 5);
	spec.from_ns = rng_below(&rng, 3) ? 0 : 700 * INT64_C(1000000000);
	spec.length_ns = rng_below(&rng, 3) ? 0 : 900 * INT64_C(1000000000);
	spec.tick_ns = rng_below(&rng, 4) ? 0 : 1000000000;
	return read_pool(&spec);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000, whole = 0;
	char folder[] = "/tmp/sonde-fuzz-XXXXXX", path[128];

	if (!mkdtemp(folder))
		return 1;
	for (uint64_t i = 0; i < rounds; i++)
		whole += (uint64_t)one_round(seed + i, folder);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	printf("fuzz_servegen: %" PRIu64 " rounds from seed %" PRIu64 ", %" PRIu64
	       " read to their end\n",
	       rounds, seed, whole);
	return 0;
}

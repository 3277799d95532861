/* How fast a plain CSV trace of Sonde's own format becomes rows; the file is in the page cache. CPU
 * time; best of five, as other work on the machine can only add. */
#include "base/rng.h"
#include "traces/trace.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 2000000, ROUNDS = 5 };

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Arrivals to the ns, ten services, lengths of all digits. */
static long write_trace(FILE *file)
{
	struct rng rng = rng_stream(1, "bench", 0);
	int64_t at_ns = 0;

	fputs("arrival_s,service,input_tokens,output_tokens\n", file);
	for (int i = 0; i < ROWS; i++) {
		uint32_t service = rng_below(&rng, 10), bits = rng_below(&rng, 14);
		uint32_t input = 1 + rng_below(&rng, 1u << bits),
			 output = 1 + rng_below(&rng, 1000);

		at_ns += rng_below(&rng, 2000000);
		fprintf(file, "%" PRId64 ".%09" PRId64 ",chat-%u,%u,%u\n", at_ns / 1000000000,
			at_ns % 1000000000, service, input, output);
	}
	return ftell(file);
}

int main(void)
{
	char path[] = "/tmp/sonde-bench-XXXXXX";
	struct trace_spec spec = { .file = path, .format = "sonde", .reorder = 256, .loop = 1 };
	double best_s = 1e9;
	FILE *file = fdopen(mkstemp(path), "w");
	uint64_t tokens = 0;
	long bytes;

	assert(file);
	bytes = write_trace(file);
	fclose(file);
	for (int round = 0; round < ROUNDS; round++) {
		double start_s = cpu_s(), took_s;
		struct trace_row row;
		struct err err;
		struct trace *trace = trace_open(&spec, &err);
		uint64_t n = 0;

		assert(trace);
		for (; trace_next(trace, &row, &err) == 1; n++)
			tokens += row.input_tokens;
		assert(n == ROWS);
		trace_close(trace);
		took_s = cpu_s() - start_s;
		if (took_s < best_s)
			best_s = took_s;
	}
	unlink(path);
	printf("read CSV            %6.1f M rows/s, %5.0f MB/s, %4.1f ns a row (checksum %" PRIu64
	       ")\n",
	       ROWS / best_s / 1e6, (double)bytes / best_s / 1e6, best_s * 1e9 / ROWS,
	       tokens / ROUNDS);
	return 0;
}

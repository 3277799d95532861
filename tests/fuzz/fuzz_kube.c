/* Mutated lists of nodes and pods: fuzz_kube SEED ROUNDS.
 *
 * A small good one, as kubectl prints it, is damaged and read.  It must end in a cluster whose
 * groups add up, or in a message.  Round i draws from seed SEED + i alone. */
#include "base/rng.h"
#include "scenarios/kube.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 14 };

static const char *const pieces[] = { "{",    "}",   "[",    "]",	"\"",	"\\",	 ",",
				      ":",    "\n",  "null", "true",	"-1",	"1e999", "8Gi",
				      "Node", "Pod", "x",    "\\u0000", "\xff", "items", "0x10" };
enum { PIECES = sizeof(pieces) / sizeof(*pieces) };

static size_t good_list(struct rng *rng, char *out)
{
	uint32_t nodes = 1 + rng_below(rng, 4), pods = rng_below(rng, 5);
	size_t n = (size_t)snprintf(out, FILE_MAX, "{\"kind\": \"List\", \"items\": [\n");

	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t gpus = rng_below(rng, 9);

		n += (size_t)snprintf(
			out + n, FILE_MAX - n,
			"%s{\"kind\": \"Node\", \"metadata\": {\"name\": \"n%u\", \"labels\": "
			"{\"nvidia.com/gpu.product\": \"Tesla-T4\"}}, \"spec\": {\"podCIDR\": "
			"\"10.0.%u.0/24\"}, \"status\": {\"allocatable\": {\"cpu\": \"7910m\", "
			"\"memory\": \"31Gi\", \"pods\": \"110\", \"nvidia.com/gpu\": \"%u\"}, "
			"\"conditions\": [{\"type\": \"Ready\", \"status\": \"True\"}]}}",
			i ? "," : "", i, i, gpus);
	}
	for (uint32_t i = 0; i < pods; i++)
		n += (size_t)snprintf(
			out + n, FILE_MAX - n,
			",\n{\"kind\": \"Pod\", \"spec\": {\"nodeName\": \"n%u\", \"containers\": "
			"[{\"resources\": {\"requests\": {\"cpu\": \"500m\", \"nvidia.com/gpu\": "
			"1}}}]}, \"status\": {\"phase\": \"Running\"}}",
			i % 5);
	return n + (size_t)snprintf(out + n, FILE_MAX - n, "]}\n");
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
			n = replace(text, n, at, old * 8, "", 0);
		else
			n = replace(text, n, at, how == 2 ? 0 : old, pieces[piece],
				    strlen(pieces[piece]));
	}
	return rng_below(rng, 10) ? n : n - rng_below(rng, (uint32_t)n + 1) / 2;
}

static int one_round(uint64_t seed, int fd, const char *path, FILE *nowhere)
{
	static char text[FILE_MAX];
	struct rng rng = rng_stream(seed, "fuzz_kube", 0);
	size_t n = mutate(&rng, text, good_list(&rng, text));
	bool spare = rng_below(&rng, 2), ok;
	struct kube_cluster cluster;
	struct err err = { .text = "" };
	struct arena arena;
	int64_t nodes = 0;

	if (ftruncate(fd, 0) || pwrite(fd, text, n, 0) != (ssize_t)n)
		abort();
	arena_init(&arena);
	ok = kube_read(path, spare, &cluster, &arena, &err);
	if (ok) {
		for (uint32_t i = 0; i < cluster.groups.n; i++) {
			nodes += cluster.groups.at[i].nodes;
			assert(cluster.groups.at[i].each.gpus >= 0 &&
			       cluster.groups.at[i].each.cpu_milli >= 0 &&
			       cluster.groups.at[i].each.pods > 0);
		}
		assert(nodes > 0 && nodes <= cluster.nodes.n);
		kube_print(&cluster, path, spare, nowhere);
		kube_release(&cluster);
	} else {
		assert(err.text[0] && !err.system);
	}
	arena_release(&arena);
	return ok;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000, whole = 0;
	int fd = memfd_create("fuzz_kube", 0);
	FILE *nowhere = fopen("/dev/null", "w");
	char path[64];

	if (fd < 0 || !nowhere)
		return 1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (uint64_t i = 0; i < rounds; i++)
		whole += (uint64_t)one_round(seed + i, fd, path, nowhere);
	fclose(nowhere);
	printf("fuzz_kube: %" PRIu64 " rounds from seed %" PRIu64 ", %" PRIu64
	       " read to their end\n",
	       rounds, seed, whole);
	return 0;
}

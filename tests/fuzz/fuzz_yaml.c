/* Mutated scenarios: fuzz_yaml SEED ROUNDS.
 *
 * A valid file is damaged - bytes changed, dropped, doubled, pieces of YAML put in - and loaded
 * with a random set.  It must end in a config whose dump loads again to the same dump of values, or
 * in a message of one line.  Round i draws from seed SEED + i alone. */
#include "base/rng.h"
#include "scenarios/load.h"
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 13, MUTATIONS_MAX = 4 };

struct engine {
	int64_t blocks;
	double share;
};
struct part {
	const char *name;
	int64_t size_bytes;
};
struct service {
	const char *name;
	struct engine engine;
	struct dist start;
	struct opt_list parts;
};
struct root {
	int64_t seed, time_ns;
	const char *title;
	bool fast;
	int policy;
	double rate;
	struct engine engine;
	struct service service;
	struct opt_list services;
};

static const char *const policies[] = { "first-fit", "best-fit", NULL };
static const struct opt engine_options[] = {
	{ "kv_blocks", OPT_INT, UNIT_NONE, offsetof(struct engine, blocks), "16", 1, 4096,
	  .help = "" },
	{ "share", OPT_REAL, UNIT_SHARE, offsetof(struct engine, share), "70%", 0, 1, .help = "" },
	OPT_END
};
static const struct opt part_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, offsetof(struct part, name), "", .help = "" },
	{ "size", OPT_INT, UNIT_BYTES, offsetof(struct part, size_bytes), "1KiB", .help = "" },
	OPT_END
};
static const struct opt service_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, offsetof(struct service, name), "default", .help = "" },
	{ "engine", OPT_INLINE, UNIT_NONE, offsetof(struct service, engine),
	  .sub = engine_options },
	{ "start", OPT_DIST, UNIT_TIME, offsetof(struct service, start), "3s", .help = "" },
	{ "parts", OPT_LIST, UNIT_NONE, offsetof(struct service, parts), .sub = part_options,
	  .size = sizeof(struct part) },
	OPT_END
};
static const struct opt root_options[] = {
	{ "seed", OPT_INT, UNIT_NONE, offsetof(struct root, seed), "1", .help = "" },
	{ "time", OPT_INT, UNIT_TIME, offsetof(struct root, time_ns), "60s", .help = "" },
	{ "title", OPT_TEXT, UNIT_NONE, offsetof(struct root, title), "", .help = "" },
	{ "fast", OPT_BOOL, UNIT_NONE, offsetof(struct root, fast), "false", .help = "" },
	{ "policy", OPT_CHOICE, UNIT_NONE, offsetof(struct root, policy), "best-fit",
	  .choices = policies },
	{ "rate", OPT_REAL, UNIT_RATE, offsetof(struct root, rate), "200Gbit/s", .help = "" },
	{ "engine", OPT_TABLE, UNIT_NONE, offsetof(struct root, engine), .sub = engine_options },
	{ "service", OPT_TABLE, UNIT_NONE, offsetof(struct root, service), .sub = service_options },
	{ "services", OPT_LIST, UNIT_NONE, offsetof(struct root, services), .sub = service_options,
	  .size = sizeof(struct service), .inherit = 1 + offsetof(struct root, service) },
	OPT_END
};

static const char *const files[] = {
	"# all kinds\nseed: 42\ntime: 5min\ntitle: \"a: b # c\"\nfast: yes\npolicy: first-fit\n"
	"rate: 100Gbit/s\nengine: {kv_blocks: 2k, share: 50%}\nservices:\n  - name: chat\n"
	"    kv_blocks: 99\n    start: LN(10s,18s); 2% 60s\n    parts: [{size: 2KiB}, {name: p}]\n"
	"  - {name: code, start: \"table(1s@0,2s@50%,9s@1)\"}\n",
	"service: &base\n  share: 20%\n  parts:\n  - &p {name: x, size: 1MB}\nengine: &e\n  share: "
	"1%\n"
	"services:\n- <<: *base\n  name: a\n- name: b\n  parts: [*p, {<<: *p, name: 'y'}]\n",
	"seed: 1\nsweep:\n  axes: [{key: seed, values: [1, 2]}]\nvariants:\n  - name: plain\n"
	"  - name: big\n    set:\n      seed: 2\n      services.a.kv_blocks: 77\n"
	"services: [{name: a}]\ntitle: |\n  two\n  lines\n",
	"{\"seed\": 4, \"engine\": {\"share\": 0.25}, \"services\": [{\"name\": \"\\u00e9\"}]}"
};

static const char *const pieces[] = {
	": ",
	"- ",
	"\n",
	"\n  ",
	"\t",
	"#",
	"\"",
	"'",
	"{",
	"}",
	"[",
	"]",
	", ",
	"&a ",
	"*a",
	"*base",
	"<<: ",
	"!!int ",
	"| ",
	"> ",
	"%",
	"@",
	"---\n",
	"...\n",
	"? ",
	"~",
	"null",
	"\xef\xbb\xbf",
	"\xff",
	"\xc2\x85",
	"\x01",
	"\\x00",
	"1e999",
	"-1",
	"9223372036854775808",
	"U(1s,2s)",
	"; 1% 5s",
	"include: .\n",
	"seed: 3\n",
	"name: a\n",
	"engine:",
	"services:\n",
	"parts: [{}]\n",
	"variants:\n",
	"sweep: 1\n",
	"set: {time: 1s}\n",
	"[[[[[[[[[[[[[[[[[[[[[[",
};

/* What may stand where a word stood and still be YAML. */
static const char *const words[] = { "kv_blocks", "share",     "parts",
				     "size",	  "name",      "a",
				     "5",	  "0",	       "1%",
				     "2s",	  "exp(3s)",   "true",
				     "first-fit", "LN(1s,9s)", "1KiB",
				     "services",  "service",   "engine",
				     "seed",	  "title",     "''",
				     "x y",	  "~",	       "1e15d",
				     "[]",	  "{}",	       "9007199254740993",
				     "*a",	  "0.1",       "3.3Gbit/s",
				     "1.1min" };

static const char *const sets[] = {
	"seed=3",
	"engine.share=5%",
	"services.a.kv_blocks=5",
	"services.*.start=exp(3s)",
	"services.0.parts=[{size: 1B}]",
	"services=[{name: q}]",
	"title=\"x",
	"engine={share: 3%}",
	"service.parts.x.size=9B",
	"zebra=1",
	"services.7.share=1",
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* Puts with[0..m) in place of drop bytes at `at`; returns the new length, cut at FILE_MAX. */
static size_t splice(char *text, size_t n, size_t at, size_t drop, const char *with, size_t m)
{
	if (n - drop + m > FILE_MAX)
		return n;
	memmove(text + at + m, text + at + drop, n - at - drop);
	memcpy(text + at, with, m);
	return n - drop + m;
}

/* Where the word around `at` begins and ends. */
static void word_at(const char *text, size_t n, size_t *at, size_t *len)
{
	size_t end = *at;

	while (*at && (isalnum((unsigned char)text[*at - 1]) || text[*at - 1] == '_'))
		--*at;
	while (end < n && (isalnum((unsigned char)text[end]) || text[end] == '_'))
		end++;
	*len = end - *at;
}

static size_t mutate(struct rng *rng, char *text, size_t n)
{
	char copy[64];

	for (uint32_t i = rng_below(rng, MUTATIONS_MAX); i && n; i--) {
		size_t at = rng_below(rng, (uint32_t)n), len = 1 + rng_below(rng, 20);
		const char *piece = pieces[rng_below(rng, COUNT(pieces))];
		const char *word = words[rng_below(rng, COUNT(words))];

		if (len > n - at)
			len = n - at;
		switch (rng_below(rng, 8)) {
		case 0: text[at] = (char)rng_bits(rng); break;
		case 1: n = splice(text, n, at, len, "", 0); break;
		case 2:
			memcpy(copy, text + at, len);
			n = splice(text, n, rng_below(rng, (uint32_t)n), 0, copy, len);
			break;
		case 3:
			n = splice(text, n, at, rng_below(rng, 2) ? len : 0, piece, strlen(piece));
			break;
		default:
			word_at(text, n, &at, &len);
			n = splice(text, n, at, len, word, strlen(word));
			break;
		}
	}
	return n;
}

static void put_file(int fd, const char *text, size_t n)
{
	if (ftruncate(fd, 0) || pwrite(fd, text, n, 0) != (ssize_t)n)
		abort();
}

struct values {
	FILE *out;
	struct arena *arena;
};

static void put_value(void *ctx, const char *path, const struct opt *opt, const void *config)
{
	struct values *values = ctx;

	fprintf(values->out, "%s=%s\n", path, opt_text(opt, config, values->arena));
}

/* All values as text, for the caller to free; what they come from is left out. */
static char *values_of(const struct root *root, struct arena *arena)
{
	struct values values = { .arena = arena };
	char *text = NULL;
	size_t n;

	values.out = open_memstream(&text, &n);
	if (!values.out)
		abort();
	opt_walk(root_options, root, put_value, &values);
	fclose(values.out);
	return text;
}

/* What loaded must be dumped to a file that loads to the same values. */
static void check_dump(int fd, const char *path, const struct scenario *scenario,
		       const struct root *root, struct arena *arena)
{
	char *before = values_of(root, arena), *after, *dump = NULL, line[1024];
	struct err err = { .text = "" };
	struct root again;
	size_t n;
	FILE *out = open_memstream(&dump, &n);

	if (!out)
		abort();
	scenario_dump(out, scenario, root_options, root);
	fclose(out);
	put_file(fd, dump, n);
	if (!scenario_load(root_options, &again, path, NULL, 0, NULL, arena, &err)) {
		fprintf(stderr, "%s\n%s\n", err_line(&err, line, sizeof(line)), dump);
		abort();
	}
	after = values_of(&again, arena);
	if (strcmp(before, after) != 0) {
		fprintf(stderr, "%s\n%s\n%s\n", before, dump, after);
		abort();
	}
	free(before);
	free(after);
	free(dump);
}

static int one_round(uint64_t seed, int fd, const char *path)
{
	static char text[FILE_MAX];
	struct rng rng = rng_stream(seed, "fuzz_yaml", 0);
	const char *file = files[rng_below(&rng, COUNT(files))];
	struct scenario_set set[1];
	struct scenario scenario;
	struct arena arena;
	struct root root;
	struct err err = { .text = "" };
	size_t n = strlen(file);
	uint32_t n_sets;
	bool ok;

	arena_init(&arena);
	memcpy(text, file, n);
	put_file(fd, text, mutate(&rng, text, n));
	n_sets = rng_below(&rng, 2);
	ok = scenario_set_parse(sets[rng_below(&rng, COUNT(sets))], set, &arena, &err);
	assert(ok);
	ok = scenario_load(root_options, &root, path, set, n_sets, &scenario, &arena, &err);
	if (ok)
		check_dump(fd, path, &scenario, &root, &arena);
	else
		assert(err.text[0] && !strchr(err.text, '\n') && !err.system);
	arena_release(&arena);
	return ok;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000, whole = 0;
	int fd = memfd_create("fuzz_yaml", 0);
	char path[64];

	if (fd < 0)
		return 1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (uint64_t i = 0; i < rounds; i++)
		whole += (uint64_t)one_round(seed + i, fd, path);
	printf("fuzz_yaml: %" PRIu64 " rounds from seed %" PRIu64 ", %" PRIu64 " loaded\n", rounds,
	       seed, whole);
	return 0;
}

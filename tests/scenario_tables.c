/* One row of every kind, nesting, inlining, and a list whose elements start from another key. */
#include "tests/scenario_tables.h"
#include "tests/suites.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const policies[] = { "first-fit", "best-fit", NULL };
static const struct opt engine_options[] = {
	{ "kv_blocks", OPT_INT, UNIT_NONE, offsetof(struct engine, blocks), "16", 1, 4096,
	  .help = "KV blocks", .source = "vLLM" },
	{ "share", OPT_REAL, UNIT_SHARE, offsetof(struct engine, share), "70%", 0, 1,
	  .help = "share" },
	OPT_END
};
static const struct opt part_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, offsetof(struct part, name), "", .help = "name" },
	{ "size", OPT_INT, UNIT_BYTES, offsetof(struct part, size_bytes), "1KiB", .help = "size" },
	OPT_END
};
static const struct opt limit_options[] = {
	{ "pods", OPT_INT, UNIT_NONE, offsetof(struct limits, pods), "110", .help = "pods a node" },
	OPT_END
};
static const struct opt service_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, offsetof(struct service, name), "default", .help = "name" },
	{ "engine", OPT_TABLE, UNIT_NONE, offsetof(struct service, engine), .sub = engine_options,
	  .help = "engine" },
	{ "start", OPT_DIST, UNIT_TIME, offsetof(struct service, start), "3s", .help = "start",
	  .source = "assumption" },
	{ "parts", OPT_LIST, UNIT_NONE, offsetof(struct service, parts), .sub = part_options,
	  .size = sizeof(struct part), .help = "parts" },
	OPT_END
};
const struct opt root_options[] = {
	{ "seed", OPT_INT, UNIT_NONE, offsetof(struct root, seed), "1", .help = "seed" },
	{ "time", OPT_INT, UNIT_TIME, offsetof(struct root, time_ns), "60s", 1e9, INFINITY,
	  .help = "time" },
	{ "title", OPT_TEXT, UNIT_NONE, offsetof(struct root, title), "",
	  .help = ".title \\ of-it" },
	{ "fast", OPT_BOOL, UNIT_NONE, offsetof(struct root, fast), "false", .help = "fast" },
	{ "policy", OPT_CHOICE, UNIT_NONE, offsetof(struct root, policy), "best-fit",
	  .choices = policies, .help = "policy" },
	{ "rate", OPT_REAL, UNIT_RATE, offsetof(struct root, rate), "200Gbit/s", .help = "rate" },
	{ "engine", OPT_TABLE, UNIT_NONE, offsetof(struct root, engine), .sub = engine_options,
	  .help = "engine" },
	{ "limits", OPT_INLINE, UNIT_NONE, offsetof(struct root, limits), .sub = limit_options,
	  .help = "limits" },
	{ "services", OPT_LIST, UNIT_NONE, offsetof(struct root, services), .sub = service_options,
	  .size = sizeof(struct service), .inherit = 1 + offsetof(struct root, service),
	  .help = "services" },
	{ "service", OPT_TABLE, UNIT_NONE, offsetof(struct root, service), .sub = service_options,
	  .help = "service" },
	OPT_END
};

enum { SETS_MAX = 8 };

struct arena arena;
struct root root;
struct scenario scenario;
static char folder[64];

void scenario_setup(void)
{
	arena_init(&arena);
	snprintf(folder, sizeof(folder), "/tmp/sonde-load-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

void scenario_teardown(void)
{
	static const char *const names[] = { "s.yaml", "a.yaml", "b.yaml", "c.yaml", "sub/d.yaml" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	rmdir("sub");
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(folder);
	arena_release(&arena);
}

void put_bytes(const char *name, const char *data, size_t bytes)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, bytes, file), bytes);
	ck_assert_int_eq(fclose(file), 0);
}

void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

bool load(const char *sets, char *message, size_t size)
{
	struct scenario_set set[SETS_MAX];
	struct err err = { 0 };
	uint32_t n = 0;
	bool ok = true;

	for (size_t len; ok && sets && *sets; sets += len + (sets[len] == '\n')) {
		len = strcspn(sets, "\n");
		ck_assert_uint_lt(n, SETS_MAX);
		ok = scenario_set_parse(arena_text(&arena, sets, len), &set[n++], &arena, &err);
	}
	ok = ok && scenario_load(root_options, &root, "s.yaml", set, n, &scenario, &arena, &err);
	err_line(&err, message, size);
	return ok;
}

void good(const char *text, const char *sets)
{
	char message[1024];

	put("s.yaml", text);
	ck_assert_msg(load(sets, message, sizeof(message)), "%s", message);
}

const struct service *service(uint32_t i)
{
	ck_assert_uint_lt(i, root.services.n);
	return (const struct service *)root.services.at + i;
}

const struct part *part(const struct service *of, uint32_t i)
{
	ck_assert_uint_lt(i, of->parts.n);
	return (const struct part *)of->parts.at + i;
}

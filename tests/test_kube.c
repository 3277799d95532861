/* Clusters read from what kubectl prints: the list, nodes, requests of pods, groups. */
#include "base/arena.h"
#include "scenarios/kube.h"
#include "scenarios/kube_list.h"
#include "tests/suites.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIB (INT64_C(1) << 30)

static char path[64], message[1024];
static struct err err;
static struct arena arena;
static struct kube_cluster cluster;

static void setup(void)
{
	snprintf(path, sizeof(path), "/tmp/sonde-test-XXXXXX");
	close(mkstemp(path));
	arena_init(&arena);
}

static void teardown(void)
{
	unlink(path);
	arena_release(&arena);
}

static void put(const char *text)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static bool read_text(const char *text, bool spare)
{
	bool ok;

	put(text);
	ok = kube_read(path, spare, &cluster, &arena, &err);
	message[0] = '\0';
	if (!ok)
		err_line(&err, message, sizeof(message));
	return ok;
}

static void must_read(const char *items, bool spare)
{
	ck_assert_msg(read_text(arena_print(&arena, "{\"kind\": \"List\", \"items\": [%s]}", items),
				spare),
		      "%s", message);
}

/* Nested lists, strings with brackets and quotes in them, members before and behind. */
START_TEST(list)
{
	struct kube_list items;
	const char *want[] = { "{\"a\": \"}]\\\"\\\\\"}", "{\"items\": [{}]}", "{}" };

	put("\xef\xbb\xbf\n{ \"x\": [1, {\"items\": []}], \"y\": \"{\",\n \"items\" :\n[\n"
	    "{\"a\": \"}]\\\"\\\\\"}\n,\n{\"items\": [{}]},{}] , \"z\": null}\n\n");
	ck_assert(kube_list_open(&items, path, &err));
	for (int i = 0, lines[] = { 5, 7, 7 }; i < 3; i++) {
		ck_assert_int_eq(kube_list_next(&items, &err), 1);
		ck_assert_str_eq(items.item.at, want[i]);
		ck_assert_int_eq(items.line, lines[i]);
	}
	ck_assert_int_eq(kube_list_next(&items, &err), 0);
	kube_list_release(&items);
}
END_TEST

static const struct {
	const char *text;
	double value;
} quantities[] = { { "8", 8 },
		   { "500m", 0.5 },
		   { "127.5", 127.5 },
		   { "64Gi", 0x1p36 },
		   { "1056270668Ki", 1056270668.0 * 1024 },
		   { "12e6", 12e6 },
		   { "1.5G", 1.5e9 },
		   { "100n", 1e-7 },
		   { "0", 0 },
		   { "1E", 1e18 },
		   { "", -1 },
		   { "-1", -1 },
		   { "8GB", -1 },
		   { "x", -1 },
		   { "nan", -1 },
		   { "1e999", -1 },
		   { "8 ", -1 },
		   { "0x10", -1 } };

START_TEST(quantity)
{
	double value;
	bool ok = kube_quantity(quantities[_i].text, &value);

	ck_assert_int_eq(ok, quantities[_i].value >= 0);
	if (ok)
		ck_assert_double_eq_tol(value, quantities[_i].value,
					1e-12 + quantities[_i].value * 1e-12);
}
END_TEST

static const struct {
	const char *product, *gpu;
} products[] = { { "NVIDIA-A100-SXM4-80GB", "a100-80g" },
		 { "NVIDIA-A100-SXM4-40GB", "a100-sxm4-40gb" },
		 { "nvidia-h100-80gb", "h100" },
		 { "NVIDIA-L40S", "l40s" },
		 { "Tesla-T4", "t4" },
		 { "NVIDIA RTX, {A6000}", "rtx---a6000-" },
		 { "", "" } };

START_TEST(product)
{
	ck_assert_str_eq(kube_gpu(products[_i].product, &arena), products[_i].gpu);
}
END_TEST

#define NODE(name, more, resources) \
	"{\"kind\": \"Node\", \"metadata\": {\"name\": \"" name "\", \"labels\": {" \
	"\"nvidia.com/gpu.product\": \"Tesla-T4\"}}, \"spec\": {\"podCIDR\": \"10.1.2.0/25\"" more \
	"}, \"status\": {\"allocatable\": {" resources "}}}"
#define GPUS "\"cpu\": \"7910m\", \"memory\": \"31Gi\", \"pods\": \"50\", \"nvidia.com/gpu\": \"4\""
#define POD(node, phase, spec) \
	"{\"kind\": \"Pod\", \"spec\": {\"nodeName\": \"" node "\", " spec \
	"}, \"status\": {\"phase\": \"" phase "\"}}"
#define TAKES(gpus, cpu) \
	"{\"resources\": {\"limits\": {\"nvidia.com/gpu\": \"" gpus \
	"\"}, \"requests\": {\"cpu\": \"" cpu "\", \"memory\": \"1Gi\"}}}"

static const char *const groups_of[] = {
	POD("b", "Running", "\"containers\": [" TAKES("1", "0.5") ", {}]"),
	POD("b", "Running", "\"containers\": [" TAKES("2", "1") "]"),
	POD("b", "Succeeded", "\"containers\": [" TAKES("4", "1") "]"),
	POD("", "Pending", "\"containers\": [" TAKES("4", "1") "]"),
	POD("d", "Running", "\"containers\": [" TAKES("4", "1") "]"),
	NODE("b", "", GPUS),
	NODE("a", ", \"taints\": [{\"effect\": \"NoSchedule\"}]", GPUS),
	NODE("d", ", \"unschedulable\": true", GPUS),
	NODE("c", "", "\"cpu\": \"2\", \"memory\": \"1.5Gi\", \"pods\": 10"),
	"{\"kind\": \"Secret\"}",
	NULL,
};

static const char *join(const char *const *items)
{
	const char *all = *items;

	while (*++items)
		all = arena_print(&arena, "%s,\n%s", all, *items);
	return all;
}

/* Pods before nodes; what has ended, waits or stands elsewhere takes nothing. */
START_TEST(groups)
{
	const char *items = join(groups_of);
	const struct kube_group *group;

	must_read(items, false);
	ck_assert_uint_eq(cluster.groups.n, 2);
	group = cluster.groups.at;
	ck_assert_str_eq(group[0].name, "t4");
	ck_assert_int_eq(group[0].nodes, 2);
	ck_assert_int_eq(group[0].each.gpus, 4);
	ck_assert_int_eq(group[0].each.cpu_milli, 7900);
	ck_assert_int_eq(group[0].each.memory_bytes, 31 * GIB);
	ck_assert_int_eq(group[0].each.pods, 50);
	ck_assert_int_eq(group[0].ips, 126);
	ck_assert_int_eq(group[0].used.gpus, 3);
	ck_assert_int_eq(group[0].used.cpu_milli, 1500);
	ck_assert_int_eq(group[0].used.memory_bytes, 2 * GIB);
	ck_assert_str_eq(group[1].name, "cpu");
	ck_assert_int_eq(group[1].each.memory_bytes, GIB);
	ck_assert(cluster.bound == 3 && cluster.homeless == 1 && cluster.unbound == 1 &&
		  cluster.ended == 1 && cluster.cordoned == 1 && cluster.tainted == 1);
	kube_release(&cluster);
	must_read(items, true);
	ck_assert_uint_eq(cluster.groups.n, 3);
	group = cluster.groups.at;
	ck_assert_str_eq(group[1].name, "t4-2");
	ck_assert_int_eq(group[1].each.gpus, 1);
	ck_assert_int_eq(group[1].each.cpu_milli, 6400);
	ck_assert_int_eq(group[1].each.memory_bytes, 29 * GIB);
	ck_assert_int_eq(group[1].each.pods, 48);
	kube_release(&cluster);
}
END_TEST

static const struct {
	const char *spec;
	int64_t gpus, cpu_milli;
} pods[] = {
	{ "\"containers\": [" TAKES("1", "2") "," TAKES("0", "1") "]", 1, 3000 },
	/* an init container that takes more than all others; one that takes less */
	{ "\"initContainers\": [" TAKES("0", "5") "], \"containers\": [" TAKES("1", "2") "]", 1,
	  5000 },
	{ "\"initContainers\": [" TAKES("2", "1") "], \"containers\": [" TAKES("1", "2") "]", 2,
	  2000 },
	/* a side car runs beside those that begin after it */
	{ "\"initContainers\": [{\"restartPolicy\": \"Always\", \"resources\": {\"requests\": "
	  "{\"cpu\": \"1\"}}}, " TAKES("0", "5") "], \"containers\": [" TAKES("1", "2") "]",
	  1, 6000 },
	{ "\"overhead\": {\"cpu\": \"250m\"}, \"containers\": [" TAKES("1", "2") "]", 1, 2250 },
	{ "\"containers\": [{\"resources\": {\"limits\": {\"cpu\": \"3\"}}}, {}]", 0, 3000 },
};

START_TEST(requests)
{
	must_read(arena_print(&arena,
			      "%s, {\"kind\": \"Pod\", \"spec\": {\"nodeName\": \"a\", %s}}",
			      NODE("a", "", GPUS), pods[_i].spec),
		  false);
	ck_assert_int_eq(cluster.groups.at[0].used.gpus, pods[_i].gpus);
	ck_assert_int_eq(cluster.groups.at[0].used.cpu_milli, pods[_i].cpu_milli);
	kube_release(&cluster);
}
END_TEST

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", ":1: ends where a List in JSON" },
	{ "kind: List\n", ":1: expected a List in JSON" },
	{ "[]", "expected a List" },
	{ "{}", "has no items" },
	{ "{\"kind\": \"Node\"}", "has no items" },
	{ "{\"items\": []}", "has no node" },
	{ "{\"items\": {}}", "has no items" },
	{ "{\"items\": [\n", ":2: ends where an item is expected" },
	{ "{\"items\": [1]}", ":1: expected an item, found '1'" },
	{ "{\"items\": [{\"a\": \"x]}", "the end of a string" },
	{ "{\"items\": [{]}", ":1: expected an item in JSON" },
	{ "{\"items\": []} x", ":1: expected the end of the file, found 'x'" },
	{ "{\"items\" []}", "expected ':'" },
	{ "{items: []}", "expected a key" },
	{ "{\"items\":\n[{\"kind\": \"Node\"}]}", ":2: a node without a name" },
	{ "{\"items\": [{\"kind\": \"Node\", \"metadata\": {\"name\": \"a\"}}]}",
	  "node a: expected status.allocatable" },
	{ "{\"items\": [" NODE("a", "", "\"cpu\": \"8 cores\"") "]}",
	  "cpu: \"8 cores\": expected a quantity" },
	{ "{\"items\": [" NODE("a", "", "\"memory\": \"8000Ei\"") "]}", "more than any machine" },
	{ "{\"items\": [" NODE("a", "", GPUS) "," NODE("a", "", GPUS) "]}",
	  "two nodes are called a" },
	{ "{\"items\": [" NODE("a", "", "\"cpu\": \"8\"") "]}", "no node with room for a pod" },
	{ "{\"items\": [" NODE("a", ", \"unschedulable\": true", GPUS) "]}", "has no node" },
};

START_TEST(bad_input)
{
	ck_assert(!read_text(bad[_i].text, false));
	ck_assert_msg(strstr(message, bad[_i].says), "%s\nlacks: %s", message, bad[_i].says);
	ck_assert(!err.system);
}
END_TEST

START_TEST(no_file)
{
	unlink(path);
	ck_assert(!kube_read(path, false, &cluster, &arena, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "cannot open"));
}
END_TEST

Suite *kube_suite(void)
{
	Suite *suite = suite_create("kube");
	TCase *tcase = tcase_create("kube");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, list);
	tcase_add_loop_test(tcase, quantity, 0, sizeof(quantities) / sizeof(*quantities));
	tcase_add_loop_test(tcase, product, 0, sizeof(products) / sizeof(*products));
	tcase_add_test(tcase, groups);
	tcase_add_loop_test(tcase, requests, 0, sizeof(pods) / sizeof(*pods));
	tcase_add_loop_test(tcase, bad_input, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(tcase, no_file);
	suite_add_tcase(suite, tcase);
	return suite;
}

/* Lists of nodes and pods in openb's format: columns by name, what makes no sense, and the
 * published lists (SONDE_SHARED, default ../shared; skipped without). */
#include "tests/suites.h"
#include "traces/openb.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POD_HEADER \
	"name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time\n"

static struct arena arena;
static struct err err;
static char path[64];

static void setup(void)
{
	arena_init(&arena);
	snprintf(path, sizeof(path), "/tmp/sonde-test-XXXXXX");
	close(mkstemp(path));
}

static void teardown(void)
{
	unlink(path);
	arena_release(&arena);
}

static void put(const char *text)
{
	FILE *file = fopen(path, "wb");

	fputs(text, file);
	fclose(file);
}

START_TEST(nodes)
{
	struct openb_node *at;
	uint32_t n;

	put("sn,model,gpu,memory_mib,cpu_milli\r\na,T4,2,1024,96000\r\n\r\nb,,0,2048,32000");
	ck_assert(openb_nodes(path, &at, &n, &arena, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(at[0].gpu, "T4");
	ck_assert_int_eq(at[0].gpus, 2);
	ck_assert_int_eq(at[0].memory_bytes, INT64_C(1) << 30);
	ck_assert_int_eq(at[0].cpu_milli, 96000);
	ck_assert_str_eq(at[1].gpu, "");
	ck_assert_int_eq(at[1].line, 4);
}
END_TEST

START_TEST(pods)
{
	struct openb_pod *at;
	uint32_t n;

	put(POD_HEADER "late,1000,1,1,460,,LS,20,25.5\n"
		       "early,2000,2,2,1000,T4|A10,LS,10,10\n"
		       "cpu,3000,4,0,0,,BE,20,21\n");
	ck_assert(openb_pods(path, &at, &n, &arena, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(at[0].gpu_milli, 2000);
	ck_assert_str_eq(at[0].gpu, "T4|A10");
	ck_assert_int_eq(at[1].gpu_milli, 460);
	ck_assert_int_eq(at[1].created_ns, INT64_C(20000000000));
	ck_assert_int_eq(at[1].lifetime_ns, INT64_C(5500000000));
	ck_assert_int_eq(at[2].gpu_milli, 0);
	ck_assert_int_eq(at[2].memory_bytes, 4 << 20);
	/* The lists without times and types. */
	put("name,cpu_milli,memory_mib,num_gpu,gpu_milli\nx,1,2,1,1000\n");
	ck_assert(openb_pods(path, &at, &n, &arena, &err));
	ck_assert_int_eq(at[0].created_ns, 0);
	ck_assert_str_eq(at[0].gpu, "");
}
END_TEST

static void bad(const char *text, int line, int col, const char *want)
{
	struct openb_pod *at;
	uint32_t n;

	put(text);
	err = (struct err){ .line = 0 };
	ck_assert(!openb_pods(path, &at, &n, &arena, &err));
	ck_assert_int_eq(err.line, line);
	ck_assert_int_eq(err.col, col);
	ck_assert_msg(strstr(err.text, want), "%s", err.text);
}

START_TEST(what_makes_no_sense)
{
	bad("", 0, 0, "has no pods");
	bad(POD_HEADER, 0, 0, "has no pods");
	bad("a,b,c\n1,2,3\n", 1, 1, "no column \"cpu_milli\"");
	bad(POD_HEADER "x,1,1,1\n", 2, 1, "expected 5 fields or more, found 4");
	bad(POD_HEADER "x,many,1,1,1000,,LS,0,0\n", 2, 3, "found \"many\"");
	bad(POD_HEADER "x,1,-1,1,1000,,LS,0,0\n", 2, 5, "column memory_mib");
	bad(POD_HEADER "x,1,1,1,1001,,LS,0,0\n", 2, 9, "column gpu_milli");
	bad(POD_HEADER "x,1,1,2,500,,LS,0,0\n", 2, 1, "num_gpu 2 with gpu_milli 500");
	bad(POD_HEADER "x,1,1,1,0,,LS,0,0\n", 2, 1, "num_gpu 1 with gpu_milli 0");
	bad(POD_HEADER "x,1,1,1,nan,,LS,0,0\n", 2, 9, "found \"nan\"");
	bad(POD_HEADER "x,1,1,1,1000,a b,LS,0,0\n", 2, 14, "expected a name");
	bad(POD_HEADER "x,1,1,1,1000,,LS,9,8\n", 2, 1, "deletion_time 8 is before");
}
END_TEST

/* 1,523 nodes with 6,212 GPUs; 8,152 pods that ask for 98 % of them. */
START_TEST(published)
{
	const char *folder = getenv("SONDE_SHARED");
	struct openb_node *node;
	struct openb_pod *pod;
	int64_t gpus = 0, milli = 0;
	char file[256];
	uint32_t n;

	snprintf(file, sizeof(file), "%s/traces/alibaba-gpu2023/openb_node_list_all_node.csv.zst",
		 folder ? folder : "../shared");
	if (access(file, R_OK))
		return;
	ck_assert(openb_nodes(file, &node, &n, &arena, &err));
	ck_assert_uint_eq(n, 1523);
	for (uint32_t i = 0; i < n; i++)
		gpus += node[i].gpus;
	ck_assert_int_eq(gpus, 6212);
	snprintf(file, sizeof(file), "%s/traces/alibaba-gpu2023/openb_pod_list_default.csv.zst",
		 folder ? folder : "../shared");
	ck_assert(openb_pods(file, &pod, &n, &arena, &err));
	ck_assert_uint_eq(n, 8152);
	for (uint32_t i = 0; i < n; i++)
		milli += pod[i].gpu_milli;
	ck_assert_int_eq(milli, 6086800);
}
END_TEST

Suite *openb_suite(void)
{
	Suite *suite = suite_create("openb");
	TCase *tc = tcase_create("openb");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nodes);
	tcase_add_test(tc, pods);
	tcase_add_test(tc, what_makes_no_sense);
	tcase_add_test(tc, published);
	suite_add_tcase(suite, tc);
	return suite;
}

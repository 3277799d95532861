/* Arena, vector and the two lines for a person: log and progress. */
#include "base/arena.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/vec.h"
#include "tests/suites.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(arena_hands_out_zeroed_aligned_pieces)
{
	struct rng rng = rng_stream(1, "arena", 0);
	struct arena arena;
	size_t taken = 0;

	arena_init(&arena);
	for (int i = 0; i < 2000; i++) {
		size_t bytes = rng_below(&rng, i % 100 ? 300 : 100000);
		unsigned char *at = arena_take(&arena, bytes);

		ck_assert_ptr_nonnull(at);
		ck_assert_uint_eq((uintptr_t)at % _Alignof(max_align_t), 0);
		size_t zero = 0; /* counted, because every assertion leaves a message behind */

		while (zero < bytes && !at[zero])
			zero++;
		ck_assert_uint_eq(zero, bytes);
		memset(at, 0xee, bytes);
		taken += bytes;
		ck_assert_uint_ge(arena.used_bytes, taken);
	}
	ck_assert_uint_lt(arena.used_bytes, taken + 2000 * 32);
	arena_release(&arena);
	ck_assert_ptr_null(arena.head);
	ck_assert_uint_eq(arena.used_bytes, 0);
}
END_TEST

START_TEST(arena_texts)
{
	struct arena arena;
	char *text;

	arena_init(&arena);
	ck_assert_str_eq(arena_text(&arena, "abcdef", 3), "abc");
	ck_assert_str_eq(arena_text(&arena, NULL, 0), "");
	ck_assert_str_eq(arena_print(&arena, "%d-%s", 7, "x"), "7-x");
	text = arena_print(&arena, "%099999d", 1);
	ck_assert_uint_eq(strlen(text), 99999);
	arena_release(&arena);
}
END_TEST

START_TEST(vec_doubles_and_counts_it)
{
	VEC(int) v = { 0 };
	uint64_t before = vec_grown();
	int right = 0;

	for (int i = 0; i < 100000; i++)
		vec_push(&v, i);
	ck_assert_uint_eq(v.n, 100000);
	ck_assert_uint_eq(vec_grown() - before, 15); /* 8 << 14 = 131072 */
	for (int i = 0; i < 100000; i++)
		right += v.at[i] == i;
	ck_assert_int_eq(right, 100000);
	before = vec_grown();
	for (int i = 0; i < 1000; i++)
		right -= vec_pop(&v) == 99999 - i;
	ck_assert_int_eq(right, 99000);
	for (int i = 0; i < 1000; i++)
		vec_push(&v, i);
	ck_assert_uint_eq(vec_grown(), before);
	vec_release(&v);
	ck_assert_ptr_null(v.at);
	ck_assert_uint_eq(v.cap, 0);
	vec_reserve(&v, 1000);
	ck_assert_uint_eq(v.cap, 1000);
	vec_release(&v);
}
END_TEST

/* Runs what writes to stderr with stderr in a file, and reads that back. */
static void captured(void (*speak)(void), char *out, size_t size)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t n;

	ck_assert_ptr_nonnull(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	speak();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	n = fread(out, 1, size - 1, file);
	out[n] = 0;
	fclose(file);
}

static void speak_log(void)
{
	log_line(LOG_INFO, "not shown");
	log_line(LOG_WARN, "disk %d %% full", 93);
	log_level_set(LOG_DEBUG);
	log_line(LOG_DEBUG, "shown");
	log_level_set(LOG_WARN);
}

static void speak_progress(void)
{
	struct progress progress;

	progress_start(&progress, "requests", 100, false);
	ck_assert(!progress.on);
	progress_show(&progress, 50);
	progress_end(&progress);
}

START_TEST(lines_for_a_person)
{
	char out[256];

	captured(speak_log, out, sizeof(out));
	ck_assert_str_eq(out, "sonde: warning: disk 93 % full\nsonde: debug: shown\n");
	captured(speak_progress, out, sizeof(out));
	ck_assert_str_eq(out, "");
}
END_TEST

Suite *base_memory_suite(void)
{
	Suite *suite = suite_create("base_memory");
	TCase *tc = tcase_create("base_memory");

	tcase_add_test(tc, arena_hands_out_zeroed_aligned_pieces);
	tcase_add_test(tc, arena_texts);
	tcase_add_test(tc, vec_doubles_and_counts_it);
	tcase_add_test(tc, lines_for_a_person);
	suite_add_tcase(suite, tc);
	return suite;
}

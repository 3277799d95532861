/* Messages: positions, quoting of the message that is replaced, and which misspelling gets which
 * suggestion. */
#include "base/err.h"
#include "tests/suites.h"
#include <string.h>

START_TEST(lines_show_what_is_known)
{
	struct err err;
	char out[800], tiny[8];

	ck_assert(!err_set(&err, "no %s", "cluster"));
	ck_assert_str_eq(err_line(&err, out, sizeof(out)), "no cluster");
	ck_assert(!err.system);
	ck_assert(!err_at(&err, "a.yaml", 3, 7, "bad"));
	ck_assert_str_eq(err_line(&err, out, sizeof(out)), "a.yaml:3:7: bad");
	err_at(&err, "a.yaml", 3, 0, "bad");
	ck_assert_str_eq(err_line(&err, out, sizeof(out)), "a.yaml:3: bad");
	err_at(&err, "a.yaml", 0, 0, "bad");
	ck_assert_str_eq(err_line(&err, out, sizeof(out)), "a.yaml: bad");
	err_at(&err, NULL, 5, 1, "bad");
	ck_assert_str_eq(err_line(&err, out, sizeof(out)), "5:1: bad");
	ck_assert_str_eq(err_line(&err, tiny, sizeof(tiny)), "5:1: ba");
	ck_assert(!err_system(&err, "disk full"));
	ck_assert(err.system);
	ck_assert_int_eq(err.line, 0);
	ck_assert_str_eq(err.file, "");
}
END_TEST

START_TEST(a_message_may_quote_the_one_it_replaces)
{
	struct err err;
	char text[2000];

	err_at(&err, "f", 1, 2, "inner");
	err_at(&err, err.file, err.line, err.col, "outer: %s", err.text);
	ck_assert_str_eq(err.text, "outer: inner");
	ck_assert_str_eq(err.file, "f");
	err_set(&err, "a\tb\r\nc");
	ck_assert_str_eq(err.text, "a b  c"); /* and stays one line */
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	err_at(&err, text, 1, 1, "%s", text);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	ck_assert_uint_eq(strlen(err.file), sizeof(err.file) - 1);
}
END_TEST

START_TEST(nearest_name)
{
	static const char *const names[] = { "max_seqs", "max_tokens", "block_tokens",
					     "fifo",	 "sjf",	       "GiB",
					     "",	 NULL };
	static const struct {
		const char *word, *near;
	} cases[] = {
		{ "max_seq", "max_seqs" },
		{ "max_sesq", "max_seqs" },
		{ "maxseqs", "max_seqs" },
		{ "max-seqs", "max_seqs" },
		{ "MAX_SEQS", "max_seqs" },
		{ "max_tokns", "max_tokens" },
		{ "block_tok", "block_tokens" },
		{ "block", "block_tokens" },
		{ "fifi", "fifo" },
		{ "lifo", "fifo" },
		{ "gib", "GiB" },
		{ "sfj", "sjf" },
		{ "zebra", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "xyz", NULL },
		{ "an_option_that_is_far_longer_than_any_name_could_be_and_so_is_never_near_to_one",
		  NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near = err_nearest(cases[i].word, names);

		ck_assert_msg((!near && !cases[i].near) ||
				      (near && cases[i].near && !strcmp(near, cases[i].near)),
			      "%s: %s", cases[i].word, near ? near : "none");
	}
}
END_TEST

Suite *base_err_suite(void)
{
	Suite *suite = suite_create("base_err");
	TCase *tc = tcase_create("base_err");

	tcase_add_test(tc, lines_show_what_is_known);
	tcase_add_test(tc, a_message_may_quote_the_one_it_replaces);
	tcase_add_test(tc, nearest_name);
	suite_add_tcase(suite, tc);
	return suite;
}

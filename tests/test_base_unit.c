/* Units: every suffix, both ways, wrong ones, and that whatever is written is read back to the same
 * double. */
#include "base/rng.h"
#include "base/unit.h"
#include "tests/suites.h"
#include <math.h>
#include <string.h>

START_TEST(good_quantities)
{
	static const struct {
		const char *text;
		enum unit unit;
		double value;
	} cases[] = {
		{ "4", UNIT_NONE, 4 },
		{ "-0.5", UNIT_NONE, -0.5 },
		{ "2k", UNIT_NONE, 2000 },
		{ ".5", UNIT_NONE, 0.5 },
		{ "3M", UNIT_NONE, 3e6 },
		{ "1e3", UNIT_NONE, 1000 },
		{ "1.5G", UNIT_NONE, 1.5e9 },
		{ "+7", UNIT_NONE, 7 },
		{ "1e-3", UNIT_NONE, 0.001 },
		{ "1E6k", UNIT_NONE, 1e9 },
		{ "0", UNIT_TIME, 0 },
		{ "5ns", UNIT_TIME, 5 },
		{ "7us", UNIT_TIME, 7000 },
		{ "7\xc2\xb5s", UNIT_TIME, 7000 },
		{ "1.5ms", UNIT_TIME, 1.5e6 },
		{ "30s", UNIT_TIME, 30e9 },
		{ "30 s", UNIT_TIME, 30e9 },
		{ "2min", UNIT_TIME, 120e9 },
		{ "1.5h", UNIT_TIME, 5400e9 },
		{ "7d", UNIT_TIME, 604800e9 },
		{ "0.1s", UNIT_TIME, 1e8 },
		{ "512", UNIT_BYTES, 512 },
		{ "1B", UNIT_BYTES, 1 },
		{ "2kB", UNIT_BYTES, 2000 },
		{ "2KiB", UNIT_BYTES, 2048 },
		{ "1MB", UNIT_BYTES, 1e6 },
		{ "1MiB", UNIT_BYTES, 0x1p20 },
		{ "1GB", UNIT_BYTES, 1e9 },
		{ "80GiB", UNIT_BYTES, 80 * 0x1p30 },
		{ "2TB", UNIT_BYTES, 2e12 },
		{ "2TiB", UNIT_BYTES, 0x1p41 },
		{ "8bit/s", UNIT_RATE, 1 },
		{ "100Mbit/s", UNIT_RATE, 12.5e6 },
		{ "200Gbit/s", UNIT_RATE, 25e9 },
		{ "3.35TB/s", UNIT_RATE, 3.35e12 },
		{ "1GiB/s", UNIT_RATE, 0x1p30 },
		{ "64B/s", UNIT_RATE, 64 },
		{ "70%", UNIT_SHARE, 0.7 },
		{ "0.7", UNIT_SHARE, 0.7 },
		{ "200%", UNIT_SHARE, 2 },
		{ "5 %", UNIT_SHARE, 0.05 },
		{ "100/s", UNIT_PER_S, 100 },
		{ "6/min", UNIT_PER_S, 0.1 },
		{ "36/h", UNIT_PER_S, 0.01 },
		{ "2.5k/s", UNIT_PER_S, 2500 },
		{ "40", UNIT_PER_S, 40 },
		{ "312TFLOPS", UNIT_FLOPS, 312e12 },
		{ "2PFLOPS", UNIT_FLOPS, 2e15 },
		{ "5GFLOPS", UNIT_FLOPS, 5e9 },
		{ "512", UNIT_TOKENS, 512 },
		{ "8k", UNIT_TOKENS, 8000 },
		{ "8ki", UNIT_TOKENS, 8192 },
		{ "1Mi", UNIT_TOKENS, 0x1p20 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		double value = -1;

		ck_assert_msg(unit_parse(cases[i].text, cases[i].unit, &value, &err), "%s: %s",
			      cases[i].text, err.text);
		ck_assert_msg(value == cases[i].value, "%s gave %.17g", cases[i].text, value);
	}
}
END_TEST

START_TEST(bad_quantities)
{
	static const struct {
		const char *text;
		enum unit unit;
		const char *says;
	} cases[] = {
		{ "", UNIT_NONE, "is not a number; expected a plain number" },
		{ "abc", UNIT_NONE, "is not a number" },
		{ "inf", UNIT_NONE, "is not a number" },
		{ "nan", UNIT_NONE, "is not a number" },
		{ "-", UNIT_NONE, "is not a number" },
		{ ".", UNIT_NONE, "is not a number" },
		{ " 4", UNIT_NONE, "is not a number" },
		{ "0x10", UNIT_NONE, "unknown unit \"x\"" },
		{ "1e999", UNIT_NONE, "too large" },
		{ "4 5", UNIT_NONE, "goes on with \" 5\"" },
		{ "4 ", UNIT_NONE, "goes on with" },
		{ "1.2.3", UNIT_NONE, "goes on with \".3\"" },
		{ "30", UNIT_TIME,
		  "lacks its unit (ns, us, ms, s, min, h, d); expected a time such as 30s" },
		{ "30m", UNIT_TIME, "unknown unit \"m\" (known: ns, us, ms, s, min, h, d)" },
		{ "30S", UNIT_TIME, "unknown unit \"S\"" },
		{ "30sec", UNIT_TIME, "unknown unit" },
		{ "2mins", UNIT_TIME, "did you mean \"min\"" },
		{ "80GiB", UNIT_TIME, "unknown unit \"GiB\"" },
		{ "80gb", UNIT_BYTES, "did you mean \"GB\"" },
		{ "80G", UNIT_BYTES, "unknown unit \"G\"" },
		{ "1s", UNIT_BYTES, "expected a size such as 80GiB" },
		{ "25", UNIT_RATE, "lacks its unit" },
		{ "25Gb/s", UNIT_RATE, "unknown unit \"Gb/s\"" },
		{ "70pct", UNIT_SHARE, "expected a share such as 70%" },
		{ "70%%", UNIT_SHARE, "unknown unit" },
		{ "5/d", UNIT_PER_S, "expected a frequency such as 100/s" },
		{ "5TFLOP", UNIT_FLOPS, "did you mean \"TFLOPS\"" },
		{ "8K", UNIT_TOKENS, "expected a number of tokens" },
		{ "1000000000000000000000000000000000000000000000000000000000000000000000",
		  UNIT_NONE, "too many digits" },
		{ "5averyveryverylongsuffixthatneverends", UNIT_TIME,
		  "unknown unit \"averyveryverylo\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		double value;

		ck_assert_msg(!unit_parse(cases[i].text, cases[i].unit, &value, &err),
			      "%s was taken", cases[i].text);
		ck_assert_msg(strstr(err.text, cases[i].says) != NULL, "%s: %s", cases[i].text,
			      err.text);
		ck_assert_ptr_null(strchr(err.text, '\n'));
	}
}
END_TEST

START_TEST(prefix_stops_where_the_quantity_ends)
{
	struct err err;
	const char *rest;
	double value;

	ck_assert(unit_parse_prefix("2% 60s", UNIT_SHARE, &value, &rest, &err));
	ck_assert_double_eq(value, 0.02);
	ck_assert_str_eq(rest, " 60s");
	ck_assert(unit_parse_prefix("1.5ms,3s", UNIT_TIME, &value, &rest, &err));
	ck_assert_str_eq(rest, ",3s");
	ck_assert(!unit_parse_prefix("5 s", UNIT_TIME, &value, &rest, &err));
}
END_TEST

START_TEST(written_shortly)
{
	static const struct {
		double value;
		enum unit unit;
		const char *text;
	} cases[] = {
		{ 0, UNIT_TIME, "0s" },
		{ 1, UNIT_TIME, "1ns" },
		{ 1.5e6, UNIT_TIME, "1.5ms" },
		{ 90e9, UNIT_TIME, "90s" },
		{ 30e9, UNIT_TIME, "30s" },
		{ 5400e9, UNIT_TIME, "1.5h" },
		{ 604800e9, UNIT_TIME, "7d" },
		{ 123456789, UNIT_TIME, "123456789ns" },
		{ -2e9, UNIT_TIME, "-2s" },
		{ 80 * 0x1p30, UNIT_BYTES, "80GiB" },
		{ 512e6, UNIT_BYTES, "512MB" },
		{ 0, UNIT_BYTES, "0B" },
		{ 25e9, UNIT_RATE, "25GB/s" },
		{ 12.5e6 / 4, UNIT_RATE, "25Mbit/s" },
		{ 0.7, UNIT_SHARE, "70%" },
		{ 1, UNIT_SHARE, "100%" },
		{ 1.0 / 3, UNIT_SHARE, "0.3333333333333333" },
		{ 100, UNIT_PER_S, "100/s" },
		{ 312e12, UNIT_FLOPS, "312TFLOPS" },
		{ 8192, UNIT_TOKENS, "8192" },
		{ 2000, UNIT_NONE, "2000" },
		{ 1e6, UNIT_NONE, "1000000" },
		{ 0.1, UNIT_NONE, "0.1" },
		{ 1e20, UNIT_NONE, "1e+20" },
		{ -0.0, UNIT_NONE, "0" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(unit_format(cases[i].value, cases[i].unit, text, sizeof(text)),
				 cases[i].text);
}
END_TEST

START_TEST(what_is_written_reads_back)
{
	struct rng rng = rng_stream(2, "unit", 0);
	char text[64];

	for (int i = 0; i < 20000; i++) {
		enum unit unit = (enum unit)(i % (UNIT_TOKENS + 1));
		double value = exp((rng_unit(&rng) - 0.3) * 60), back = -1;
		struct err err = { 0 };

		if (i & 64)
			value = rint(value);
		if (i & 128)
			value = -value;
		unit_format(value, unit, text, sizeof(text));
		ck_assert_msg(unit_parse(text, unit, &back, &err), "%s: %s", text, err.text);
		ck_assert_msg(value == back, "%.17g -> %s -> %.17g", value, text, back);
	}
}
END_TEST

START_TEST(for_reading)
{
	static const struct {
		double value;
		enum unit unit;
		const char *text;
	} cases[] = {
		{ 1.234e9, UNIT_TIME, "1.23 s" }, { 45e6, UNIT_TIME, "45 ms" },
		{ 999.6e6, UNIT_TIME, "1 s" },	  { 90e9, UNIT_TIME, "90 s" },
		{ 150e9, UNIT_TIME, "2.5 min" },  { 7200e9, UNIT_TIME, "2 h" },
		{ 0, UNIT_TIME, "0 ns" },	  { 4e7 * 86400e9, UNIT_TIME, "40000000 d" },
		{ -3e6, UNIT_TIME, "-3 ms" },	  { 3.4 * 0x1p30, UNIT_BYTES, "3.4 GiB" },
		{ 25e9, UNIT_RATE, "25 GB/s" },	  { 0.7, UNIT_SHARE, "70 %" },
		{ 1234, UNIT_NONE, "1.23 k" },	  { 12, UNIT_NONE, "12" },
		{ 1.5e6, UNIT_PER_S, "1.5 M/s" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(unit_human(cases[i].value, cases[i].unit, text, sizeof(text)),
				 cases[i].text);
	ck_assert_str_eq(unit_human(NAN, UNIT_TIME, text, sizeof(text)), "-");
}
END_TEST

Suite *base_unit_suite(void)
{
	Suite *suite = suite_create("base_unit");
	TCase *tc = tcase_create("base_unit");

	tcase_add_test(tc, good_quantities);
	tcase_add_test(tc, bad_quantities);
	tcase_add_test(tc, prefix_stops_where_the_quantity_ends);
	tcase_add_test(tc, written_shortly);
	tcase_add_test(tc, what_is_written_reads_back);
	tcase_add_test(tc, for_reading);
	suite_add_tcase(suite, tc);
	return suite;
}

/* Lines of files of several buffers, plain and compressed, whole and damaged. */
#include "tests/suites.h"
#include "traces/input.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { LINES = 300000 };

static char path[64], *text, *packed, message[1024];
static size_t text_n, room;
static bool corrupt; /* wrong bytes may come before the checksum tells */
static struct err err;

static void setup(void)
{
	FILE *file = open_memstream(&text, &text_n);

	for (int i = 0; i < LINES; i++)
		fprintf(file, "%d,%*d\n", i, i % 23, i % 1000);
	fclose(file);
	corrupt = false;
	room = text_n + 1024;
	packed = malloc(room);
	snprintf(path, sizeof(path), "/tmp/sonde-test-XXXXXX");
	close(mkstemp(path));
}

static void teardown(void)
{
	unlink(path);
	free(text);
	free(packed);
}

static void put(const void *bytes, size_t n)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
	fclose(file);
}

/* Reads all lines, a few at a time, and holds them to the text; returns input_lines' last answer.
 */
static int read_lines(struct input *input, size_t expect_n)
{
	size_t n = 0;
	int got;

	while ((got = input_lines(input, &err)) == 1) {
		size_t whole = (size_t)(input->end - input->at);

		ck_assert_uint_gt(whole, 0);
		ck_assert_int_eq(input->end[-1], '\n');
		ck_assert(corrupt || n + whole <= expect_n);
		if (!corrupt)
			ck_assert_mem_eq(input->at, text + n, whole);
		n += whole;
		input->at = input->end;
	}
	if (got == 0)
		ck_assert_uint_eq(n, expect_n);
	return got;
}

static int read_file(void)
{
	struct arena arena;
	struct input input;
	int got = -1;

	arena_init(&arena);
	if (input_open(&input, path, &arena, &err)) {
		got = read_lines(&input, text_n);
		if (got == 0) {
			ck_assert(input_rewind(&input, &err));
			got = read_lines(&input, text_n);
		}
		input_release(&input);
	}
	if (got < 0)
		err_line(&err, message, sizeof(message));
	arena_release(&arena);
	return got;
}

static size_t pack_gzip(void *out, size_t size, char *from, size_t n)
{
	z_stream z = { .next_in = (unsigned char *)from,
		       .avail_in = (uInt)n,
		       .next_out = out,
		       .avail_out = (uInt)size };

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return size - z.avail_out;
}

static size_t pack_zstd(void *out, size_t size, char *from, size_t n)
{
	size_t bytes = ZSTD_compress(out, size, from, n, 3);

	ck_assert(!ZSTD_isError(bytes));
	return bytes;
}

static size_t (*const pack[])(void *, size_t, char *, size_t) = { pack_gzip, pack_zstd };

START_TEST(plain)
{
	put(text, text_n);
	ck_assert_int_eq(read_file(), 0);
	put(text, text_n - 1); /* the last line gets its end */
	ck_assert_int_eq(read_file(), 0);
	text_n = 0;
	put(text, 0);
	ck_assert_int_eq(read_file(), 0);
}
END_TEST

START_TEST(whole)
{
	size_t n = pack[_i](packed, room, text, text_n);

	put(packed, n);
	ck_assert_int_eq(read_file(), 0);
	/* members and frames may follow one another, at any place of a line */
	n = pack[_i](packed, room, text, text_n / 2);
	n += pack[_i](packed + n, room - n, text + text_n / 2, text_n - text_n / 2);
	put(packed, n);
	ck_assert_int_eq(read_file(), 0);
}
END_TEST

/* What compresses a thousandfold: much output from no further input. */
START_TEST(dense)
{
	size_t n;

	for (size_t i = 0; i < text_n; i++)
		text[i] = i % 60 ? 'x' : '\n';
	text[text_n - 1] = '\n';
	n = pack[_i](packed, room, text, text_n);
	ck_assert_uint_lt(n * 100, text_n);
	put(packed, n);
	ck_assert_int_eq(read_file(), 0);
}
END_TEST

START_TEST(damaged)
{
	size_t n = pack[_i](packed, room, text, text_n);

	for (size_t cut = 1; cut < 40; cut += 3) {
		put(packed, n * cut / 40);
		ck_assert_int_eq(read_file(), -1);
		ck_assert_msg(strstr(message, "truncated"), "%s", message);
	}
	put(packed, n - 1);
	ck_assert_int_eq(read_file(), -1);
	memcpy(packed + n, "garbage behind", 14);
	put(packed, n + 14);
	ck_assert_int_eq(read_file(), -1);
	for (size_t i = n / 2; i < n / 2 + 64; i++)
		packed[i] ^= 0x55;
	corrupt = true;
	put(packed, n);
	ck_assert_int_eq(read_file(), -1);
	ck_assert_msg(strstr(message, "corrupt"), "%s", message);
}
END_TEST

START_TEST(long_line)
{
	memset(text, 'x', text_n);
	put(text, text_n);
	ck_assert_int_eq(read_file(), -1);
	ck_assert_msg(strstr(message, "longer than 1048576 bytes"), "%s", message);
	text[INPUT_BUFFER_BYTES - 1] = '\n';
	text[text_n - 1] = '\n';
	text_n = INPUT_BUFFER_BYTES;
	put(text, text_n);
	ck_assert_int_eq(read_file(), 0);
}
END_TEST

Suite *input_suite(void)
{
	Suite *suite = suite_create("input");
	TCase *plain_case = tcase_create("plain"), *packed_case = tcase_create("packed");

	tcase_add_checked_fixture(plain_case, setup, teardown);
	tcase_add_test(plain_case, plain);
	tcase_add_test(plain_case, long_line);
	suite_add_tcase(suite, plain_case);
	tcase_add_checked_fixture(packed_case, setup, teardown);
	tcase_add_loop_test(packed_case, whole, 0, 2);
	tcase_add_loop_test(packed_case, dense, 0, 2);
	tcase_add_loop_test(packed_case, damaged, 0, 2);
	suite_add_tcase(suite, packed_case);
	return suite;
}

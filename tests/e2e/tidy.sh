# The source checker says what is wrong and where, and is content with what is right.
set -eu
tidy=$(realpath "${TIDY:-build/release/tidy}")
cd "$TMP"

# expect FILE LINE...: with the file from stdin, tidy says exactly these lines (FILE: put before each) and fails.
expect() {
	file=$1
	shift
	mkdir -p "$(dirname "$file")"
	cat >"$file"
	for line in "$@"; do
		echo "$file:$line"
	done >want
	status=0
	"$tidy" "$file" >all || status=$?
	sed '$d' all >got
	diff -u want got
	[ "$status" = "$(($# > 0))" ]
}

expect base/good.h <<'END'
/* good.h - nothing is wrong here. */
#ifndef BASE_GOOD_H
#define BASE_GOOD_H
#include "base/err.h"
#include <stdio.h>
/* One comment over two of a kind. */
int good_a(void);
int good_b(int x,
	   int y);

struct good { int (*call)(int); };
extern const struct good goods[];
/* "rand(" in a comment or in a literal is none: */
static inline const char *good_text(void)
{
	assert(goods[0].call(1) == 2 && 3 <= 4);
	return "rand() // and ' \" too" + s->time(0) + '"';
}
#endif
END
expect base/undocumented.h \
	'3: undocumented_a has no comment above it' \
	'6: undocumented_c has no comment above it' \
	'10: undocumented_d has no comment above it' <<'END'
/* A header. */
#include <stdio.h>
int undocumented_a(void);
int documented_b(void); /* for it says so here */

int undocumented_c(int x,
		   int y);

struct x { int y; };
static inline int undocumented_d(void)
{
	return 1;
}
END
expect models/arrows.c \
	'2: models/ may not include <time.h>: no clock, files, threads or network' \
	'3: models/ may not include <sys/socket.h>: no clock, files, threads or network' \
	'5: models/ may not include "sim/event.h" (only of: base/ models/)' \
	'6: "world.h": write the path from the root of the tree' \
	'6: models/ may not include "world.h" (only of: base/ models/)' <<'END'
/* Arrows that point the wrong way. */
#include <time.h>
#include <sys/socket.h>
#include "base/err.h"
#include "sim/event.h"
#include "world.h"
END
expect sim/arrows.c '2: sim/ may not include "emu/live.h" (only of: base/ models/ sim/)' <<'END'
/* The virtual world knows nothing of the real one. */
#include "emu/live.h"
#include "models/world.h"
#include <stdio.h>
END
expect sim/calls.c \
	'4: rand() is banned here: use a stream of base/rng.h' \
	'5: sprintf() is banned here: use snprintf' \
	'6: atoi() is banned here: use strtol, or base/unit.h' \
	'4: time() is banned here: use the `now` that is passed in' <<'END'
/* Calls that are banned. */
static int calls(char *out)
{
	int x = rand() + time(NULL);
	sprintf(out, "%d", x);
	return atoi(out) + s->random(1) + my_rand() + uptime(3);
}
END
expect emu/clock.c <<'END'
/* The real world has a clock. */
static long now(void)
{
	return time(NULL);
}
END
expect base/asserts.c \
	'4: this assert has a side effect' \
	'5: this assert has a side effect' \
	'6: this assert has a side effect' <<'END'
/* Asserts that do something. */
static void asserts(int x)
{
	assert(x++ < 3);
	assert((x = 3));
	assert(f(x,
		 x += 2));
	assert(x == 1 || x != 2 || x <= 3 || x >= 4 || !x);
}
END
{
	printf '/* Layout: \303\244%090d */\n' 0
	printf '    int spaces;\nint blank; \n\tint x%089d;\nint end;' 0
} | expect base/layout.c \
	'5: no newline at the end of the file' \
	'1: 105 columns, at most 100' \
	'2: indented with spaces, not with tabs' \
	'3: trailing blank' \
	'4: 103 columns, at most 100'
expect base/bare.c '1: does not open with a comment that says what the file is for' <<'END'
int x;
END
word=FIX && expect base/words.c "2: \"${word}ME\": finish it or take it out" <<END
/* Left over.
 * ${word}ME, and not ${word}MEUP */
END
{
	printf '/* Long. */\nint f(void)\n{\n'
	printf '\tg();\n%.0s' $(seq 69)
	printf '}\n\nint h(void)\n{\n'
	printf '\tg();\n%.0s' $(seq 68)
	printf '}\n'
} | expect base/long.c '3: f is 71 lines long, at most 70'
{
	echo '/* Longer. */'
	printf 'int x;\n%.0s' $(seq 500)
} | expect base/longer.c '501: 501 lines in the file, at most 500'

mkdir tests
echo 'static Suite *(*const suites[])(void) = { known_suite };' >tests/main.c
expect tests/test_forgotten.c '7: forgotten_suite is not run: tests/main.c does not name it' <<'END'
/* Two suites. */
Suite *known_suite(void)
{
	return 0;
}

Suite *forgotten_suite(void)
{
	return 0;
}
END

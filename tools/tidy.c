/* tidy.c - the project's own test of its source: what the compiler and the linters do not know.
 *
 * tidy FILE...  says file:line: what is wrong, for each fault; exit 1 if there is one. Paths are
 * from the root of the tree. A file is read once and kept twice: as it is, and with comments and
 * the insides of literals blanked out, so that a rule about code is a search in the second text.
 * What is allowed where stands in the tables below. */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 100, TAB = 8, FUNCTION_LINES_MAX = 70, FILE_LINES_MAX = 500 };

struct source {
	const char *path;
	char *text; /* as it is, ended by a zero */
	char *code; /* the same length; comments and literals are blanks */
	size_t bytes;
	size_t *line;	  /* where each line starts; line[lines] is the end */
	bool *in_comment; /* the line starts inside a comment */
	int lines;
	int faults;
};

/* The arrows: what a folder's files may include of the project's own headers; cli/, tests/ see all.
 */
static const struct arrow {
	const char *from, *to;
} arrows[] = {
	{ "base/", "base/" },
	{ "models/", "base/ models/" },
	{ "sim/", "base/ models/ sim/" },
	{ "emu/", "base/ models/ sim/ emu/" },
	{ "traces/", "base/ traces/" },
	{ "scenarios/", "base/ scenarios/" },
	{ "results/", "base/ results/" },
};

/* Where models/ would meet the clock, files, threads or the network of the machine. */
static const char outside_models[] =
	"time.h stdio.h unistd.h fcntl.h pthread.h threads.h signal.h poll.h dirent.h netdb.h "
	"semaphore.h sys/ netinet/ arpa/ linux/";

static const char clocks[] = "emu/ cli/ tests/ base/progress.c base/clock.c base/clock.h";
static const struct banned {
	const char *call, *allowed, *instead;
} banned[] = {
	{ "rand", "", "a stream of base/rng.h" },
	{ "srand", "", "a stream of base/rng.h" },
	{ "random", "", "a stream of base/rng.h" },
	{ "drand48", "", "a stream of base/rng.h" },
	{ "strtok", "", "strcspn" },
	{ "sprintf", "", "snprintf" },
	{ "vsprintf", "", "vsnprintf" },
	{ "strcpy", "", "snprintf or memcpy" },
	{ "strcat", "", "snprintf" },
	{ "gets", "", "fgets" },
	{ "atoi", "", "strtol, or base/unit.h" },
	{ "atol", "", "strtol, or base/unit.h" },
	{ "atof", "", "strtod, or base/unit.h" },
	{ "clock_gettime", clocks, "the `now` that is passed in" },
	{ "gettimeofday", clocks, "the `now` that is passed in" },
	{ "time", clocks, "the `now` that is passed in" },
	{ "clock", clocks, "the `now` that is passed in" },
};

/* Words that say that work was left undone; in two halves, for this file is held to the rule too.
 */
static const struct word {
	const char *begin, *end;
} unfinished[] = {
	{ "TO", "DO" },	       { "FIX", "ME" },		  { "XX", "X" },  { "HA", "CK" },
	{ "place", "holder" }, { "not imple", "mented" }, { "st", "ub" },
};

static void fault(struct source *s, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void fault(struct source *s, int line, const char *format, ...)
{
	va_list args;

	printf("%s:%d: ", s->path, line + 1);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	s->faults++;
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), m = strlen(with);

	return n >= m && !strcmp(text + n - m, with);
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Whether path begins with one of the names in list, which blanks part. */
static bool listed(const char *path, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, " ");

		if (!strncmp(path, list, n))
			return true;
		list += n + strspn(list + n, " ");
	}
	return false;
}

/* The next place at or after `at` where word stands whole, or NULL. */
static const char *find_word(const char *text, const char *at, const char *word)
{
	size_t n = strlen(word);

	while ((at = strstr(at, word))) {
		if ((at == text || !word_char(at[-1])) && !word_char(at[n]))
			return at;
		at += n;
	}
	return NULL;
}

static int line_of(const struct source *s, const char *at, const char *in)
{
	int low = 0, high = s->lines;

	while (high - low > 1) {
		int mid = low + (high - low) / 2;

		if (s->line[mid] <= (size_t)(at - in))
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* Blanks comments and the insides of literals in s->code, and notes which lines start inside a
 * comment. */
static void blank(struct source *s)
{
	enum { CODE, BLOCK, LINE, LITERAL } state = CODE;
	char quote = 0;
	int line = 0;

	for (size_t i = 0; i < s->bytes; i++) {
		char c = s->text[i], next = s->text[i + 1];

		if (i == s->line[line])
			s->in_comment[line++] = state == BLOCK;
		s->code[i] = c == '\n' || state == CODE ? c : ' ';
		if (state == CODE && c == '/' && (next == '*' || next == '/')) {
			state = next == '*' ? BLOCK : LINE;
			s->code[i++] = ' ';
			s->code[i] = ' ';
		} else if (state == CODE && (c == '"' || c == '\'')) {
			state = LITERAL;
			quote = c;
		} else if (state == BLOCK && c == '*' && next == '/') {
			state = CODE;
			s->code[++i] = ' ';
		} else if (state == LINE && c == '\n') {
			state = CODE;
		} else if (state == LITERAL && c == '\\' && next != '\n') {
			s->code[++i] = ' ';
		} else if (state == LITERAL && (c == quote || c == '\n')) {
			s->code[i] = c;
			state = CODE;
		}
	}
}

static bool load(struct source *s, const char *path)
{
	FILE *file = fopen(path, "r");
	size_t room = 1 << 16;

	*s = (struct source){ .path = path };
	if (!file) {
		perror(path);
		return false;
	}
	s->text = malloc(room);
	while (s->text &&
	       (s->bytes += fread(s->text + s->bytes, 1, room - s->bytes - 1, file)) == room - 1)
		s->text = realloc(s->text, room *= 2);
	fclose(file);
	s->code = s->text ? calloc(s->bytes + 1, 1) : NULL;
	s->line = calloc(s->bytes + 2, sizeof(*s->line));
	s->in_comment = calloc(s->bytes + 2, sizeof(*s->in_comment));
	if (!s->code || !s->line || !s->in_comment)
		abort();
	s->text[s->bytes] = 0;
	for (size_t i = 0; i < s->bytes; i++)
		if (!i || s->text[i - 1] == '\n')
			s->line[s->lines++] = i;
	s->line[s->lines] = s->bytes;
	blank(s);
	return true;
}

static void release(struct source *s)
{
	free(s->text);
	free(s->code);
	free(s->line);
	free(s->in_comment);
}

/* Length, indentation and blanks of one line. */
static void check_line(struct source *s, int line)
{
	const char *text = s->text + s->line[line];
	size_t bytes = s->line[line + 1] - s->line[line];
	int columns = 0;

	if (bytes && text[bytes - 1] == '\n')
		bytes--;
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\t')
			columns += TAB - columns % TAB;
		else
			columns +=
				(text[i] & 0xc0) != 0x80; /* a character of UTF-8 is one column */
	}
	if (columns > COLUMNS_MAX)
		fault(s, line, "%d columns, at most %d", columns, COLUMNS_MAX);
	if (bytes && strchr(" \t\r", text[bytes - 1]))
		fault(s, line, "trailing blank");
	if (text[0] == ' ' && !s->in_comment[line])
		fault(s, line, "indented with spaces, not with tabs");
}

static void check_whole(struct source *s)
{
	if (!starts(s->text, "/*") && !starts(s->text, "//"))
		fault(s, 0, "does not open with a comment that says what the file is for");
	if (s->bytes && s->text[s->bytes - 1] != '\n')
		fault(s, s->lines - 1, "no newline at the end of the file");
	if (s->bytes > 1 && ends(s->text, "\n\n"))
		fault(s, s->lines - 1, "empty line at the end of the file");
	if (s->lines > FILE_LINES_MAX)
		fault(s, FILE_LINES_MAX, "%d lines in the file, at most %d", s->lines,
		      FILE_LINES_MAX);
}

/* A function's body stands between braces in the first column. */
static void check_function_lengths(struct source *s)
{
	int head = 0, open = -1;

	for (int line = 0; line < s->lines; line++) {
		const char *code = s->code + s->line[line];

		if (word_char(code[0]))
			head = line;
		else if (code[0] == '{')
			open = line;
		if (code[0] != '}' || open < 0)
			continue;
		if (line - open + 1 > FUNCTION_LINES_MAX) {
			const char *name = s->code + s->line[head],
				   *end = name + strcspn(name, "(\n");

			for (name = end; name > s->code && word_char(name[-1]);)
				name--;
			fault(s, open, "%.*s is %d lines long, at most %d", (int)(end - name), name,
			      line - open + 1, FUNCTION_LINES_MAX);
		}
		open = -1;
	}
}

static void check_include(struct source *s, int line)
{
	const char *at = s->text + s->line[line] + strspn(s->text + s->line[line], "# \t");
	char name[256] = "", open = 0;

	if (s->code[s->line[line]] != '#' || sscanf(at, "include %c%255[^>\"\n]", &open, name) != 2)
		return;
	if (open == '<') {
		if (starts(s->path, "models/") && listed(name, outside_models))
			fault(s, line,
			      "models/ may not include <%s>: no clock, files, threads or network",
			      name);
		return;
	}
	if (!strchr(name, '/'))
		fault(s, line, "\"%s\": write the path from the root of the tree", name);
	for (size_t i = 0; i < sizeof(arrows) / sizeof(*arrows); i++)
		if (starts(s->path, arrows[i].from) && !listed(name, arrows[i].to))
			fault(s, line, "%s may not include \"%s\" (only of: %s)", arrows[i].from,
			      name, arrows[i].to);
}

static void check_calls(struct source *s)
{
	for (size_t i = 0; i < sizeof(banned) / sizeof(*banned); i++) {
		const struct banned *b = &banned[i];
		const char *at = s->code;

		if (listed(s->path, b->allowed))
			continue;
		while ((at = find_word(s->code, at, b->call))) {
			bool member =
				at > s->code && (at[-1] == '.' || (at[-1] == '>' && at[-2] == '-'));

			if (!member && at[strlen(b->call)] == '(')
				fault(s, line_of(s, at, s->code), "%s() is banned here: use %s",
				      b->call, b->instead);
			at += strlen(b->call);
		}
	}
}

static void check_words(struct source *s)
{
	for (size_t i = 0; i < sizeof(unfinished) / sizeof(*unfinished); i++) {
		const char *at = s->text;
		char word[32];

		snprintf(word, sizeof(word), "%s%s", unfinished[i].begin, unfinished[i].end);
		while ((at = find_word(s->text, at, word))) {
			fault(s, line_of(s, at, s->text), "\"%s\": finish it or take it out", word);
			at += strlen(word);
		}
	}
}

/* An assert must be free to go: it changes nothing. */
static void check_asserts(struct source *s)
{
	const char *at = s->code;

	while ((at = find_word(s->code, at, "assert"))) {
		int depth = 0;
		const char *start = at;

		at += strlen("assert");
		for (; *at == '(' || depth > 0; at++) {
			bool assigns = *at == '=' && at[1] != '=' && !strchr("=!<>", at[-1]);

			depth += (*at == '(') - (*at == ')');
			if (!*at || assigns || starts(at, "++") || starts(at, "--") ||
			    starts(at, "<<=") || starts(at, ">>=")) {
				fault(s, line_of(s, start, s->code),
				      "this assert has a side effect");
				break;
			}
			if (!depth)
				break;
		}
	}
}

/* The line ends in a comment. */
static bool comment_ends(const struct source *s, int line)
{
	size_t i = s->line[line + 1];

	while (i > s->line[line] && isspace((unsigned char)s->text[i - 1]))
		i--;
	return i > s->line[line] && s->code[i - 1] == ' ';
}

/* Lines `from` to `to` of a header hold a statement; if it is a function it must have a comment.
 * Returns whether that comment may stand for those that follow at once, as over a group of
 * prototypes. */
static bool check_declaration(struct source *s, int from, int to, bool body, bool group)
{
	const char *start = s->code + s->line[from], *paren = strchr(start, '('), *name = paren;
	bool documented = comment_ends(s, to) || (from > 0 && (comment_ends(s, from - 1) || group));

	if (starts(start, "typedef")) /* of a callback: its comment goes on to the function that
					 takes it */
		return documented;
	if (!paren || start + strcspn(start, "{=;") < paren || starts(start, "_Static_assert"))
		return false;
	while (name > start && word_char(name[-1]))
		name--;
	if (name == paren ||
	    name == start + strlen("struct ") || /* of a template: struct NAME(x) { */
	    (starts(start, "static ") && !starts(start, "static inline ")))
		return false;
	if (!documented)
		fault(s, from, "%.*s has no comment above it", (int)(paren - name), name);
	return documented && !body;
}

static void check_header(struct source *s)
{
	int depth = 0, from = -1, last = -2;
	bool group = false, body = false;

	for (int line = 0; line < s->lines; line++) {
		size_t i = s->line[line], end = s->line[line + 1];

		if (s->code[i] == '#') { /* with the lines that it goes on for */
			while (line + 1 < s->lines && end > 1 && s->text[end - 2] == '\\')
				end = s->line[++line + 1];
			continue;
		}
		for (; i < end; i++) {
			char c = s->code[i];

			if (from < 0 && !isspace((unsigned char)c)) {
				from = line;
				body = false;
			}
			depth += (c == '{') - (c == '}');
			body |= c == '{';
			if (depth || (c != ';' && (c != '}' || s->code[i + 1] != '\n')))
				continue;
			group = check_declaration(s, from, line, body, group && last == from - 1);
			last = line;
			from = -1;
		}
	}
}

/* A suite that main.c does not name would never run. */
static void check_suites(struct source *s)
{
	struct source main_c;

	for (int line = 0; line < s->lines; line++) {
		char name[128];

		if (sscanf(s->code + s->line[line], "Suite *%127[a-z0-9_](void)", name) != 1 ||
		    s->code[s->line[line + 1]] != '{')
			continue;
		if (!load(&main_c, "tests/main.c") || !find_word(main_c.code, main_c.code, name))
			fault(s, line, "%s is not run: tests/main.c does not name it", name);
		release(&main_c);
	}
}

static int check(const char *path)
{
	struct source s;

	if (!load(&s, path))
		return 1;
	check_whole(&s);
	for (int line = 0; line < s.lines; line++) {
		check_line(&s, line);
		check_include(&s, line);
	}
	check_function_lengths(&s);
	check_calls(&s);
	check_words(&s);
	check_asserts(&s);
	if (ends(path, ".h"))
		check_header(&s);
	if (starts(path, "tests/"))
		check_suites(&s);
	release(&s);
	return s.faults;
}

int main(int argc, char **argv)
{
	int faults = 0, files = 0;

	for (int i = 1; i < argc; i++) {
		int n = check(argv[i]);

		faults += n;
		files += n > 0;
	}
	if (faults)
		printf("tidy: %d faults in %d of %d files\n", faults, files, argc - 1);
	else
		printf("tidy: %d files, no faults\n", argc - 1);
	return faults ? 1 : 0;
}

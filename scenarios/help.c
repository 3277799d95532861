/* Listings show a line a row, name and default in columns; a single option shows everything its row
 * holds. */
#include "scenarios/help.h"
#include "scenarios/load.h"
#include <string.h>

enum { NAME_COLUMN = 26, VALUE_COLUMN = 18 };

static const char *default_of(const struct opt *opt)
{
	switch (opt->type) {
	case OPT_TABLE:
	case OPT_INLINE: return "(table)";
	case OPT_LIST: return "(list)";
	default: return opt->value && *opt->value ? opt->value : "(none)";
	}
}

/* "name   default   help", and where the columns are too narrow a wider gap. */
static void put_row(FILE *out, const struct opt *opt)
{
	fprintf(out, "  %-*s %-*s %s\n", NAME_COLUMN, opt->name, VALUE_COLUMN, default_of(opt),
		opt->help ? opt->help : "");
}

static void put_rows(FILE *out, const struct opt *table)
{
	for (const struct opt *opt = table; opt->name; opt++) {
		if (opt->type == OPT_INLINE)
			put_rows(out, opt->sub);
		else
			put_row(out, opt);
	}
}

static void put_option(FILE *out, const struct opt *opt, const char *path, struct arena *arena)
{
	const char *range = opt_range(opt, arena);

	fprintf(out, "%s\n", path);
	if (opt->help)
		fprintf(out, "  %s\n", opt->help);
	fprintf(out, "\n  takes    %s\n", scenario_expects(opt, arena));
	if (opt->type == OPT_TABLE || opt->type == OPT_LIST) {
		fprintf(out, "  set as   %s.%sKEY=VALUE\n\n", path,
			opt->type == OPT_LIST ? "NAME." : "");
		put_rows(out, opt->sub);
		return;
	}
	if (*range)
		fprintf(out, "  range    %s\n", range);
	fprintf(out, "  default  %s\n", default_of(opt));
	if (opt->source)
		fprintf(out, "  source   %s\n", opt->source);
}

bool help_write(FILE *out, const struct opt *root, const char *path, struct err *err)
{
	const struct opt *opt = opt_find(root, path);
	struct arena arena;
	const char *near;

	if (!*path) {
		put_rows(out, root);
		return true;
	}
	arena_init(&arena);
	if (opt) {
		put_option(out, opt, path, &arena);
	} else {
		near = opt_nearest(root, path, &arena);
		err_set(err, "no option is called \"%.100s\"%s%s%s", path,
			near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
	arena_release(&arena);
	return opt != NULL;
}

/* Text that troff leaves as it is: no escapes, no request at a line's start, hyphens that stay
 * ASCII. */
static void put_troff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			putc(*text == '\n' ? ' ' : *text, out);
	}
}

struct man {
	FILE *out;
	struct arena arena;
};

static void put_entry(struct man *man, const struct opt *opt, const char *path)
{
	const char *range = opt_range(opt, &man->arena);

	fputs(".TP\n.B ", man->out);
	put_troff(man->out, path);
	fputs("\n", man->out);
	put_troff(man->out, opt->help ? opt->help : "");
	fputs(".\nTakes ", man->out);
	put_troff(man->out, scenario_expects(opt, &man->arena));
	fputs(*range ? ", " : "", man->out);
	put_troff(man->out, range);
	fputs("; default ", man->out);
	put_troff(man->out, default_of(opt));
	if (opt->source) {
		fputs(" (", man->out);
		put_troff(man->out, opt->source);
		fputs(")", man->out);
	}
	fputs(".\n", man->out);
}

/* The table's own options, or, with sections, the tables and lists in it as sections of their own.
 */
static void put_part(struct man *man, const struct opt *table, const char *path, bool sections)
{
	for (const struct opt *opt = table; opt->name; opt++) {
		const char *at =
			arena_print(&man->arena, "%s%s%s", path, *path ? "." : "", opt->name);

		if (opt->type == OPT_INLINE) {
			put_part(man, opt->sub, path, sections);
		} else if (opt->type != OPT_TABLE && opt->type != OPT_LIST) {
			if (!sections)
				put_entry(man, opt, at);
		} else if (sections) {
			fputs(".SS ", man->out);
			put_troff(man->out, at);
			fputs("\n", man->out);
			put_troff(man->out, opt->help ? opt->help : "");
			fputs(".\n", man->out);
			if (opt->type == OPT_LIST)
				at = arena_print(&man->arena, "%s.*", at);
			put_part(man, opt->sub, at, false);
			put_part(man, opt->sub, at, true);
		}
	}
}

void help_man(FILE *out, const struct opt *root)
{
	struct man man = { .out = out };

	arena_init(&man.arena);
	put_part(&man, root, "", false);
	put_part(&man, root, "", true);
	arena_release(&man.arena);
}

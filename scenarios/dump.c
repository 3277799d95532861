/* Table order, two blanks a level, the comment in a column of its own.  A list's element begins
 * with "- ": the first line of it that is written has that instead of its last two blanks. */
#include "scenarios/load.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { COMMENT_COLUMN = 44 };

struct dump {
	FILE *out;
	const struct scenario *scenario;
	struct arena arena; /* what one dump needs */
	bool dash;	    /* the next line begins an element */
};

/* One line of text without control characters (a --set may hold any). */
static void put_comment(FILE *out, const char *text)
{
	for (; *text; text++)
		putc((unsigned char)*text < ' ' ? ' ' : *text, out);
}

static void put_source(struct dump *dump, const struct opt *opt, const char *path)
{
	const struct scenario_mark *mark = scenario_mark_find(dump->scenario, path);

	if (!mark) {
		fputs("default", dump->out);
		if (opt->source) {
			fputs(": ", dump->out);
			put_comment(dump->out, opt->source);
		}
		return;
	}
	if (mark->from)
		fprintf(dump->out, "%s, ", mark->from);
	put_comment(dump->out, mark->file);
	if (mark->line)
		fprintf(dump->out, ":%d", mark->line);
}

/* "key: value  # source"; value NULL where deeper lines follow. */
static void put_line(struct dump *dump, const struct opt *opt, const char *value, const char *path,
		     int indent)
{
	int used;

	used = fprintf(dump->out, "%*s%s%s:", dump->dash ? indent - 2 : indent, "",
		       dump->dash ? "- " : "", opt->name);
	dump->dash = false;
	if (value) {
		used += fprintf(dump->out, " %s", value);
		fprintf(dump->out, "%*s # ", used < COMMENT_COLUMN ? COMMENT_COLUMN - used : 0, "");
		put_source(dump, opt, path);
	}
	putc('\n', dump->out);
}

static void put_table(struct dump *dump, const struct opt *table, const char *config,
		      const char *path, int indent);

static void put_list(struct dump *dump, const struct opt *opt, const char *config, const char *path,
		     int indent)
{
	const struct opt_list *list = (const void *)(config + opt->offset);

	put_line(dump, opt, list->n ? NULL : "[]", path, indent);
	for (uint32_t i = 0; i < list->n; i++) {
		const char *element = (const char *)list->at + i * opt->size,
			   *name = opt_element_name(opt, element);

		dump->dash = true;
		put_table(dump, opt->sub, element,
			  name ? arena_print(&dump->arena, "%s.%s", path, name)
			       : arena_print(&dump->arena, "%s.%u", path, i),
			  indent + 4);
		if (dump->dash)
			fprintf(dump->out, "%*s- {}\n", indent + 2, "");
		dump->dash = false;
	}
}

static void put_table(struct dump *dump, const struct opt *table, const char *config,
		      const char *path, int indent)
{
	for (const struct opt *opt = table; opt->name; opt++) {
		const char *at =
			*path ? arena_print(&dump->arena, "%s.%s", path, opt->name) : opt->name;

		if (opt->type == OPT_INLINE) {
			put_table(dump, opt->sub, config + opt->offset, path, indent);
		} else if (opt->type == OPT_TABLE && opt->sub->name) {
			put_line(dump, opt, NULL, at, indent);
			put_table(dump, opt->sub, config + opt->offset, at, indent + 2);
		} else if (opt->type == OPT_LIST) {
			put_list(dump, opt, config, at, indent);
		} else if (opt->type != OPT_TABLE) {
			put_line(dump, opt,
				 yaml_quote(opt_text(opt, config, &dump->arena), &dump->arena), at,
				 indent);
		}
	}
}

void scenario_dump(FILE *out, const struct scenario *scenario, const struct opt *root,
		   const void *config)
{
	struct dump dump = { .out = out, .scenario = scenario };

	arena_init(&dump.arena);
	put_table(&dump, root, config, "", 0);
	arena_release(&dump.arena);
}

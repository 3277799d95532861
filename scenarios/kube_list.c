/* A scanner by bytes.  It knows four places: before the list, among its members, in the array of
 * items, behind the list; a value is skipped or taken by counting brackets outside of strings. */
#include "scenarios/kube_list.h"
#include <errno.h>
#include <string.h>

static int take(struct kube_list *list)
{
	int c = list->next;

	list->at_line += c == '\n';
	list->next = getc(list->file);
	return c;
}

/* The next byte that is no white space, not taken yet. */
static int peek(struct kube_list *list)
{
	while (list->next == ' ' || list->next == '\t' || list->next == '\n' || list->next == '\r')
		take(list);
	return list->next;
}

static bool bad(struct kube_list *list, const char *expected, struct err *err)
{
	if (ferror(list->file))
		return err_system(err, "cannot read %s: %s", list->path, strerror(errno));
	if (list->next == EOF)
		return err_at(err, list->path, list->at_line, 0, "ends where %s is expected",
			      expected);
	return err_at(err, list->path, list->at_line, 0, "expected %s, found '%c'", expected,
		      list->next >= ' ' && list->next < 0x7f ? list->next : '?');
}

static int fail(struct kube_list *list, const char *expected, struct err *err)
{
	bad(list, expected, err);
	return -1;
}

static void keep(struct kube_list *list, bool wanted, int c)
{
	if (wanted)
		vec_push(&list->item, (char)c);
}

/* A string, from its quote to its quote. */
static bool take_string(struct kube_list *list, bool wanted, struct err *err)
{
	keep(list, wanted, take(list));
	while (list->next != '"') {
		if (list->next == '\\')
			keep(list, wanted, take(list));
		if (list->next == EOF)
			return bad(list, "the end of a string", err);
		keep(list, wanted, take(list));
		if (list->item.n > KUBE_ITEM_MAX)
			return bad(list, "an item of at most 64 MiB", err);
	}
	keep(list, wanted, take(list));
	return true;
}

/* A value of any kind; what ends it is not taken. */
static bool take_value(struct kube_list *list, bool wanted, struct err *err)
{
	int depth = 0;

	peek(list);
	for (;;) {
		int c = list->next;

		if (c == EOF)
			return bad(list, "the end of a value", err);
		if (list->item.n > KUBE_ITEM_MAX)
			return bad(list, "an item of at most 64 MiB", err);
		if (!depth && (c == ',' || c == ']' || c == '}'))
			return true;
		if (c == '"') {
			if (!take_string(list, wanted, err))
				return false;
			continue;
		}
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		keep(list, wanted, take(list));
		if (!depth && (c == '}' || c == ']'))
			return true;
	}
}

/* Goes on among the members of the list up to its items: 1, or 0 at its end. */
static int find_items(struct kube_list *list, struct err *err)
{
	for (;;) {
		bool items;

		if (peek(list) == ',') {
			take(list);
			continue;
		}
		if (list->next == '}')
			break;
		list->item.n = 0;
		if (list->next != '"')
			return fail(list, "a key", err);
		if (!take_string(list, true, err))
			return -1;
		items = list->item.n == 7 && !memcmp(list->item.at, "\"items\"", 7);
		if (peek(list) != ':')
			return fail(list, "':'", err);
		take(list);
		if (items && peek(list) == '[') {
			take(list);
			list->items++;
			return 1;
		}
		if (!take_value(list, false, err))
			return -1;
	}
	take(list);
	if (peek(list) != EOF)
		return fail(list, "the end of the file", err);
	if (list->items)
		return 0;
	err_at(err, list->path, 0, 0,
	       "has no items: expected a List, as kubectl get nodes,pods -A -o json prints it");
	return -1;
}

bool kube_list_open(struct kube_list *list, const char *path, struct err *err)
{
	*list = (struct kube_list){ .path = path, .at_line = 1 };
	list->file = strcmp(path, "-") ? fopen(path, "r") : stdin;
	if (!list->file)
		return err_set(err, "cannot open %s: %s", path, strerror(errno));
	list->next = getc(list->file);
	for (const char *mark = "\xef\xbb\xbf"; *mark && list->next == (unsigned char)*mark; mark++)
		take(list);
	if (peek(list) == '{') {
		take(list);
		return true;
	}
	bad(list, "a List in JSON (kubectl get nodes,pods -A -o json)", err);
	kube_list_release(list);
	return false;
}

int kube_list_next(struct kube_list *list, struct err *err)
{
	for (;;) {
		if (!list->inside) {
			int got = find_items(list, err);

			if (got <= 0)
				return got;
			list->inside = true;
		}
		if (peek(list) == ',') {
			take(list);
			continue;
		}
		if (list->next != ']')
			break;
		take(list);
		list->inside = false;
	}
	list->line = list->at_line;
	list->item.n = 0;
	if (list->next != '{')
		return fail(list, "an item", err);
	if (!take_value(list, true, err))
		return -1;
	vec_push(&list->item, '\0');
	return 1;
}

void kube_list_release(struct kube_list *list)
{
	if (list->file && list->file != stdin)
		fclose(list->file);
	list->file = NULL;
	vec_release(&list->item);
}

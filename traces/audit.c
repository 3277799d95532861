/* A line is parsed whole, looked at in a few places and forgotten.  Rows are found by a hash of
 * their three names; order comes from a sort at the end, so the hash shows nowhere. */
#include "traces/audit.h"
#include "base/arena.h"
#include "traces/input.h"
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256 };

static const char *const writing[] = { "create", "update",	     "patch",
				       "delete", "deletecollection", NULL };

bool audit_writes(const char *verb)
{
	for (int i = 0; writing[i]; i++)
		if (strcmp(verb, writing[i]) == 0)
			return true;
	return false;
}

/* Days from 1970-01-01 of a date of the Gregorian calendar, counted from 1 March, so that the leap
 * day is a year's last. */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400,
		of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool audit_time(const char *text, int64_t *ns)
{
	int year, month, day, hour, minute, second, n = 0;
	int64_t fraction = 0, unit = 1000000000;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
		   &n) != 6 ||
	    year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
	    minute > 59 || second > 60)
		return false;
	if (text[n] == '.')
		for (n++; text[n] >= '0' && text[n] <= '9'; n++) {
			unit /= 10;
			fraction += (text[n] - '0') * unit;
		}
	if (strcmp(text + n, "Z") != 0 && strcmp(text + n, "+00:00") != 0)
		return false;
	*ns = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 * 1000000000 +
	      second * INT64_C(1000000000) + fraction;
	return true;
}

static const char *text_at(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

/* ---- who ---- */

static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

/* Controllers in kube-system have accounts of their own, or say in their user agent whose work they
 * do; elsewhere programs may share an account. */
static void client_of(const char *user, const char *agent, char *out)
{
	const char *account = after(user, "system:serviceaccount:"),
		   *acting = strstr(agent, "system:serviceaccount:kube-system:");
	int program = (int)strcspn(agent, "/ ");

	if (after(user, "system:node:"))
		snprintf(out, NAME_MAX_BYTES, "kubelet");
	else if (acting && strcmp(user, "system:kube-controller-manager") == 0)
		snprintf(out, NAME_MAX_BYTES, "kube-system/%.*s", (int)strcspn(acting + 34, " /"),
			 acting + 34);
	else if (account && after(account, "kube-system:"))
		snprintf(out, NAME_MAX_BYTES, "kube-system/%s", after(account, "kube-system:"));
	else if (account)
		snprintf(out, NAME_MAX_BYTES, "%.*s/%s%s%.*s%s", (int)strcspn(account, ":"),
			 account, account + strcspn(account, ":") + 1, program ? " (" : "", program,
			 agent, program ? ")" : "");
	else if (after(user, "system:"))
		snprintf(out, NAME_MAX_BYTES, "%s", after(user, "system:"));
	else
		snprintf(out, NAME_MAX_BYTES, "%s", *user ? user : "nobody");
}

/* ---- rows ---- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	while (*text++);
	return hash;
}

static uint32_t *slot_of(const struct audit *audit, const char *client, const char *verb,
			 const char *resource)
{
	uint64_t hash = hash_text(hash_text(hash_text(UINT64_C(0xcbf29ce484222325), client), verb),
				  resource);

	for (uint32_t at = (uint32_t)hash & (audit->slots - 1);;
	     at = (at + 1) & (audit->slots - 1)) {
		const struct audit_row *row =
			audit->slot[at] ? &audit->row.at[audit->slot[at] - 1] : NULL;

		if (!row || (!strcmp(row->client, client) && !strcmp(row->verb, verb) &&
			     !strcmp(row->resource, resource)))
			return &audit->slot[at];
	}
}

static void grow(struct audit *audit)
{
	uint32_t slots = audit->slots ? 2 * audit->slots : 256;

	free(audit->slot);
	audit->slot = vec_grow(NULL, &(uint32_t){ 0 }, slots, sizeof(*audit->slot));
	memset(audit->slot, 0, slots * sizeof(*audit->slot));
	audit->slots = slots;
	for (uint32_t i = 0; i < audit->row.n; i++) {
		const struct audit_row *row = &audit->row.at[i];

		*slot_of(audit, row->client, row->verb, row->resource) = i + 1;
	}
}

static char *copy(const char *text)
{
	char *out = strdup(text);

	if (!out)
		abort(); /* out of memory */
	return out;
}

static struct audit_row *row_of(struct audit *audit, const char *client, const char *verb,
				const char *resource)
{
	uint32_t *slot;

	if (2 * (audit->row.n + 1) > audit->slots)
		grow(audit);
	slot = slot_of(audit, client, verb, resource);
	if (!*slot) {
		vec_push(&audit->row, (struct audit_row){ .client = copy(client),
							  .verb = copy(verb),
							  .resource = copy(resource) });
		*slot = audit->row.n;
	}
	return &audit->row.at[*slot - 1];
}

static int by_name(const void *a, const void *b)
{
	const struct audit_row *x = a, *y = b;
	int order = strcmp(x->client, y->client);

	if (!order)
		order = strcmp(x->resource, y->resource);
	return order ? order : strcmp(x->verb, y->verb);
}

/* ---- lines ---- */

static void count(struct audit *audit, const cJSON *event, int64_t at_ns)
{
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(event, "objectRef"),
		    *user = cJSON_GetObjectItemCaseSensitive(event, "user"),
		    *status = cJSON_GetObjectItemCaseSensitive(event, "responseStatus"),
		    *code = cJSON_GetObjectItemCaseSensitive(status, "code");
	const char *verb = text_at(event, "verb"), *part = text_at(object, "subresource");
	char client[NAME_MAX_BYTES], resource[NAME_MAX_BYTES];
	struct audit_row *row;
	int64_t received_ns;
	bool succeeded = !cJSON_IsNumber(code) || code->valuedouble < 400;

	client_of(text_at(user, "username"), text_at(event, "userAgent"), client);
	snprintf(resource, sizeof(resource), "%s%s%s",
		 *text_at(object, "resource") ? text_at(object, "resource") : "none",
		 *part ? "/" : "", part);
	row = row_of(audit, client, verb, resource);
	row->n++;
	row->succeeded += succeeded;
	audit->started += succeeded && !strcmp(verb, "create") && !strcmp(resource, "pods");
	if (audit->events++ == 0 || at_ns < audit->from_ns)
		audit->from_ns = at_ns;
	if (at_ns > audit->to_ns)
		audit->to_ns = at_ns;
	if (!strcmp(verb, "watch") ||
	    !audit_time(text_at(event, "requestReceivedTimestamp"), &received_ns) ||
	    received_ns > at_ns)
		return;
	hist_add(&row->latency, at_ns - received_ns, 1);
}

static bool take_line(struct audit *audit, const char *path, const char *line, size_t bytes,
		      struct err *err)
{
	const char *end = NULL, *stage;
	int number = (int)audit->lines, col;
	int64_t at_ns;
	cJSON *event;
	bool ok = true;

	if (strspn(line, " \t\r") >= bytes)
		return true;
	event = cJSON_ParseWithLengthOpts(line, bytes, &end, false);
	col = end && end >= line && end <= line + bytes ? (int)(end - line) + 1 : 0;
	if (event && end && end + strspn(end, " \t\r") < line + bytes) {
		cJSON_Delete(event);
		event = NULL;
	}
	if (!event)
		return err_at(err, path, number, col,
			      "not valid JSON: an audit log has one Event object a line");
	stage = text_at(event, "stage");
	if (!cJSON_IsObject(event) || strcmp(text_at(event, "kind"), "Event") != 0)
		ok = err_at(err, path, number, 0,
			    "not an audit event: expected an object of kind Event "
			    "(audit.k8s.io/v1)");
	else if (strcmp(text_at(event, "apiVersion"), "audit.k8s.io/v1") != 0)
		ok = err_at(err, path, number, 0, "apiVersion is '%s': expected audit.k8s.io/v1",
			    text_at(event, "apiVersion"));
	else if (!*text_at(event, "verb") || !*stage)
		ok = err_at(err, path, number, 0, "the event has no %s", *stage ? "verb" : "stage");
	else if (strcmp(stage, "ResponseComplete") == 0 || strcmp(stage, "Panic") == 0) {
		if (audit_time(text_at(event, "stageTimestamp"), &at_ns))
			count(audit, event, at_ns);
		else
			ok = err_at(err, path, number, 0,
				    "stageTimestamp is '%s': expected a time such as "
				    "2026-11-23T12:00:00.123456Z",
				    text_at(event, "stageTimestamp"));
	}
	cJSON_Delete(event);
	return ok;
}

bool audit_read(struct audit *audit, const char *path, struct err *err)
{
	struct arena arena;
	struct input input;
	int got = 0;
	bool ok;

	*audit = (struct audit){ 0 };
	grow(audit);
	arena_init(&arena);
	ok = input_open(&input, path, &arena, err);
	if (ok) {
		while (ok && (got = input_lines(&input, err)) > 0)
			while (ok && input.at < input.end) {
				char *end = memchr(input.at, '\n', (size_t)(input.end - input.at));

				assert(end);
				audit->lines++;
				ok = take_line(audit, path, input.at, (size_t)(end - input.at),
					       err);
				input.at = end + 1;
			}
		input_release(&input);
	}
	arena_release(&arena);
	if (!ok || got < 0)
		return false;
	if (!audit->events)
		return err_at(err, path, 0, 0, "no event at stage ResponseComplete in %llu lines",
			      (unsigned long long)audit->lines);
	if (audit->row.n)
		qsort(audit->row.at, audit->row.n, sizeof(*audit->row.at), by_name);
	return true;
}

void audit_release(struct audit *audit)
{
	for (uint32_t i = 0; i < audit->row.n; i++) {
		free(audit->row.at[i].client);
		free(audit->row.at[i].verb);
		free(audit->row.at[i].resource);
		hist_release(&audit->row.at[i].latency);
	}
	vec_release(&audit->row);
	free(audit->slot);
	*audit = (struct audit){ 0 };
}

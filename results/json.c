/* Objects are opened and closed as the walk over the figures (result_walk) enters and leaves
 * groups, so that the JSON, the store and the summary cannot differ in what they know. */
#include "results/json.h"
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

void json_init(struct json *json, FILE *out)
{
	*json = (struct json){ .out = out };
}

/* The length of the valid UTF-8 sequence at p, or 0. */
static int utf8_length(const unsigned char *p)
{
	int n = *p < 0x80		? 1
	      : *p >= 0xc2 && *p < 0xe0 ? 2
	      : *p >= 0xe0 && *p < 0xf0 ? 3
	      : *p >= 0xf0 && *p < 0xf5 ? 4
					: 0;

	for (int i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates and what lies beyond U+10FFFF. */
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static void quote(struct json *json, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	putc('"', json->out);
	while (*p) {
		int n = utf8_length(p);

		if (*p == '"' || *p == '\\')
			fprintf(json->out, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", json->out);
		else if (*p == '\t')
			fputs("\\t", json->out);
		else if (*p < 0x20)
			fprintf(json->out, "\\u%04x", *p);
		else if (!n)
			fputs("\\ufffd", json->out);
		else
			fwrite(p, 1, (size_t)n, json->out);
		p += n ? n : 1;
	}
	putc('"', json->out);
}

/* Comma, new line, indentation and key of the next element. */
static void element(struct json *json, const char *key)
{
	if (json->some)
		putc(',', json->out);
	if (json->depth)
		putc('\n', json->out);
	for (int i = 0; i < json->depth; i++)
		fputs("  ", json->out);
	if (key) {
		quote(json, key);
		fputs(": ", json->out);
	}
	json->some = true;
}

void json_open(struct json *json, const char *key, char bracket)
{
	element(json, key);
	putc(bracket, json->out);
	json->depth++;
	json->some = false;
}

void json_close(struct json *json, char bracket)
{
	assert(json->depth > 0);
	json->depth--;
	if (json->some) {
		putc('\n', json->out);
		for (int i = 0; i < json->depth; i++)
			fputs("  ", json->out);
	}
	putc(bracket, json->out);
	json->some = true;
}

void json_text(struct json *json, const char *key, const char *text)
{
	element(json, key);
	if (text)
		quote(json, text);
	else
		fputs("null", json->out);
}

void json_number(struct json *json, const char *key, double value)
{
	element(json, key);
	if (isfinite(value))
		fprintf(json->out, "%.9g", value == 0 ? 0.0 : value); /* no -0 */
	else
		fputs("null", json->out);
}

void json_count(struct json *json, const char *key, uint64_t value)
{
	element(json, key);
	fprintf(json->out, "%llu", (unsigned long long)value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	element(json, key);
	fputs(value ? "true" : "false", json->out);
}

bool json_end(struct json *json, struct err *err)
{
	assert(json->depth == 0);
	putc('\n', json->out);
	errno = 0;
	if (fflush(json->out) || ferror(json->out))
		return err_system(err, "cannot write the JSON: %s", strerror(errno ? errno : EIO));
	return true;
}

struct open_groups {
	struct json *json;
	const char *group, *item;
};

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void enter(struct open_groups *open, const char *group, const char *item)
{
	bool same_group = same(open->group, group);

	if (open->item && !(same_group && same(open->item, item))) {
		json_close(open->json, '}');
		open->item = NULL;
	}
	if (!same_group) {
		if (open->group)
			json_close(open->json, '}');
		if (group)
			json_open(open->json, group, '{');
		open->group = group;
	}
	if (item && !open->item) {
		json_open(open->json, item, '{');
		open->item = item;
	}
}

static void on_metric(void *ctx, const struct metric *metric)
{
	struct open_groups *open = ctx;

	enter(open, metric->group, metric->item);
	if (metric->defined && metric->whole)
		json_count(open->json, metric->name, (uint64_t)metric->value);
	else
		json_number(open->json, metric->name, metric->defined ? metric->value : NAN);
}

static void metrics(struct json *json, const struct run_result *result, uint32_t service)
{
	struct open_groups open = { .json = json };

	result_walk(result, service, on_metric, &open);
	enter(&open, NULL, NULL);
}

static void oracle(struct json *json, const char *key, const struct oracle *o)
{
	json_open(json, key, '{');
	json_text(json, "quantity", o->quantity);
	json_text(json, "unit", o->unit);
	json_number(json, "expected", o->expected);
	json_number(json, "simulated", o->simulated);
	json_number(json, "half_width_95", o->half_width_95);
	json_number(json, "finite_size_bias", o->bias);
	json_number(json, "relative_error",
		    o->expected != 0 ? (o->simulated - o->expected) / o->expected : NAN);
	json_close(json, '}');
}

/* One as an object, several as an array. */
static void oracles(struct json *json, const struct run_result *result)
{
	if (result->oracles == 1) {
		oracle(json, "oracle", result->oracle);
		return;
	}
	json_open(json, "oracle", '[');
	for (uint32_t i = 0; i < result->oracles; i++)
		oracle(json, NULL, &result->oracle[i]);
	json_close(json, ']');
}

static void run(struct json *json, const struct run_result *result)
{
	const struct collect *collect = result->collect;

	json_open(json, NULL, '{');
	json_text(json, "scenario", result->scenario);
	json_text(json, "variant", result->variant);
	json_count(json, "seed", result->seed);
	json_text(json, "version", result->version);
	json_text(json, "world", world_name(result->world));
	json_text(json, "status", result->status ? result->status : "done");
	if (result->axes) {
		json_open(json, "point", '{');
		for (uint32_t i = 0; i < result->axes; i++)
			json_text(json, result->axis[i].name, result->axis[i].text);
		json_close(json, '}');
	}
	json_number(json, "simulated_s", (double)result->simulated_ns / 1e9);
	json_number(json, "warmup_s", (double)collect->warmup_ns / 1e9);
	metrics(json, result, collect->services);
	if (result->oracles)
		oracles(json, result);
	json_open(json, "services", '{');
	for (uint32_t s = 0; s < collect->services; s++) {
		json_open(json, collect->name[s], '{');
		metrics(json, result, s);
		json_close(json, '}');
	}
	json_close(json, '}');
	json_close(json, '}');
}

bool json_runs(FILE *out, const struct run_result *const *results, uint32_t n, struct err *err)
{
	struct json json;

	json_init(&json, out);
	if (n != 1)
		json_open(&json, NULL, '[');
	for (uint32_t i = 0; i < n; i++)
		run(&json, results[i]);
	if (n != 1)
		json_close(&json, ']');
	return json_end(&json, err);
}

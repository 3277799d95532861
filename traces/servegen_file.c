/* Windows are read as they stand.  Of the gaps only the shape is used, around the mean that the
 * rate says: in many windows the scale given is of the gaps inside bursts alone, and would give a
 * hundredth of the time. */
#include "traces/servegen.h"
#include "traces/input.h"
#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

static const int64_t last_window_ns = 600 * NS_PER_S; /* the last one's width; source: ServeGen */
/* Larger files are no data set; source: assumption, ten times the largest that is published. */
static const int64_t dataset_bytes_max = INT64_C(1) << 30;

struct load {
	struct servegen_tenant *tenant;
	struct arena *arena;
	const char *file;
	struct err *err;
	VEC(struct servegen_window) windows;
	VEC(struct servegen_lengths) lengths;
};

/* ---- windows ---- */

/* A number from low to high that ends where `end` says. */
static bool take_number(const char **at, char end, double low, double high, double *value)
{
	char *after;

	*value = strtod(*at, &after);
	if (after == *at || !(*value >= low && *value <= high))
		return false;
	while (*after == '\r')
		after++;
	if (*after != end)
		return false;
	*at = after + 1;
	return true;
}

static const char *parse_window(const char *at, struct servegen_window *window)
{
	static const struct {
		const char *name;
		int gaps;
	} kinds[] = { { "Gamma,", SERVEGEN_GAMMA },
		      { "Weibull,", SERVEGEN_WEIBULL },
		      { ",", SERVEGEN_POISSON } };
	double start, rate, cv, scale;
	size_t kind = 0;

	if (!take_number(&at, ',', 0, 9e8, &start) || !take_number(&at, ',', 0, 1e7, &rate) ||
	    !take_number(&at, ',', 0, 1e6, &cv))
		return NULL;
	while (kind < 3 && strncmp(at, kinds[kind].name, strlen(kinds[kind].name)) != 0)
		kind++;
	if (kind == 3)
		return NULL;
	at += strlen(kinds[kind].name);
	window->gaps = kinds[kind].gaps;
	window->start_ns = (int64_t)(start * NS_PER_S);
	window->rate_per_ns = rate / NS_PER_S;
	if (!take_number(&at, ',', window->gaps == SERVEGEN_POISSON ? 0 : 0.01, 1e4,
			 &window->shape) ||
	    !take_number(&at, '\n', 0, 1e18, &scale))
		return NULL;
	window->mean = window->gaps == SERVEGEN_WEIBULL ? tgamma(1 + 1 / window->shape) : 1;
	return at;
}

static bool add_window(struct load *load, const struct servegen_window *window, int line)
{
	struct servegen_window *last =
		load->windows.n ? &load->windows.at[load->windows.n - 1] : NULL;

	if (last && window->start_ns <= last->start_ns)
		return err_at(load->err, load->file, line, 1,
			      "a window that begins no later than the one above it");
	if (last)
		last->end_ns = window->start_ns;
	vec_reserve(&load->windows, load->windows.n + 1);
	assert(load->windows.at);
	last = &load->windows.at[load->windows.n++];
	*last = *window;
	last->end_ns = window->start_ns + last_window_ns;
	return true;
}

static bool read_lines(struct load *load, struct input *input)
{
	int line = 0, got;

	while ((got = input_lines(input, load->err)) == 1) {
		char *at = input->at, *end = memchr(at, '\n', (size_t)(input->end - at));
		struct servegen_window window;

		input->at = end + 1;
		if (++line == 1 && !strncmp(at, "\xef\xbb\xbf", 3))
			at += 3;
		if (*at == '#' || end == at || (end == at + 1 && *at == '\r'))
			continue;
		if (parse_window(at, &window) != end + 1)
			return err_at(load->err, load->file, line, 1,
				      "expected start,rate,cv,Gamma or Weibull or nothing,shape,"
				      "scale without a header, found \"%.*s\"",
				      end - at < 40 ? (int)(end - at) : 40, at);
		if (!add_window(load, &window, line))
			return false;
	}
	if (got == 0 && !load->windows.n)
		return err_at(load->err, load->file, 0, 0, "is empty: expected windows");
	return got == 0;
}

static bool read_windows(struct load *load)
{
	struct input input;
	struct arena arena;
	bool ok;

	arena_init(&arena); /* the buffers go at once: there are many tenants */
	ok = input_open(&input, load->file, &arena, load->err);
	if (ok) {
		ok = read_lines(load, &input);
		input_release(&input);
	}
	arena_release(&arena);
	return ok;
}

/* ---- tokens ---- */

/* The whole file, terminated; the caller frees it.  NULL with a message. */
static char *read_whole(const char *file, size_t *n, struct err *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text = NULL;
	ssize_t got = 1;
	uint32_t cap = 0;

	*n = 0;
	if (fd < 0) {
		err_set(err, "cannot open %s: %s", file, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size < dataset_bytes_max) {
		text = vec_grow(NULL, &cap, (uint32_t)status.st_size + 1, 1);
		while (*n < (size_t)status.st_size &&
		       (got = read(fd, text + *n, (size_t)status.st_size - *n)) > 0)
			*n += (size_t)got;
		text[*n] = '\0';
	} else {
		err_at(err, file, 0, 0, "is not a file of less than 1 GiB");
	}
	close(fd);
	if (got >= 0)
		return text;
	err_system(err, "cannot read %s: %s", file, strerror(errno));
	free(text);
	return NULL;
}

static const char *skip_space(const char *at)
{
	while (*at == ' ')
		at++;
	return at;
}

/* {12: 0.5, 13: 0.5}: how many entries it can have at most. */
static uint32_t entries_of(const char *text)
{
	uint32_t n = 0;

	for (; *text; text++)
		n += *text == ':';
	return n;
}

/* NULL, or where the dictionary is bad. */
static const char *parse_tokens(const char *text, struct servegen_tokens *tokens,
				struct arena *arena)
{
	uint32_t cap = entries_of(text);
	const char *at = skip_space(text);
	double sum = 0;

	*tokens = (struct servegen_tokens){ ARENA_ARRAY(arena, uint32_t, cap),
					    ARENA_ARRAY(arena, double, cap), 0 };
	if (*at++ != '{')
		return text;
	for (at = skip_space(at); *at != '}'; at = skip_space(at)) {
		const char *number;
		char *end;
		double value = strtod(at, &end), share;

		if (end == at || *end != ':' || !(value >= 0 && value <= TRACE_TOKENS_MAX))
			return at;
		number = end + 1;
		share = strtod(number, &end);
		if (end == number || !(share >= 0 && share <= 1))
			return at;
		if (share > 0) {
			sum += share;
			tokens->value[tokens->n] = (uint32_t)lround(value);
			tokens->below[tokens->n++] = sum;
		}
		end += strspn(end, " ");
		if (*end == ',')
			end++;
		else if (*end != '}')
			return end;
		at = end;
	}
	for (uint32_t i = 0; i < tokens->n; i++)
		tokens->below[i] /= sum;
	return at[1] ? at + 1 : NULL;
}

static bool read_field(struct load *load, const char *window, const cJSON *fields, const char *name,
		       struct servegen_tokens *tokens)
{
	const cJSON *field = cJSON_GetObjectItemCaseSensitive(fields, name);
	const char *bad;

	if (!field)
		return true;
	if (!cJSON_IsString(field))
		return err_at(load->err, load->file, 0, 0,
			      "window %.40s, %s: expected a string that holds a dictionary", window,
			      name);
	bad = parse_tokens(field->valuestring, tokens, load->arena);
	return !bad || err_at(load->err, load->file, 0, 0,
			      "window %.40s, %s: expected a dictionary of tokens and "
			      "probabilities such as {12: 0.5, 14: 0.5}, found \"%.30s\"",
			      window, name, bad);
}

static bool read_lengths(struct load *load, const cJSON *window)
{
	static const struct {
		const char *name;
		int field;
	} fields[] = { { "input_tokens", SERVEGEN_TEXT },  { "text_tokens", SERVEGEN_TEXT },
		       { "image_tokens", SERVEGEN_IMAGE }, { "audio_tokens", SERVEGEN_AUDIO },
		       { "video_tokens", SERVEGEN_VIDEO }, { "output_tokens", SERVEGEN_OUTPUT } };
	struct servegen_lengths lengths = { 0 };
	char *end;
	double start = strtod(window->string, &end);

	if (end == window->string || *end || !(start >= 0 && start <= 9e8))
		return err_at(load->err, load->file, 0, 0,
			      "window \"%.40s\": expected its start in seconds", window->string);
	lengths.start_ns = (int64_t)(start * NS_PER_S);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!read_field(load, window->string, window, fields[i].name,
				&lengths.field[fields[i].field]))
			return false;
	if (lengths.field[SERVEGEN_TEXT].n && lengths.field[SERVEGEN_OUTPUT].n)
		vec_push(&load->lengths, lengths);
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct servegen_lengths *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static bool read_dataset(struct load *load)
{
	size_t n;
	char *text = read_whole(load->file, &n, load->err);
	cJSON *root, *window;
	bool ok;

	if (!text)
		return false;
	root = cJSON_ParseWithLength(text, n);
	ok = cJSON_IsObject(root) ||
	     err_at(load->err, load->file, 0, 0, "expected an object of windows in JSON");
	for (window = ok ? root->child : NULL; window && ok; window = window->next)
		ok = read_lengths(load, window);
	if (ok && !load->lengths.n)
		ok = err_at(load->err, load->file, 0, 0,
			    "no window has input_tokens (or text_tokens) and output_tokens");
	if (ok && load->lengths.n)
		qsort(load->lengths.at, load->lengths.n, sizeof(*load->lengths.at), by_start);
	cJSON_Delete(root);
	free(text);
	return ok;
}

/* ---- a tenant ---- */

static void expect(const struct trace_spec *spec, struct servegen_tenant *tenant)
{
	int64_t from_ns = spec->from_ns,
		to_ns = spec->length_ns ? from_ns + spec->length_ns : INT64_MAX;

	for (uint32_t i = 0; i < tenant->n_windows; i++) {
		const struct servegen_window *w = &tenant->windows[i];
		int64_t begin_ns = w->start_ns > from_ns ? w->start_ns : from_ns,
			end_ns = w->end_ns < to_ns ? w->end_ns : to_ns;

		if (end_ns > begin_ns)
			tenant->requests += w->rate_per_ns * (double)(end_ns - begin_ns);
	}
}

bool servegen_read(const struct trace_spec *spec, const char *folder, uint32_t number,
		   struct servegen_tenant *tenant, struct arena *arena, struct err *err)
{
	struct load load = { .tenant = tenant, .arena = arena, .err = err };
	bool ok;

	*tenant = (struct servegen_tenant){ .name = arena_print(arena, "chunk-%u", number),
					    .number = number };
	load.file = arena_print(arena, "%s/chunk-%u-trace.csv", folder, number);
	ok = read_windows(&load);
	load.file = arena_print(arena, "%s/chunk-%u-dataset.json", folder, number);
	ok = ok && read_dataset(&load);
	if (ok && load.windows.n && load.lengths.n) {
		tenant->n_windows = load.windows.n;
		tenant->n_lengths = load.lengths.n;
		tenant->windows = ARENA_ARRAY(arena, struct servegen_window, load.windows.n);
		tenant->lengths = ARENA_ARRAY(arena, struct servegen_lengths, load.lengths.n);
		memcpy(tenant->windows, load.windows.at, sizeof(*tenant->windows) * load.windows.n);
		memcpy(tenant->lengths, load.lengths.at, sizeof(*tenant->lengths) * load.lengths.n);
		expect(spec, tenant);
	}
	vec_release(&load.windows);
	vec_release(&load.lengths);
	return ok;
}

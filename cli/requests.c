/* Where a scenario's requests come from: its traces, merged by time, or else made up. */
#include "cli/cli.h"
#include "cli/setup.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *setup_file(struct setup *setup, const char *name)
{
	const char *path = trace_path(name, setup->loaded.path, &setup->arena), *shipped;

	if (access(path, R_OK) == 0)
		return path;
	shipped = cli_data(name, &setup->arena);
	return shipped ? shipped : path;
}

/* Whether a service is of a pattern: its name, or "NAME*" for all that begin so. */
static bool matches(const char *name, const char *pattern, size_t n)
{
	if (n && pattern[n - 1] == '*')
		return !strncmp(name, pattern, n - 1);
	return strlen(name) == n && !strncmp(name, pattern, n);
}

/* One pattern of a list of services: adds those that it means. */
static bool add_services(struct setup *setup, const char **names, const char *pattern, size_t n,
			 uint32_t *numbers, uint32_t *found, struct err *err)
{
	uint32_t before = *found;

	for (uint32_t i = 0; i < setup->services.n; i++) {
		bool twice = false;

		for (uint32_t k = 0; k < before; k++)
			twice |= numbers[k] == i;
		if (!twice && matches(setup->service_names[i], pattern, n)) {
			names[*found] = setup->service_names[i];
			numbers[(*found)++] = i;
		}
	}
	if (*found > before)
		return true;
	if (setup_service(setup, arena_text(&setup->arena, pattern, n), err) != NONE)
		return err_set(err, "trace.services: '%.*s' stands there twice", (int)n, pattern);
	return err_set(err, "trace.services: %s",
		       arena_text(&setup->arena, err->text, strlen(err->text)));
}

/* The services that a trace's tenants become: all, or those that it lists. */
static bool choose_services(struct setup *setup, struct trace_spec *spec, struct err *err)
{
	const char *at = spec->into;
	uint32_t *numbers, found = 0;
	const char **names;

	spec->services = setup->service_names;
	spec->numbers = NULL;
	if (!at || !*at)
		return true;
	names = ARENA_ARRAY(&setup->arena, const char *, setup->services.n + 1);
	numbers = ARENA_ARRAY(&setup->arena, uint32_t, setup->services.n);
	spec->services = names;
	spec->numbers = numbers;
	for (;;) {
		size_t n = strcspn(at, ", ");

		if (n && !add_services(setup, names, at, n, numbers, &found, err))
			return false;
		at += n;
		if (!*at)
			return true;
		at++;
	}
}

bool setup_find_traces(struct setup *setup, struct err *err)
{
	bool one = setup->trace.file && *setup->trace.file;

	setup->reads = setup->traces.at;
	setup->n_reads = setup->traces.n;
	if (one && setup->n_reads)
		return err_set(err, "there are `traces`, and `trace.file` (or --trace) as well: "
				    "expected one of the two");
	if (one) {
		setup->reads = &setup->trace;
		setup->n_reads = 1;
	}
	for (uint32_t i = 0; i < setup->n_reads; i++) {
		struct trace_spec *spec = &setup->reads[i];

		if (!spec->file || !*spec->file)
			return err_set(err, "traces.%u has no file", i);
		spec->file = setup_file(setup, spec->file);
		if (spec->durations && *spec->durations)
			spec->durations = setup_file(setup, spec->durations);
		spec->seed = (uint64_t)setup->seed;
		if (!choose_services(setup, spec, err))
			return false;
	}
	return true;
}

const char *setup_pipe(const struct setup *setup)
{
	struct stat st;

	for (uint32_t i = 0; i < setup->n_reads; i++)
		if (!stat(setup->reads[i].file, &st) && !S_ISREG(st.st_mode) &&
		    !S_ISDIR(st.st_mode))
			return setup->reads[i].file;
	return NULL;
}

bool setup_can_resample(const struct setup *setup)
{
	for (uint32_t i = 0; i < setup->n_reads; i++)
		if (!trace_made_up(setup->reads[i].format))
			return true;
	return false;
}

static struct trace *merge(struct trace **parts, uint32_t n)
{
	return n == 1 ? parts[0] : trace_merge(parts, n);
}

static struct trace *open_traces(struct setup *setup, struct err *err)
{
	struct trace **parts = ARENA_ARRAY(&setup->arena, struct trace *, setup->n_reads);

	for (uint32_t i = 0; i < setup->n_reads; i++) {
		parts[i] = trace_open(&setup->reads[i], err);
		if (parts[i])
			continue;
		while (i-- > 0)
			trace_close(parts[i]);
		return NULL;
	}
	return merge(parts, setup->n_reads);
}

static struct trace *open_workload(struct setup *setup, struct err *err)
{
	uint32_t n = setup->workload.n;
	struct trace **parts = ARENA_ARRAY(&setup->arena, struct trace *, n);
	struct synth_config *synth = setup->workload.at;

	for (uint32_t i = 0; i < n; i++) {
		struct err unknown;
		uint32_t service =
			synth[i].in_turn ? 0 : setup_service(setup, synth[i].service, &unknown);

		synth[i].services = setup->services.n;
		if (synth[i].lengths && *synth[i].lengths)
			synth[i].lengths = setup_file(setup, synth[i].lengths);
		if (service == NONE)
			err_set(err, "workload.%u.service: %s", i, unknown.text);
		parts[i] = service == NONE
				 ? NULL
				 : synth_open(&synth[i], service, i, (uint64_t)setup->seed, err);
		if (!parts[i]) {
			while (i-- > 0)
				trace_close(parts[i]);
			return NULL;
		}
	}
	return merge(parts, n);
}

struct trace *setup_requests(struct setup *setup, struct err *err)
{
	struct trace *trace = NULL;

	memset(err, 0, sizeof(*err));
	if (setup->n_reads)
		trace = open_traces(setup, err);
	else if (setup->workload.n)
		trace = open_workload(setup, err);
	if (!trace && err->text[0] && !err->file[0])
		snprintf(err->file, sizeof(err->file), "%s", setup->path);
	return trace;
}

/* sonde models: the catalogue, as a table. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "models/catalog.h"
#include "scenarios/load.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: sonde models\n\nLists the GPUs and the models of the "
			    "catalogue, with where their figures come from.\n";

static int is_yaml(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && !strcmp(entry->d_name + n - 5, ".yaml");
}

static void print_gpu(const char *path, struct arena *arena, struct err *err)
{
	struct gpu_model gpu = { 0 };

	if (scenario_load(gpu_model_options, &gpu, path, NULL, 0, NULL, arena, err))
		printf("  %-12s %6.1f GiB %7.0f TFLOPS bf16 %7.0f GB/s   %s\n", gpu.name,
		       (double)gpu.memory_bytes / 0x1p30, gpu.flops_bf16 / 1e12,
		       gpu.memory_rate / 1e9, gpu.source);
}

static void print_llm(const char *path, struct arena *arena, struct err *err)
{
	struct llm_model llm = { 0 };

	if (scenario_load(llm_model_options, &llm, path, NULL, 0, NULL, arena, err))
		printf("  %-12s %6.1f G weights %6.1f GiB %7.0f KiB of KV a token   %s\n", llm.name,
		       llm.params / 1e9, llm.params * llm.bytes_per_param / 0x1p30,
		       2 * (double)(llm.layers * llm.kv_heads * llm.head_dim) *
			       llm.kv_bytes_per_value / 1024,
		       llm.source);
}

static bool list(const char *title, const char *kind,
		 void print(const char *path, struct arena *, struct err *), struct err *err)
{
	struct arena arena;
	struct dirent **entries = NULL;
	const char *folder;
	int n;

	arena_init(&arena);
	folder = cli_data(arena_print(&arena, "models/catalog/%s", kind), &arena);
	n = folder ? scandir(folder, &entries, is_yaml, alphasort) : -1;
	if (n < 0)
		err_system(err,
			   "cannot find the catalogue (models/catalog/%s): set SONDE_DATA to the "
			   "folder that holds it",
			   kind);
	else
		printf("%s\n", title);
	for (int i = 0; i < n; i++) {
		if (!err->text[0])
			print(arena_print(&arena, "%s/%s", folder, entries[i]->d_name), &arena,
			      err);
		free(entries[i]);
	}
	free(entries);
	arena_release(&arena);
	return !err->text[0];
}

int cmd_models(int argc, char **argv)
{
	struct err err = { 0 };

	if (argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(usage, stdout);
		return cli_flush() ? EXIT_DONE : EXIT_FAILED;
	}
	if (argc != 1)
		return cli_usage("models", "takes no arguments");
	if (!list("GPUs", "gpu", print_gpu, &err) || !list("Models", "llm", print_llm, &err))
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

/* sonde cluster import: a Kubernetes cluster as the cluster block of a scenario. */
#include "cli/cli.h"
#include "cli/cmd.h"
#include "scenarios/kube.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"usage: sonde cluster import FILE.json [options]\n"
	"\n"
	"Reads what `kubectl get nodes,pods -A -o json` prints (FILE, or - for standard input) "
	"and\n"
	"prints a `cluster` block for a scenario: nodes in groups of equals, with what they offer\n"
	"to pods, the type of their GPUs and, as comments, what runs on them.  Cordoned nodes and\n"
	"those that are not ready are left out.  Names of nodes and pods do not come out.\n"
	"\n"
	"      --free             groups of what bound pods leave free, as if these stayed for "
	"ever\n"
	"  -o, --out FILE         write there, and not to standard output\n"
	"  -h, --help             this text\n"
	"\n"
	"exit status: 0 done, 1 failed, 2 usage or bad input\n";

/* Written under another name until it is whole. */
static bool write_file(const struct kube_cluster *cluster, const char *from, bool spare,
		       const char *path, struct arena *arena, struct err *err)
{
	const char *temporary = arena_print(arena, "%s.%ld", path, (long)getpid());
	FILE *out = fopen(temporary, "w");
	bool ok;

	if (!out)
		return err_system(err, "cannot create %s: %s", path, strerror(errno));
	kube_print(cluster, from, spare, out);
	ok = !ferror(out);
	ok = !fclose(out) && ok;
	if (ok && !rename(temporary, path))
		return true;
	err_system(err, "cannot write %s: %s", path, strerror(errno));
	unlink(temporary);
	return false;
}

static int import(const char *file, bool spare, const char *out)
{
	struct kube_cluster cluster;
	struct err err = { .line = 0 };
	struct arena arena;
	bool ok;

	arena_init(&arena);
	ok = kube_read(file, spare, &cluster, &arena, &err);
	if (ok) {
		if (out)
			ok = write_file(&cluster, file, spare, out, &arena, &err);
		else
			kube_print(&cluster, file, spare, stdout);
		kube_release(&cluster);
	}
	arena_release(&arena);
	if (!ok)
		return cli_fail(&err);
	return cli_flush() ? EXIT_DONE : EXIT_FAILED;
}

int cmd_cluster(int argc, char **argv)
{
	enum { FREE = 256 };
	static const struct option options[] = { { "out", required_argument, NULL, 'o' },
						 { "free", no_argument, NULL, FREE },
						 { "help", no_argument, NULL, 'h' },
						 { NULL, 0, NULL, 0 } };
	const char *out = NULL;
	bool spare = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
		switch (option) {
		case 'o': out = optarg; break;
		case FREE: spare = true; break;
		case 'h': fputs(help, stdout); return cli_flush() ? EXIT_DONE : EXIT_FAILED;
		default: return cli_refused("cluster", option, argv, options);
		}
	}
	if (argc - optind < 1 || strcmp(argv[optind], "import") != 0)
		return cli_usage("cluster", "expected import FILE.json");
	if (argc - optind != 2)
		return cli_usage("cluster", "expected one file");
	return import(argv[optind + 1], spare, out);
}

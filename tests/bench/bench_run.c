/* Whole runs of the program: simulated requests per wall second, memory, and how cost grows with
 * requests, nodes, services and replicas.  Figures are of the machine that it runs on; ratios are
 * taken within one run of the bench. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct figure {
	double rate, wall_s, cpu_s, rss_mb, requests;
	int ok;
};

static double field(const char *json, const char *name)
{
	char key[80];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(json, key);
	return at ? strtod(at + strlen(key), NULL) : NAN;
}

/* CPU seconds of all children that have ended. */
static double children_s(void)
{
	struct rusage use;

	getrusage(RUSAGE_CHILDREN, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* Runs `./sonde run <args> --json` and reads what the simulator says of itself. */
static struct figure run(const char *args)
{
	struct figure figure = { 0 };
	double before_s = children_s();
	char command[1024];
	char *json = NULL;
	size_t room = 0;
	ssize_t n;
	FILE *pipe;

	snprintf(command, sizeof(command), "./sonde run %s --json 2>/dev/null", args);
	pipe = popen(command, "r");
	if (!pipe)
		return figure;
	n = getdelim(&json, &room, '\0', pipe);
	figure.ok = pclose(pipe) == 0 && n > 0;
	if (figure.ok) {
		figure.cpu_s = children_s() - before_s;
		figure.rate = field(json, "requests_per_wall_s");
		figure.wall_s = field(json, "wall_s");
		figure.rss_mb = field(json, "peak_rss_bytes") / 1e6;
		figure.requests = field(json, "arrived");
	}
	free(json);
	return figure;
}

static void show(const char *name, struct figure f)
{
	if (f.ok)
		printf("%-34s %10.0f requests %9.0f /s wall %8.2f s %8.1f MB\n", name, f.requests,
		       f.rate, f.wall_s, f.rss_mb);
	else
		printf("%-34s failed\n", name);
	fflush(stdout);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median of three. */
static struct figure median_run(const char *args)
{
	struct figure f[3];
	double rate[3];

	for (int i = 0; i < 3; i++) {
		f[i] = run(args);
		rate[i] = f[i].rate;
	}
	qsort(rate, 3, sizeof(*rate), by_value);
	for (int i = 0; i < 3; i++)
		if (f[i].rate == rate[1])
			return f[i];
	return f[0];
}

/* An option that grows with the size: size x factor, and its unit. */
struct grows {
	const char *key;
	double factor;
	const char *unit;
};

/* Runs a scenario at sizes 10^from .. 10^to and prints the exponent of CPU time over size by least
 * squares in logarithms.  The list of options ends with one that has no key. */
static void growth(const char *what, const char *scenario, const struct grows *options, int from,
		   int to)
{
	double sx = 0, sy = 0, sxx = 0, sxy = 0;
	int n = 0;

	for (int e = from; e <= to; e++) {
		double size = pow(10, e), x = log(size), y;
		char args[512], name[64];
		int at = snprintf(args, sizeof(args), "%s", scenario);
		struct figure f;

		for (const struct grows *o = options; o->key; o++)
			at += snprintf(args + at, sizeof(args) - (size_t)at, " --set %s=%.0f%s",
				       o->key, size * o->factor, o->unit);
		snprintf(name, sizeof(name), "  %s = 1e%d", what, e);
		f = run(args);
		show(name, f);
		if (!f.ok)
			return;
		y = log(f.cpu_s > 1e-3 ? f.cpu_s : 1e-3);
		n++;
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	printf("%-34s CPU time grows as %s^%.2f (n log n would read about 1.1)\n", "", what,
	       (n * sxy - sx * sy) / (n * sxx - sx * sx));
}

int main(void)
{
	static const struct grows requests[] = { { "workload.0.requests", 1, "" }, { 0 } };
	static const struct grows nodes[] = { { "cluster.nodes", 1, "" }, { 0 } };
	static const struct grows services[] = { { "copies", 1, "" },
						 { "cluster.nodes", 2, "" },
						 { "workload.0.rate", 1, "/s" },
						 { "workload.0.requests", 100, "" },
						 { 0 } };
	struct figure base, wide;

	base = median_run("scenarios/bench/engine-16.yaml");
	show("engine-16, 100/s", base);
	printf("%-34s at least 1,000,000 requests per wall second: %s\n", "",
	       base.rate >= 1e6 ? "yes" : "no");
	show("engine-16, overload 120/s",
	     run("scenarios/bench/engine-16.yaml --set workload.0.rate=120/s"));
	wide = median_run(
		"scenarios/bench/engine-16.yaml --set replicas=1024 --set workload.0.rate=6400/s "
		"--set cluster.nodes=128");
	show("1,024 replicas, 6,400/s", wide);
	printf("%-34s cost of a request, 1,024 to 16 replicas: %.2f (at most 2: %s)\n", "",
	       base.rate / wide.rate, base.rate / wide.rate <= 2 ? "yes" : "no");
	show("engine-16, 1e7 requests",
	     run("scenarios/bench/engine-16.yaml --set workload.0.requests=10000000"));
	growth("requests", "scenarios/bench/engine-16.yaml", requests, 4, 7);
	growth("nodes", "scenarios/bench/nodes.yaml", nodes, 2, 5);
	growth("services", "scenarios/bench/services.yaml", services, 1, 4);
	return 0;
}

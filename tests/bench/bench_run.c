/* Whole runs of the program: simulated requests per wall second, memory, and how cost grows with
 * requests and replicas.  Figures are of the machine that it runs on; ratios are taken within one
 * run of the bench. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct figure {
	double rate, wall_s, rss_mb, requests;
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

/* Runs `./sonde run <args> --json` and reads what the simulator says of itself. */
static struct figure run(const char *args)
{
	static char json[1 << 22];
	struct figure figure = { 0 };
	char command[1024];
	size_t n;
	FILE *pipe;

	snprintf(command, sizeof(command), "./sonde run %s --json 2>/dev/null", args);
	pipe = popen(command, "r");
	if (!pipe)
		return figure;
	n = fread(json, 1, sizeof(json) - 1, pipe);
	json[n] = '\0';
	figure.ok = pclose(pipe) == 0;
	figure.rate = field(json, "requests_per_wall_s");
	figure.wall_s = field(json, "wall_s");
	figure.rss_mb = field(json, "peak_rss_bytes") / 1e6;
	figure.requests = field(json, "arrived");
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

/* Runs with the size 10^from .. 10^to given to the option that ends args, and prints the exponent
 * of wall time over size by least squares in logarithms. */
static void growth(const char *what, const char *prefix, int from, int to)
{
	double sx = 0, sy = 0, sxx = 0, sxy = 0;
	int n = 0;

	for (int e = from; e <= to; e++) {
		double size = pow(10, e), x = log(size), y;
		char args[512], name[64];
		struct figure f;

		snprintf(args, sizeof(args), "%s=%.0f", prefix, size);
		snprintf(name, sizeof(name), "  %s = 1e%d", what, e);
		f = run(args);
		show(name, f);
		if (!f.ok)
			return;
		y = log(f.wall_s > 1e-4 ? f.wall_s : 1e-4);
		n++;
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	printf("%-34s wall time grows as %s^%.2f (n log n would read about 1.1)\n", "", what,
	       (n * sxy - sx * sy) / (n * sxx - sx * sx));
}

int main(void)
{
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
	growth("requests", "scenarios/bench/engine-16.yaml --set workload.0.requests", 4, 7);
	return 0;
}

/* A million pods on 100,000 nodes in one burst, bound by the tuned central scheduler and by
 * functions: wall time and memory, with the bounds that they are held to.  The program audits its
 * own books at the end of a run; that each pod was bound once is counted here. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALL_S_MAX 60
#define RSS_MAX (4.0 * 1024 * 1024 * 1024)

static double field(const char *json, const char *name)
{
	char key[80];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(json, key);
	return at ? strtod(at + strlen(key), NULL) : NAN;
}

static void show(const char *plane, const char *json)
{
	const char *pods = strstr(json, "\"pods\":"), *control = strstr(json, "\"control_plane\":");
	double wall_s = field(json, "wall_s"), rss = field(json, "peak_rss_bytes");
	bool once = pods && control && field(pods, "ready") == 1e6 &&
		    field(control, "placements") == 1e6;

	printf("1e6 pods, 1e5 nodes, %-12s wall %6.1f s (at most %d: %s) %6.0f MiB (at most 4096: "
	       "%s) each bound once: %s\n",
	       plane, wall_s, WALL_S_MAX, wall_s <= WALL_S_MAX ? "yes" : "no", rss / 1048576,
	       rss <= RSS_MAX ? "yes" : "no", once ? "yes" : "no");
	fflush(stdout);
}

int main(void)
{
	static const char *const planes[] = { "functional", "central" };
	static char json[1 << 20];

	for (int i = 0; i < 2; i++) {
		char command[200];
		size_t n;
		FILE *pipe;

		snprintf(command, sizeof(command),
			 "./sonde run scenarios/studies/million-pods.yaml --variant %s --json "
			 "2>/dev/null",
			 planes[i]);
		pipe = popen(command, "r");
		if (!pipe)
			return 1;
		n = fread(json, 1, sizeof(json) - 1, pipe);
		json[n] = '\0';
		if (pclose(pipe) == 0)
			show(planes[i], json);
		else
			printf("1e6 pods, 1e5 nodes, %-12s failed\n", planes[i]);
	}
	return 0;
}

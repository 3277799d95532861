/* A cluster as a scenario has it.  What a scenario cannot say stands in comments. */
#include "scenarios/kube.h"
#include <inttypes.h>

#define GIB (INT64_C(1) << 30)

static void print_head(const struct kube_cluster *cluster, const char *path, bool spare, FILE *out)
{
	struct kube_resources has = { 0 }, used = { 0 };

	for (uint32_t i = 0; i < cluster->nodes.n; i++) {
		has.gpus += cluster->nodes.at[i].has.gpus;
		has.cpu_milli += cluster->nodes.at[i].has.cpu_milli;
		used.gpus += cluster->nodes.at[i].used.gpus;
		used.cpu_milli += cluster->nodes.at[i].used.cpu_milli;
		used.memory_bytes += cluster->nodes.at[i].used.memory_bytes;
	}
	fprintf(out,
		"# %s: %" PRIu32 " nodes with %" PRId64 " GPUs and %" PRId64
		" CPUs; left out: %" PRIu32 " cordoned, %" PRIu32 " not ready.\n",
		path, cluster->nodes.n, has.gpus, has.cpu_milli / 1000, cluster->cordoned,
		cluster->not_ready);
	fprintf(out,
		"# %" PRIu64 " pods are bound and ask for %" PRId64 " GPUs, %" PRId64
		" CPUs and %" PRId64 " GiB; %" PRIu64 " wait, %" PRIu64 " have ended.\n",
		cluster->bound - cluster->homeless, used.gpus, used.cpu_milli / 1000,
		used.memory_bytes / GIB, cluster->unbound, cluster->ended);
	if (cluster->tainted)
		fprintf(out,
			"# %" PRIu32
			" nodes have taints, which are not modelled: any pod goes there.\n",
			cluster->tainted);
	fputs(spare ? "# Groups are of what is free: the pods that are bound stay.\n"
		    : "# Groups are of empty nodes (--free: of what the bound pods leave).\n",
	      out);
}

void kube_print(const struct kube_cluster *cluster, const char *path, bool spare, FILE *out)
{
	print_head(cluster, path, spare, out);
	fputs("cluster:\n", out);
	if (cluster->zones > 1)
		fprintf(out, "  zones: %" PRIu32 "\n", cluster->zones);
	fputs("  groups:\n", out);
	for (uint32_t i = 0; i < cluster->groups.n; i++) {
		const struct kube_group *group = &cluster->groups.at[i];

		fprintf(out,
			"    - {name: %s, nodes: %" PRId64 ", gpus: %" PRId64 "%s%s, cpu: %" PRId64
			", memory: %" PRId64 "GiB, pods: %" PRId64,
			group->name, group->nodes, group->each.gpus, *group->gpu ? ", gpu: " : "",
			group->gpu, group->each.cpu_milli, group->each.memory_bytes / GIB,
			group->each.pods);
		if (group->ips)
			fprintf(out, ", ips: %" PRId64, group->ips);
		fprintf(out, "}  # %s%sin use: %" PRId64 " of %" PRId64 " GPUs, %" PRId64 " pods\n",
			group->product, *group->product ? ", " : "", group->used.gpus,
			group->has.gpus, group->used.pods);
	}
}

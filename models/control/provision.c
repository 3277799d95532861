/* The cluster autoscaler: every so often counts the nodes that the pods without room would fill,
 * and asks for those that are not on their way already. */
#include "models/control/state.h"

struct bin {
	struct need left;
	uint32_t share_milli; /* left of a GPU that shares were taken from */
	int64_t pods;
	uint32_t nodes;
};

/* What it takes of the GPUs that are entirely left: a share that does not fit the one at hand opens
 * another. */
static uint32_t opens_milli(const struct bin *bin, uint32_t milli)
{
	if (milli % GPU_MILLI == 0)
		return milli;
	return milli <= bin->share_milli ? 0 : GPU_MILLI;
}

/* Next fit: a pod that does not fit what is left of the node at hand opens another. */
static void pack(const struct control *c, struct bin *bin, const struct need *need)
{
	const struct cluster_config *config = &c->cluster->config;
	uint32_t group = cluster_growing(config);
	const struct group_config *node = cluster_group(config, group);
	uint32_t opens;

	if (need->gpu_milli > node->gpus * GPU_MILLI || need->cpu_milli > node->cpu_milli ||
	    (int64_t)need->memory_bytes > node->memory_bytes ||
	    (need->types && !(need->types & cluster_type(config, group))))
		return;
	if (!bin->nodes || opens_milli(bin, need->gpu_milli) > bin->left.gpu_milli ||
	    need->cpu_milli > bin->left.cpu_milli || need->memory_bytes > bin->left.memory_bytes ||
	    !bin->pods) {
		bin->nodes++;
		bin->left = (struct need){ .gpu_milli = (uint32_t)node->gpus * GPU_MILLI,
					   .cpu_milli = (uint32_t)node->cpu_milli,
					   .memory_bytes = (uint64_t)node->memory_bytes };
		bin->share_milli = 0;
		bin->pods = node->pods < node->ips ? node->pods : node->ips;
	}
	opens = opens_milli(bin, need->gpu_milli);
	bin->left.gpu_milli -= opens;
	if (need->gpu_milli % GPU_MILLI)
		bin->share_milli = (opens ? opens : bin->share_milli) - need->gpu_milli;
	bin->left.cpu_milli -= need->cpu_milli;
	bin->left.memory_bytes -= need->memory_bytes;
	bin->pods--;
}

static void pack_list(struct control *c, struct bin *bin, const struct list *list)
{
	for (uint32_t at = list->n ? list->head : NONE; at != NONE; at = c->pods.at[at].next) {
		c->pods.at[at].provision = true;
		pack(c, bin, &c->pods.at[at].need);
	}
}

void provision_scan(struct control *c)
{
	const struct provision_config *provision = &c->cluster->config.provision;
	struct bin bin = { .nodes = 0 };
	int64_t more;

	if (c->nodes_coming && c->now - c->nodes_asked_ns >= provision->give_up_ns)
		c->nodes_coming = 0;
	for (uint32_t i = 0; i < c->functions; i++) {
		pack_list(c, &bin, &c->function[i].parked);
		pack_list(c, &bin, &c->function[i].backoff);
	}
	more = provision->max_nodes - c->cluster->n;
	if (more > bin.nodes)
		more = bin.nodes;
	more -= c->nodes_coming;
	if (more <= 0)
		return;
	c->nodes_coming += (uint32_t)more;
	c->nodes_asked_ns = c->now;
	outbox_add(c->out, MSG_NODE_WANT, 0)->node.count = (uint32_t)more;
}

static void mark(struct control *c, const struct list *list)
{
	for (uint32_t at = list->n ? list->head : NONE; at != NONE; at = c->pods.at[at].next)
		if (c->pods.at[at].provision)
			c->pods.at[at].record.phase_end_ns[PHASE_PROVISION] = c->now;
}

void provision_up(struct control *c)
{
	if (!c->nodes_coming)
		return;
	c->nodes_coming--;
	for (uint32_t i = 0; i < c->functions; i++) {
		mark(c, &c->function[i].parked);
		mark(c, &c->function[i].backoff);
	}
}

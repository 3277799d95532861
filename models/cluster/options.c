/* The option tables of a cluster and of how a node is chosen in it. */
#include "models/cluster/cluster.h"

#define CLUSTER(f) offsetof(struct cluster_config, f)
#define GROUP(f) offsetof(struct group_config, f)
#define PROVISION(f) offsetof(struct provision_config, f)
#define PLACE(f) offsetof(struct place_config, f)

static const char kube[] = "kube-scheduler's default plugins, v1.36";
static const char dgx[] = "NVIDIA DGX A100: 8 GPUs, 2 x 64 cores, 1 TB (320 GB model)";

static const struct opt provision_options[] = {
	{ "max_nodes", OPT_INT, UNIT_NONE, PROVISION(max_nodes), "0", 0, 1e6,
	  .help = "nodes that the cluster autoscaler may bring the cluster to; 0 = there is none" },
	{ "scan", OPT_INT, UNIT_TIME, PROVISION(scan_ns), "10s", 1e8, 3.6e12,
	  .help = "time between looks for pods that no node has room for",
	  .source = "cluster-autoscaler --scan-interval" },
	{ "give_up", OPT_INT, UNIT_TIME, PROVISION(give_up_ns), "15min", 1e9, 8.64e13,
	  .help = "nodes that have not come by then are asked for again",
	  .source = "cluster-autoscaler --max-node-provision-time" },
	{ "group", OPT_TEXT, UNIT_NONE, PROVISION(group), "",
	  .help = "the group that new nodes are of; none = the first" },
	OPT_END
};

static const char *const formats[] = { "openb", NULL };

static const struct opt group_options[] = {
	{ "name", OPT_TEXT, UNIT_NONE, GROUP(name), "", .help = "what provision.group calls it" },
	{ "nodes", OPT_INT, UNIT_NONE, GROUP(nodes), "8", 0, 1e6, .help = "nodes at the start" },
	{ "gpus", OPT_INT, UNIT_NONE, GROUP(gpus), "8", 0, 1024, .help = "GPUs a node",
	  .source = dgx },
	{ "gpu", OPT_TEXT, UNIT_NONE, GROUP(gpu), "",
	  .help = "type of its GPUs: pods that ask for others do not go there; none = any pod goes "
		  "there, as long as no group names one" },
	{ "cpu", OPT_INT, UNIT_NONE, GROUP(cpu_milli), "128000", 0, 1e9,
	  .help = "milli-CPUs a node offers to pods", .source = dgx },
	{ "memory", OPT_INT, UNIT_BYTES, GROUP(memory_bytes), "1TB", 0, 0x1p50,
	  .help = "memory a node offers to pods", .source = dgx },
	{ "pods", OPT_INT, UNIT_NONE, GROUP(pods), "110", 1, 1e6, .help = "most pods a node",
	  .source = "kubelet maxPods" },
	{ "ips", OPT_INT, UNIT_NONE, GROUP(ips), "254", 1, 1e6,
	  .help = "pod addresses a node; a limited pool is divided among the nodes",
	  .source = "kube-controller-manager --node-cidr-mask-size 24" },
	OPT_END
};

const struct opt cluster_options[] = {
	{ "group", OPT_INLINE, UNIT_NONE, CLUSTER(group), NULL,
	  .sub = group_options + 1 }, /* all but the name */
	{ "groups", OPT_LIST, UNIT_NONE, CLUSTER(groups), NULL, .sub = group_options,
	  .size = sizeof(struct group_config), .inherit = 1 + CLUSTER(group),
	  .help = "groups of nodes; what one leaves out it takes from the cluster; without a list "
		  "there is one" },
	{ "file", OPT_TEXT, UNIT_NONE, CLUSTER(file), "",
	  .help = "a list of nodes, those alike being a group, in place of `groups`" },
	{ "format", OPT_CHOICE, UNIT_NONE, CLUSTER(format), "openb", .choices = formats,
	  .help = "of that list" },
	{ "rack_nodes", OPT_INT, UNIT_NONE, CLUSTER(rack_nodes), "4", 1, 1e6,
	  .help = "nodes a rack, in the order of their ids",
	  .source = "assumption: 4 systems of 8 GPUs a rack" },
	{ "zones", OPT_INT, UNIT_NONE, CLUSTER(zones), "1", 1, 1e6,
	  .help = "zones, each an equal run of racks: what zone-down events take down" },
	{ "provision", OPT_TABLE, UNIT_NONE, CLUSTER(provision), NULL, .sub = provision_options,
	  .help = "the cluster autoscaler" },
	OPT_END
};

const struct opt place_options[] = {
	{ "sample", OPT_INT, UNIT_NONE, PLACE(sample), "0", 0, 100,
	  .help = "percent of the nodes to find feasible before the best is taken; 0 = adaptive",
	  .source = "kube-scheduler percentageOfNodesToScore" },
	{ "least", OPT_INT, UNIT_NONE, PLACE(least), "1", 0, 100,
	  .help = "weight of LeastAllocated: spread", .source = kube },
	{ "most", OPT_INT, UNIT_NONE, PLACE(most), "0", 0, 100,
	  .help = "weight of MostAllocated: pack", .source = kube },
	{ "balanced", OPT_INT, UNIT_NONE, PLACE(balanced), "1", 0, 100,
	  .help = "weight of BalancedAllocation: even use of the resources", .source = kube },
	{ "best_fit", OPT_INT, UNIT_NONE, PLACE(best_fit), "0", 0, 100,
	  .help = "weight of best fit: the less is left of the node, whatever its size, the better",
	  .source = "not one of kube-scheduler's plugins; a baseline of FGD's authors" },
	{ "fragmentation", OPT_INT, UNIT_NONE, PLACE(fragmentation), "0", 0, 100,
	  .help = "weight of FGD's score: what is free should be of use to the pods that may come, "
		  "which are the scenario's own",
	  .source = "not one of kube-scheduler's plugins; Weng et al., USENIX ATC'23" },
	{ "locality", OPT_INT, UNIT_NONE, PLACE(locality), "0", 0, 100,
	  .help = "weight of locality: a node where a pod with the model's weights has become "
		  "ready "
		  "before, and which has not been given up since",
	  .source = "not one of kube-scheduler's plugins; after ImageLocality, and Fluid's cache "
		    "affinity" },
	{ "cpu", OPT_INT, UNIT_NONE, PLACE(cpu), "1", 0, 100, .help = "weight of CPU in the scores",
	  .source = kube },
	{ "memory", OPT_INT, UNIT_NONE, PLACE(memory), "1", 0, 100,
	  .help = "weight of memory in the scores", .source = kube },
	{ "gpu", OPT_INT, UNIT_NONE, PLACE(gpu), "0", 0, 100,
	  .help = "weight of GPUs in the scores", .source = kube },
	OPT_END
};

/* A tier of a node is a short list of models in the order of use, oldest first: tens of models, so
 * a walk is cheaper than any index. A read holds the event that its flow fires. */
#include "sim/storage.h"
#include "base/rng.h"
#include "sim/physics.h"
#include "sim/rows.h"

#define STORAGE(f) offsetof(struct storage_config, f)
#define REMOTE(f) offsetof(struct remote_config, f)
#define TIER(f) offsetof(struct tier_config, f)

static const char *const sources[] = { "registry", "dfs", NULL };
static const char *const networks[] = { "tcp", "rdma", NULL };

/* The rows of both remote stores, and of both tiers; each gives its own defaults and sources. */
#define RATE_ROW(NAME, FIELD, VALUE, MIN, HELP, SOURCE) \
	{ \
		NAME, OPT_REAL, UNIT_RATE, FIELD, VALUE, MIN, 1e15, .help = HELP, .source = SOURCE \
	}
#define CLIENT_RATE(VALUE, SOURCE) \
	RATE_ROW("client_rate", REMOTE(client_rate), VALUE, 1, "what one read reaches", SOURCE)
#define REMOTE_RATE(VALUE, SOURCE) \
	RATE_ROW("rate", REMOTE(rate), VALUE, 0, "what all reads together reach; 0 = no limit", \
		 SOURCE)
#define REMOTE_LATENCY(VALUE, SOURCE) \
	{ \
		"latency", OPT_INT, UNIT_TIME, REMOTE(latency_ns), VALUE, 0, 3.6e12, \
			.help = "time to the first byte", .source = SOURCE \
	}
#define TIER_RATE(VALUE, SOURCE) \
	RATE_ROW("rate", TIER(rate), VALUE, 0, \
		 "what all reads on a node together reach; 0 = no limit", SOURCE)
#define RANK_RATE(VALUE, SOURCE) \
	RATE_ROW("rank_rate", TIER(rank_rate), VALUE, 0, \
		 "what one rank reaches, whatever its loader; 0 = no limit", SOURCE)
#define CAPACITY(VALUE, SOURCE) \
	{ \
		"capacity", OPT_INT, UNIT_BYTES, TIER(capacity_bytes), VALUE, 0, 0x1p60, \
			.help = "of a node, for models", .source = SOURCE \
	}

static const struct opt registry_options[] = {
	CLIENT_RATE("5GB/s", "S3 on p5.48xlarge, Run:ai loader: 5 to 6 GiB/s a node (anyscale)"),
	REMOTE_RATE("100GB/s", "assumption: twenty nodes at full rate; sweep 10 to 1000 GB/s"),
	REMOTE_LATENCY("100ms", "assumption: look-up and first byte of an object store"), OPT_END
};

static const struct opt dfs_options[] = {
	CLIENT_RATE("4GB/s", "striped Lustre (dynamo docs, fast-model-loading); NFS-like 0.5 GB/s"),
	REMOTE_RATE("40GB/s", "assumption: ten storage targets of 4 GB/s; sweep 2 to 200 GB/s"),
	REMOTE_LATENCY("2ms", "assumption: metadata round trips"), OPT_END
};

static const struct opt dram_options[] = {
	TIER_RATE("100GB/s", "assumption: half the copy rate of two sockets; sweep 20 to 400 GB/s"),
	RANK_RATE("8GB/s", "assumption: page cache, one rank; ServerlessLLM's pinned pool 51 GB/s"),
	CAPACITY("512GB", "assumption: half of a 1 TB node is page cache"), OPT_END
};

static const struct opt nvme_options[] = {
	TIER_RATE("5GB/s", "one PCIe Gen4 drive; ServerlessLLM's 8xH100 node 29.4 GB/s"),
	RANK_RATE("0B/s", "the node's rate is the limit"),
	CAPACITY("3TB", "assumption: one 3.84 TB drive, some of it images; sweep 1 to 30 TB"),
	OPT_END
};

const struct opt storage_options[] = {
	{ "source", OPT_CHOICE, UNIT_NONE, STORAGE(source), "registry", .choices = sources,
	  .help = "where weights are that no node holds: object store or distributed file system" },
	{ "network", OPT_CHOICE, UNIT_NONE, STORAGE(network), "tcp", .choices = networks,
	  .help = "the network over which they come" },
	{ "registry", OPT_TABLE, UNIT_NONE, STORAGE(remote[REMOTE_REGISTRY]), NULL,
	  .sub = registry_options, .help = "object store and container registry" },
	{ "dfs", OPT_TABLE, UNIT_NONE, STORAGE(remote[REMOTE_DFS]), NULL, .sub = dfs_options,
	  .help = "distributed file system" },
	{ "dram", OPT_TABLE, UNIT_NONE, STORAGE(tier[TIER_DRAM]), NULL, .sub = dram_options,
	  .help = "a node's memory as a cache of weights" },
	{ "nvme", OPT_TABLE, UNIT_NONE, STORAGE(tier[TIER_NVME]), NULL, .sub = nvme_options,
	  .help = "a node's drives as a cache of weights" },
	{ "gpu_rate", OPT_REAL, UNIT_RATE, STORAGE(gpu_rate), "0B/s", 0, 1e15,
	  .help = "host to GPU, pinned, of every GPU; 0 = the catalogue's host_rate",
	  .source = "the catalogue; PCIe Gen4 20 to 25 GB/s pinned (fiddler#7), pageable 6" },
	{ "warm_dram", OPT_REAL, UNIT_SHARE, STORAGE(warm[TIER_DRAM]), "0%", 0, 1,
	  .help = "nodes that hold each model in DRAM at the start", .source = "a cold cluster" },
	{ "warm_nvme", OPT_REAL, UNIT_SHARE, STORAGE(warm[TIER_NVME]), "0%", 0, 1,
	  .help = "nodes that hold each model on NVMe at the start", .source = "a cold cluster" },
	OPT_END
};

struct cached {
	uint32_t model;
	int64_t bytes;
};

/* One tier of one node. */
struct shelf {
	VEC(struct cached) models; /* least recently used first */
	int64_t bytes;
	uint32_t link; /* NONE = no limit */
};

struct read {
	struct sim_event event;
	struct storage *storage;
	struct sim_event *done;
	int64_t bytes;
	uint32_t id, node, model, flow;
	bool image;
};

struct storage {
	struct net *net;
	const struct storage_config *config;
	struct rows reads;
	struct shelf *shelves; /* node * TIER_REMOTE + tier */
	uint32_t nodes, remote_link[REMOTES];
	uint64_t seed;
	struct storage_totals totals;
};

static struct shelf *shelf_at(const struct storage *storage, uint32_t node, enum tier tier)
{
	assert(node < storage->nodes && tier < TIER_REMOTE);
	return &storage->shelves[node * TIER_REMOTE + tier];
}

/* The model's place on the shelf, or NONE. */
static uint32_t shelf_find(const struct shelf *shelf, uint32_t model)
{
	for (uint32_t i = shelf->models.n; i-- > 0;)
		if (shelf->models.at[i].model == model)
			return i;
	return NONE;
}

static void shelf_drop(struct shelf *shelf, uint32_t at)
{
	struct cached *models = shelf->models.at;

	shelf->bytes -= models[at].bytes;
	memmove(&models[at], &models[at + 1], (--shelf->models.n - at) * sizeof(*models));
}

void storage_put(struct storage *storage, uint32_t node, uint32_t model, int64_t bytes,
		 enum tier tier)
{
	struct shelf *shelf = shelf_at(storage, node, tier);
	int64_t capacity = storage->config->tier[tier].capacity_bytes;
	uint32_t at = shelf_find(shelf, model);

	if (at != NONE)
		shelf_drop(shelf, at);
	if (bytes > capacity)
		return;
	while (shelf->bytes + bytes > capacity) {
		shelf_drop(shelf, 0);
		storage->totals.evictions++;
	}
	vec_push(&shelf->models, ((struct cached){ model, bytes }));
	shelf->bytes += bytes;
}

enum tier storage_tier(const struct storage *storage, uint32_t node, uint32_t model)
{
	for (int tier = TIER_DRAM; tier < TIER_REMOTE; tier++)
		if (shelf_find(shelf_at(storage, node, tier), model) != NONE)
			return tier;
	return TIER_REMOTE;
}

static void read_event(struct sim *sim, struct sim_event *event)
{
	struct read *read = SIM_OWNER(event, struct read, event);
	struct storage *storage = read->storage;
	struct sim_event *done = read->done;

	if (!read->image) {
		storage_put(storage, read->node, read->model, read->bytes, TIER_NVME);
		storage_put(storage, read->node, read->model, read->bytes, TIER_DRAM);
	}
	rows_give(&storage->reads, read->id);
	done->fn(sim, done);
}

static struct read *read_new(struct storage *storage, uint32_t node, int64_t bytes,
			     struct sim_event *done)
{
	uint32_t id = rows_take(&storage->reads);
	struct read *read = rows_at(&storage->reads, id);

	if (!read->storage) {
		read->event = SIM_EVENT(read_event);
		read->storage = storage;
		read->id = id;
	}
	read->node = node;
	read->bytes = bytes;
	read->done = done;
	return read;
}

static void add_link(struct flow_path *path, uint32_t link)
{
	if (link != NONE)
		path->link[path->n++] = link;
}

static double least(double a, double b)
{
	return a > 0 && (b <= 0 || a < b) ? a : b;
}

/* A flow from a remote store, of at most `cap` bytes/s: the network's, whose bytes and rates are
 * those on the wire, through the store's link. Each read is a new client's: set-up is due. */
static struct flow_spec from_afar(struct storage *storage, enum remote remote, enum net_kind kind,
				  uint32_t node, int64_t bytes, double cap)
{
	const struct remote_config *config = &storage->config->remote[remote];
	double efficiency = net_transport(storage->net, kind)->efficiency;
	struct flow_spec flow = net_flow(storage->net, kind, NONE, node, bytes, true);

	flow.cap = least(flow.cap, least(cap, config->client_rate) / efficiency);
	flow.delay_ns += config->latency_ns;
	add_link(&flow.path, storage->remote_link[remote]);
	return flow;
}

uint32_t storage_read(struct storage *storage, uint32_t node, uint32_t model, int64_t bytes,
		      uint32_t ranks, double loader, double host_rate, int64_t delay_ns,
		      struct sim_event *done)
{
	const struct storage_config *config = storage->config;
	struct read *read = read_new(storage, node, bytes, done);
	enum tier tier = storage_tier(storage, node, model);
	double rank_rate = least(loader, config->gpu_rate > 0 ? config->gpu_rate : host_rate);
	struct flow_spec flow = { .bytes = bytes };

	assert(ranks);
	read->model = model;
	read->image = false;
	if (tier < TIER_REMOTE) {
		flow.cap = least(rank_rate, config->tier[tier].rank_rate) * ranks;
		add_link(&flow.path, shelf_at(storage, node, tier)->link);
	} else {
		flow = from_afar(storage, config->source, config->network, node, bytes,
				 rank_rate * ranks);
	}
	flow.weight = ranks;
	flow.delay_ns += delay_ns;
	flow.done = &read->event;
	storage->totals.reads[tier]++;
	storage->totals.bytes[tier] += bytes;
	read->flow = flow_begin(net_flows(storage->net), &flow);
	return read->id;
}

uint32_t storage_pull(struct storage *storage, uint32_t node, int64_t bytes, double rate,
		      struct sim_event *done)
{
	struct read *read = read_new(storage, node, bytes, done);
	struct flow_spec flow = from_afar(storage, REMOTE_REGISTRY, NET_TCP, node, bytes, rate);

	read->image = true;
	flow.done = &read->event;
	storage->totals.pulls++;
	storage->totals.pulled_bytes += bytes;
	read->flow = flow_begin(net_flows(storage->net), &flow);
	return read->id;
}

void storage_cancel(struct storage *storage, uint32_t id)
{
	struct read *read = rows_at(&storage->reads, id);

	flow_cancel(net_flows(storage->net), read->flow);
	rows_give(&storage->reads, id);
}

void storage_warm(struct storage *storage, uint32_t model, int64_t bytes, uint32_t nodes)
{
	struct rng rng = rng_stream(storage->seed, "storage", model);
	uint32_t *order = calloc(nodes ? nodes : 1, sizeof(*order));

	assert(order && nodes <= storage->nodes);
	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t j = rng_below(&rng, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (int tier = TIER_DRAM; tier < TIER_REMOTE; tier++) {
		uint32_t warm = (uint32_t)(storage->config->warm[tier] * nodes + 0.5);

		for (uint32_t i = 0; i < warm; i++)
			storage_put(storage, order[i], model, bytes, tier);
	}
	free(order);
}

void storage_node_down(struct storage *storage, uint32_t node, bool lost)
{
	for (int tier = TIER_DRAM; tier < TIER_REMOTE; tier++) {
		struct shelf *shelf = shelf_at(storage, node, tier);

		if (tier != TIER_DRAM && !lost)
			continue;
		shelf->models.n = 0;
		shelf->bytes = 0;
	}
}

/* Of a store's link, whose rate is that on the wire. */
static double remote_rate(const struct storage *storage, enum remote remote)
{
	const struct storage_config *config = storage->config;
	int kind = (int)remote == config->source ? config->network : NET_TCP;

	return config->remote[remote].rate / net_transport(storage->net, kind)->efficiency;
}

void storage_scale(struct storage *storage, enum remote remote, double share)
{
	if (storage->remote_link[remote] != NONE)
		flow_link_set(net_flows(storage->net), storage->remote_link[remote],
			      remote_rate(storage, remote) * share);
}

struct storage_totals storage_totals(const struct storage *storage)
{
	return storage->totals;
}

static uint32_t link_new(struct storage *storage, double rate)
{
	return rate > 0 ? flow_link(net_flows(storage->net), rate) : NONE;
}

struct storage *storage_new(struct net *net, const struct storage_config *config, uint32_t nodes,
			    uint64_t seed)
{
	struct storage *storage = calloc(1, sizeof(*storage));

	assert(storage);
	storage->net = net;
	storage->config = config;
	storage->reads.row_bytes = sizeof(struct read);
	storage->nodes = nodes;
	storage->seed = seed;
	storage->shelves = calloc((size_t)nodes * TIER_REMOTE + 1, sizeof(*storage->shelves));
	assert(storage->shelves);
	for (int i = 0; i < REMOTES; i++)
		storage->remote_link[i] = link_new(storage, remote_rate(storage, i));
	for (uint32_t i = 0; i < nodes * TIER_REMOTE; i++)
		storage->shelves[i].link = link_new(storage, config->tier[i % TIER_REMOTE].rate);
	return storage;
}

void storage_free(struct storage *storage)
{
	if (!storage)
		return;
	for (uint32_t i = 0; i < storage->nodes * TIER_REMOTE; i++)
		vec_release(&storage->shelves[i].models);
	rows_release(&storage->reads);
	free(storage->shelves);
	free(storage);
}

/* Items one by one, then pods are laid upon nodes by name, and nodes that are alike counted.
 * Memory is cut to whole GiB: the same machines report a few pages more or less. */
#include "scenarios/kube.h"
#include "scenarios/kube_item.h"
#include "scenarios/kube_list.h"
#include <cjson/cJSON.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define GIB (INT64_C(1) << 30)

struct reading {
	struct kube_cluster *cluster;
	struct arena *arena;
	VEC(struct kube_pod) pods;
	VEC(const char *) zones;
	uint64_t others; /* items of other kinds */
};

static bool take_node(struct reading *reading, const cJSON *item, struct err *err)
{
	struct kube_cluster *cluster = reading->cluster;
	struct kube_node node = { .zone = 0 };
	enum kube_state state;
	const char *zone;
	bool tainted;

	if (!kube_read_node(item, &node, &state, &tainted, &zone, reading->arena, err))
		return false;
	if (state != KUBE_USABLE) {
		cluster->cordoned += state == KUBE_CORDONED;
		cluster->not_ready += state == KUBE_NOT_READY;
		return true;
	}
	cluster->tainted += tainted;
	while (node.zone < reading->zones.n && strcmp(reading->zones.at[node.zone], zone) != 0)
		node.zone++;
	if (node.zone == reading->zones.n)
		vec_push(&reading->zones, arena_text(reading->arena, zone, strlen(zone)));
	vec_push(&cluster->nodes, node);
	return true;
}

static bool take_pod(struct reading *reading, const cJSON *item, struct err *err)
{
	struct kube_cluster *cluster = reading->cluster;
	struct kube_pod pod;

	if (!kube_read_pod(item, &pod, reading->arena, err))
		return false;
	if (pod.ended) {
		cluster->ended++;
	} else if (!*pod.node) {
		cluster->unbound++;
	} else {
		cluster->bound++;
		vec_push(&reading->pods, pod);
	}
	return true;
}

static bool take_item(struct reading *reading, const char *text, struct err *err)
{
	cJSON *item = cJSON_Parse(text);
	const char *kind = kube_kind(item);
	bool ok = true;

	if (!item)
		ok = err_set(err, "expected an item in JSON");
	else if (!strcmp(kind, "Node"))
		ok = take_node(reading, item, err);
	else if (!strcmp(kind, "Pod"))
		ok = take_pod(reading, item, err);
	else
		reading->others++;
	cJSON_Delete(item);
	return ok;
}

static bool read_items(struct reading *reading, const char *path, struct err *err)
{
	struct kube_list list;
	bool ok = true;
	int got = 0;

	if (!kube_list_open(&list, path, err))
		return false;
	while (ok && (got = kube_list_next(&list, err)) == 1) {
		struct err wrong = { .line = 0 };

		ok = take_item(reading, list.item.at, &wrong) ||
		     err_at(err, path, list.line, 0, "%s", wrong.text);
	}
	kube_list_release(&list);
	if (!ok || got < 0)
		return false;
	return reading->cluster->nodes.n ||
	       err_at(err, path, 0, 0,
		      "has no node that is ready for pods: expected what kubectl get nodes,pods "
		      "-A -o json prints");
}

/* ---- joining ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kube_node *)a)->name, ((const struct kube_node *)b)->name);
}

static int name_to_node(const void *key, const void *at)
{
	return strcmp(key, ((const struct kube_node *)at)->name);
}

static void sum(struct kube_resources *to, const struct kube_resources *other, int64_t times)
{
	to->gpus += other->gpus * times;
	to->cpu_milli += other->cpu_milli * times;
	to->memory_bytes += other->memory_bytes * times;
	to->pods += other->pods * times;
}

static bool lay_pods(struct reading *reading, const char *path, struct err *err)
{
	struct kube_cluster *cluster = reading->cluster;
	struct kube_node *nodes = cluster->nodes.at;

	qsort(nodes, cluster->nodes.n, sizeof(*nodes), by_name);
	for (uint32_t i = 1; i < cluster->nodes.n; i++)
		if (!strcmp(nodes[i - 1].name, nodes[i].name))
			return err_at(err, path, 0, 0, "two nodes are called %s", nodes[i].name);
	for (uint32_t i = 0; i < reading->pods.n; i++) {
		struct kube_node *node = bsearch(reading->pods.at[i].node, nodes, cluster->nodes.n,
						 sizeof(*nodes), name_to_node);

		if (node)
			sum(&node->used, &reading->pods.at[i].asks, 1);
		else
			cluster->homeless++;
	}
	return true;
}

/* ---- groups ---- */

const char *kube_gpu(const char *product, struct arena *arena)
{
	static const struct {
		const char *has[2], *name;
	} known[] = { { { "a100", "80gb" }, "a100-80g" },
		      { { "h100", "" }, "h100" },
		      { { "l40s", "" }, "l40s" } };
	static const char *const makers[] = { "nvidia-", "tesla-" };
	char *name = arena_text(arena, product, strlen(product));
	const char *from = name;

	for (char *c = name; *c; c++)
		*c = isalnum((unsigned char)*c) || *c == '.' ? (char)tolower((unsigned char)*c)
							     : '-';
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strstr(name, known[i].has[0]) && strstr(name, known[i].has[1]))
			return known[i].name;
	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++)
		if (!strncmp(from, makers[i], strlen(makers[i])))
			from += strlen(makers[i]);
	return from;
}

static struct kube_resources offer(const struct kube_node *node, bool spare)
{
	struct kube_resources left = node->has;

	if (spare)
		sum(&left, &node->used, -1);
	left.gpus = left.gpus > 0 ? left.gpus : 0;
	left.cpu_milli = left.cpu_milli > 0 ? left.cpu_milli / 100 * 100 : 0;
	left.memory_bytes = left.memory_bytes > 0 ? left.memory_bytes / GIB * GIB : 0;
	left.pods = left.pods > 0 ? left.pods : 0;
	return left;
}

/* Groups that are one have no difference here. */
static int by_kind(const void *a, const void *b)
{
	const struct kube_group *x = a, *y = b;
	int64_t dx[] = { x->each.gpus, x->each.cpu_milli, x->each.memory_bytes, x->each.pods,
			 x->ips },
		dy[] = { y->each.gpus, y->each.cpu_milli, y->each.memory_bytes, y->each.pods,
			 y->ips };

	for (int i = 0; i < 5; i++)
		if (dx[i] != dy[i])
			return dx[i] < dy[i] ? 1 : -1;
	return strcmp(x->product, y->product);
}

/* Those with most GPUs first, then those with most nodes. */
static int by_size(const void *a, const void *b)
{
	const struct kube_group *x = a, *y = b;
	int64_t gx = x->each.gpus * x->nodes, gy = y->each.gpus * y->nodes;

	if (gx != gy)
		return gx < gy ? 1 : -1;
	if (x->nodes != y->nodes)
		return x->nodes < y->nodes ? 1 : -1;
	return by_kind(a, b);
}

/* "h100", "h100-2": each once. */
static void name_groups(struct kube_cluster *cluster, struct arena *arena)
{
	for (uint32_t i = 0; i < cluster->groups.n; i++) {
		struct kube_group *group = &cluster->groups.at[i];
		const char *kind = *group->gpu ? group->gpu : group->each.gpus ? "gpu" : "cpu";
		uint32_t same = 1;

		for (uint32_t k = 0; k < i; k++) {
			const struct kube_group *other = &cluster->groups.at[k];

			same += !strcmp(other->gpu, group->gpu) &&
				!other->each.gpus == !group->each.gpus;
		}
		group->name = same == 1 ? kind : arena_print(arena, "%s-%" PRIu32, kind, same);
	}
}

/* A node without room for any pod is in no group. */
static void make_groups(struct kube_cluster *cluster, bool spare, struct arena *arena)
{
	struct kube_group *groups;
	uint32_t n = 0;

	for (uint32_t i = 0; i < cluster->nodes.n; i++) {
		const struct kube_node *node = &cluster->nodes.at[i];
		struct kube_group one = { .nodes = 1,
					  .ips = node->ips,
					  .each = offer(node, spare),
					  .has = node->has,
					  .used = node->used };

		one.product = one.each.gpus ? node->product : "";
		if (one.each.pods)
			vec_push(&cluster->groups, one);
	}
	groups = cluster->groups.at;
	if (!cluster->groups.n)
		return;
	qsort(groups, cluster->groups.n, sizeof(*groups), by_kind);
	for (uint32_t i = 0; i < cluster->groups.n; i++) {
		if (!i || by_kind(&groups[n - 1], &groups[i]) != 0) {
			groups[n++] = groups[i];
			continue;
		}
		groups[n - 1].nodes++;
		sum(&groups[n - 1].has, &groups[i].has, 1);
		sum(&groups[n - 1].used, &groups[i].used, 1);
	}
	cluster->groups.n = n;
	for (uint32_t i = 0; i < n; i++)
		groups[i].gpu = kube_gpu(groups[i].product, arena);
	qsort(groups, n, sizeof(*groups), by_size);
	name_groups(cluster, arena);
}

bool kube_read(const char *path, bool spare, struct kube_cluster *cluster, struct arena *arena,
	       struct err *err)
{
	struct reading reading = { .cluster = cluster, .arena = arena };
	bool ok;

	*cluster = (struct kube_cluster){ .zones = 0 };
	ok = read_items(&reading, path, err) && lay_pods(&reading, path, err);
	if (ok) {
		cluster->zones = reading.zones.n;
		make_groups(cluster, spare, arena);
		if (!cluster->groups.n)
			ok = err_at(err, path, 0, 0, "has no node with room for a pod");
	}
	vec_release(&reading.pods);
	vec_release(&reading.zones);
	if (!ok)
		kube_release(cluster);
	return ok;
}

void kube_release(struct kube_cluster *cluster)
{
	vec_release(&cluster->nodes);
	vec_release(&cluster->groups);
}

/* Fields by the names of Kubernetes' API, v1.  What a pod asks for is what kube-scheduler adds up:
 * its containers and side cars (init containers that always restart), or an init container and the
 * side cars before it where that is more, and its overhead.  Source: kubernetes,
 * component-helpers/resource, PodRequests. */
#include "scenarios/kube_item.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static const char gpu_resource[] = "nvidia.com/gpu";
/* Who labels GPUs: NVIDIA's feature discovery, Google, Amazon. */
static const char *const product_labels[] = { "nvidia.com/gpu.product",
					      "cloud.google.com/gke-accelerator",
					      "k8s.amazonaws.com/accelerator" };

/* The member at the end of a path of names; NULL where there is none. */
static const cJSON *find(const cJSON *from, const char *a, const char *b)
{
	from = cJSON_GetObjectItemCaseSensitive(from, a);
	return from && b ? cJSON_GetObjectItemCaseSensitive(from, b) : from;
}

static const char *text_of(const cJSON *value)
{
	return cJSON_IsString(value) ? value->valuestring : "";
}

bool kube_quantity(const char *text, double *value)
{
	static const struct {
		const char *suffix;
		double factor;
	} suffixes[] = { { "", 1 },	   { "n", 1e-9 },    { "u", 1e-6 },    { "m", 1e-3 },
			 { "k", 1e3 },	   { "M", 1e6 },     { "G", 1e9 },     { "T", 1e12 },
			 { "P", 1e15 },	   { "E", 1e18 },    { "Ki", 0x1p10 }, { "Mi", 0x1p20 },
			 { "Gi", 0x1p30 }, { "Ti", 0x1p40 }, { "Pi", 0x1p50 }, { "Ei", 0x1p60 } };
	char *end;

	size_t digits = strspn(text, "+0123456789.");

	if (!digits || text[digits] == 'x' || text[digits] == 'X')
		return false;
	*value = strtod(text, &end);
	if (end == text || !(*value >= 0))
		return false;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (!strcmp(end, suffixes[i].suffix)) {
			*value *= suffixes[i].factor;
			return isfinite(*value);
		}
	return false;
}

/* A resource of a list of them, times scale and rounded down; 0 where it is absent. */
static bool take(const cJSON *list, const char *name, double scale, int64_t *out, struct err *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(list, name);
	double value;

	*out = 0;
	if (!item)
		return true;
	if (cJSON_IsNumber(item) && item->valuedouble >= 0)
		value = item->valuedouble;
	else if (!kube_quantity(text_of(item), &value))
		return err_set(err, "%s: \"%.40s\": expected a quantity such as 8, 500m or 64Gi",
			       name, text_of(item));
	if (value * scale > 0x1p60)
		return err_set(err, "%s: \"%.40s\" is more than any machine has", name,
			       text_of(item));
	*out = (int64_t)(value * scale + 1e-6);
	return true;
}

static bool take_all(const cJSON *list, struct kube_resources *out, struct err *err)
{
	return take(list, gpu_resource, 1, &out->gpus, err) &&
	       take(list, "cpu", 1000, &out->cpu_milli, err) &&
	       take(list, "memory", 1, &out->memory_bytes, err) &&
	       take(list, "pods", 1, &out->pods, err);
}

const char *kube_kind(const cJSON *item)
{
	return text_of(find(item, "kind", NULL));
}

/* ---- nodes ---- */

/* Addresses of "10.4.2.0/24", without the network's own and its broadcast; 0 where it says none. */
static int64_t addresses(const char *cidr)
{
	const char *slash = strchr(cidr, '/');
	long bits = slash && !strchr(cidr, ':') ? strtol(slash + 1, NULL, 10) : 0;

	return bits >= 12 && bits <= 30 ? (INT64_C(1) << (32 - bits)) - 2 : 0;
}

static bool is_ready(const cJSON *item)
{
	const cJSON *conditions = find(item, "status", "conditions"), *one;

	if (!cJSON_IsArray(conditions))
		return true;
	cJSON_ArrayForEach(
		one,
		conditions) if (!strcmp(text_of(find(one, "type", NULL)),
					"Ready")) return !strcmp(text_of(find(one, "status", NULL)),
								 "True");
	return true;
}

static bool has_taint(const cJSON *item)
{
	const cJSON *taints = find(item, "spec", "taints"), *one;

	cJSON_ArrayForEach(one, taints) if (strcmp(text_of(find(one, "effect", NULL)),
						   "PreferNoSchedule") != 0) return true;
	return false;
}

bool kube_read_node(const cJSON *item, struct kube_node *node, enum kube_state *state,
		    bool *tainted, const char **zone, struct arena *arena, struct err *err)
{
	const cJSON *labels = find(item, "metadata", "labels"),
		    *resources = find(item, "status", "allocatable");
	const char *name = text_of(find(item, "metadata", "name")), *product = "";

	if (!*name)
		return err_set(err, "a node without a name");
	if (!cJSON_IsObject(resources))
		resources = find(item, "status", "capacity");
	if (!cJSON_IsObject(resources))
		return err_set(err, "node %.60s: expected status.allocatable or status.capacity",
			       name);
	if (!take_all(resources, &node->has, err))
		return false;
	for (size_t i = 0; i < 3 && !*product; i++)
		product = text_of(cJSON_GetObjectItemCaseSensitive(labels, product_labels[i]));
	node->name = arena_text(arena, name, strlen(name));
	node->product = arena_text(arena, product, strlen(product));
	node->ips = addresses(text_of(find(item, "spec", "podCIDR")));
	*zone = text_of(cJSON_GetObjectItemCaseSensitive(labels, "topology.kubernetes.io/zone"));
	*tainted = has_taint(item);
	*state = cJSON_IsTrue(find(item, "spec", "unschedulable")) ? KUBE_CORDONED
	       : is_ready(item)					   ? KUBE_USABLE
								   : KUBE_NOT_READY;
	return true;
}

/* ---- pods ---- */

static void add(struct kube_resources *to, const struct kube_resources *other)
{
	to->gpus += other->gpus;
	to->cpu_milli += other->cpu_milli;
	to->memory_bytes += other->memory_bytes;
}

static void at_least(struct kube_resources *to, const struct kube_resources *other)
{
	to->gpus = to->gpus > other->gpus ? to->gpus : other->gpus;
	to->cpu_milli = to->cpu_milli > other->cpu_milli ? to->cpu_milli : other->cpu_milli;
	to->memory_bytes =
		to->memory_bytes > other->memory_bytes ? to->memory_bytes : other->memory_bytes;
}

/* Requests of a container; of GPUs, which have none but limits sometimes, these. */
static bool take_container(const cJSON *container, struct kube_resources *out, struct err *err)
{
	struct kube_resources limits;

	if (!take_all(find(container, "resources", "requests"), out, err) ||
	    !take_all(find(container, "resources", "limits"), &limits, err))
		return false;
	if (!out->gpus)
		out->gpus = limits.gpus;
	if (!out->cpu_milli)
		out->cpu_milli = limits.cpu_milli;
	if (!out->memory_bytes)
		out->memory_bytes = limits.memory_bytes;
	return true;
}

static bool take_pod(const cJSON *spec, struct kube_resources *out, struct err *err)
{
	struct kube_resources one, first = { 0 }, sidecars = { 0 };
	const cJSON *container;

	cJSON_ArrayForEach(container, find(spec, "initContainers", NULL))
	{
		if (!take_container(container, &one, err))
			return false;
		if (!strcmp(text_of(find(container, "restartPolicy", NULL)), "Always")) {
			add(&sidecars, &one);
			at_least(&first, &sidecars);
		} else {
			add(&one, &sidecars);
			at_least(&first, &one);
		}
	}
	*out = sidecars;
	cJSON_ArrayForEach(container, find(spec, "containers", NULL))
	{
		if (!take_container(container, &one, err))
			return false;
		add(out, &one);
	}
	at_least(out, &first);
	if (!take_all(find(spec, "overhead", NULL), &one, err))
		return false;
	add(out, &one);
	out->pods = 1;
	return true;
}

bool kube_read_pod(const cJSON *item, struct kube_pod *pod, struct arena *arena, struct err *err)
{
	const cJSON *spec = find(item, "spec", NULL);
	const char *phase = text_of(find(item, "status", "phase")),
		   *node = text_of(find(spec, "nodeName", NULL));

	pod->ended = !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
	pod->node = *node ? arena_text(arena, node, strlen(node)) : "";
	return take_pod(spec, &pod->asks, err);
}

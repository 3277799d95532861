/* A pod is a row by its slot and waits for one thing at a time: its event is its timer, and what
 * storage and api fire. A message is delivered last, when the next phase has begun: the system may
 * answer it at once. Pods that wait for an image stand in a queue of their node. */
#include "sim/kubelet.h"
#include "sim/model_index.h"
#include "sim/rows.h"

enum state { STATE_GONE, STATE_STARTING, STATE_READY, STATE_STOPPING, STATE_DELETING };
enum wait { WAIT_NOTHING, WAIT_TIMER, WAIT_READ, WAIT_PULL, WAIT_IMAGE, WAIT_WRITE };
enum image_state { IMAGE_ABSENT, IMAGE_PULLING, IMAGE_PRESENT };

struct row {
	struct sim_event event;
	struct kubelet *kubelet;
	uint32_t id, gen, node, service;
	uint8_t state, wait, phase;
	uint32_t handle; /* of the read, pull or write that it waits for */
	uint32_t next;	 /* in its node's image queue */
	struct cold_start draw;
};

struct node {
	struct sim_event up; /* armed while it is on its way */
	struct kubelet *kubelet;
	uint32_t id, queue, pulling; /* first pod that waits for an image; pulls under way */
	sim_time serial_end;	     /* of the last sandbox's part that others wait for */
};

struct kubelet {
	struct sim *sim;
	const struct cold_start_config *config;
	struct storage *storage;
	struct api *api;
	const struct dist *message; /* of a status; NULL = it is written to the API server */
	struct rng sent;
	const struct service_config *services;
	uint32_t n_services, images, nodes, next_node;
	uint32_t *model;  /* of a service: the first service with the same model */
	uint64_t *starts; /* of a service, and last of plain pods */
	struct node *node;
	uint8_t *image; /* enum image_state, by node and image */
	struct rows pods;
	uint64_t seed;
	world_deliver *deliver;
	void *ctx;
	struct kubelet_totals totals;
};

static uint8_t *image_at(const struct kubelet *k, const struct row *pod)
{
	uint32_t image = k->config->image.distinct ? pod->service : 0;

	return &k->image[pod->node * k->images + image];
}

static void tell(const struct row *pod, enum msg_kind kind, uint32_t phase)
{
	struct msg msg = { .kind = (uint16_t)kind, .who = pod->id };

	msg.pod.gen = pod->gen;
	msg.pod.node = pod->node;
	msg.pod.service = pod->service;
	msg.pod.phase = phase;
	pod->kubelet->deliver(pod->kubelet->ctx, &msg);
}

static void wait_for(struct row *pod, int64_t ns)
{
	pod->wait = WAIT_TIMER;
	sim_arm(pod->kubelet->sim, &pod->event, sim_now(pod->kubelet->sim) + ns);
}

static void wait_write(struct row *pod, uint16_t writes)
{
	if (pod->kubelet->message) {
		wait_for(pod, dist_draw_int(pod->kubelet->message, &pod->kubelet->sent));
		return;
	}
	pod->wait = WAIT_WRITE;
	pod->handle = api_node_write(pod->kubelet->api, pod->node, writes, &pod->event);
}

/* ---- images ---- */

/* Pods whose image has come go on; the first others start pulls, as far as they may. */
static void image_walk(struct kubelet *k, struct node *node)
{
	uint32_t *link = &node->queue;

	while (*link != NONE) {
		struct row *pod = rows_at(&k->pods, *link);
		uint8_t *image = image_at(k, pod);
		bool may = !k->config->image.serial || !node->pulling;

		if (*image == IMAGE_PULLING || (*image == IMAGE_ABSENT && !may)) {
			link = &pod->next;
			continue;
		}
		*link = pod->next;
		if (*image == IMAGE_PRESENT) {
			wait_for(pod, pod->draw.image_ns);
			continue;
		}
		*image = IMAGE_PULLING;
		node->pulling++;
		k->totals.pulls++;
		pod->wait = WAIT_PULL;
		pod->handle = storage_pull(k->storage, pod->node, k->config->image.bytes,
					   pod->draw.image_rate, &pod->event);
	}
}

static void image_begin(struct row *pod)
{
	struct kubelet *k = pod->kubelet;
	struct node *node = &k->node[pod->node];
	uint32_t *link = &node->queue;

	if (k->config->preset == PRESET_NONE || pod->service == NONE) {
		wait_for(pod, pod->draw.image_ns);
		return;
	}
	while (*link != NONE)
		link = &((struct row *)rows_at(&k->pods, *link))->next;
	*link = pod->id;
	pod->next = NONE;
	pod->wait = WAIT_IMAGE;
	image_walk(k, node);
}

/* The pod's pull has ended, with the image or without. */
static void pull_end(struct row *pod, enum image_state with)
{
	struct kubelet *k = pod->kubelet;

	*image_at(k, pod) = with;
	k->node[pod->node].pulling--;
	image_walk(k, &k->node[pod->node]);
}

static void image_leave(struct row *pod)
{
	struct kubelet *k = pod->kubelet;
	uint32_t *link = &k->node[pod->node].queue;

	while (*link != pod->id)
		link = &((struct row *)rows_at(&k->pods, *link))->next;
	*link = pod->next;
}

/* ---- phases ---- */

static void weights_begin(struct row *pod)
{
	struct kubelet *k = pod->kubelet;
	const struct service_config *service = &k->services[pod->service];

	if (k->config->preset == PRESET_NONE || service->weight_bytes <= 0) {
		wait_for(pod, pod->draw.weights_ns);
		return;
	}
	pod->wait = WAIT_READ;
	pod->handle =
		storage_read(k->storage, pod->node, k->model[pod->service], service->weight_bytes,
			     (uint32_t)service->tensor_parallel, pod->draw.loader_rate,
			     service->host_rate, pod->draw.weights_ns, &pod->event);
}

/* What a node does for one pod at a time comes first; one that is stopped keeps its turn. */
static void sandbox_begin(struct row *pod)
{
	sim_time now = sim_now(pod->kubelet->sim), *end = &pod->kubelet->node[pod->node].serial_end;

	*end = (*end > now ? *end : now) + pod->draw.serial_ns;
	wait_for(pod, *end - now + pod->draw.sandbox_ns - pod->draw.serial_ns);
}

static void phase_begin(struct row *pod, enum pod_phase phase)
{
	pod->phase = (uint8_t)phase;
	switch (phase) {
	case PHASE_SANDBOX: sandbox_begin(pod); break;
	case PHASE_IMAGE: image_begin(pod); break;
	case PHASE_START: wait_for(pod, pod->draw.start_ns); break;
	case PHASE_WEIGHTS: weights_begin(pod); break;
	case PHASE_INIT: wait_for(pod, pod->draw.init_ns); break;
	case PHASE_READINESS: wait_for(pod, pod->draw.readiness_ns); break;
	default: assert(!"a phase of the kubelet's");
	}
}

static void become_ready(struct row *pod)
{
	pod->state = STATE_READY;
	pod->wait = WAIT_NOTHING;
	pod->kubelet->totals.ready++;
	tell(pod, MSG_POD_READY, PHASE_READINESS);
}

/* The last phase is over; what is left is to say so. */
static void write_ready(struct row *pod)
{
	pod->phase = PHASE_ENDPOINT;
	if (pod->kubelet->config->preset == PRESET_NONE)
		wait_for(pod, 0);
	else
		wait_write(pod, 1);
}

/* The first writes of the status, that no one waits for, come when the containers run. */
static void write_running(const struct row *pod)
{
	const struct cold_start_config *config = pod->kubelet->config;

	if (config->preset != PRESET_NONE && config->status_writes > 1 && !pod->kubelet->message)
		api_node_write(pod->kubelet->api, pod->node, (uint16_t)(config->status_writes - 1),
			       NULL);
}

static void phase_end(struct row *pod)
{
	enum pod_phase phase = pod->phase;

	if (phase == PHASE_ENDPOINT) {
		become_ready(pod);
		return;
	}
	if (phase == PHASE_START)
		write_running(pod);
	if (phase == PHASE_READINESS || (phase == PHASE_START && pod->service == NONE))
		write_ready(pod);
	else
		phase_begin(pod, phase + 1);
	if (phase != PHASE_READINESS)
		tell(pod, MSG_POD_PHASE, phase);
}

static void pod_gone(struct row *pod)
{
	pod->state = STATE_GONE;
	pod->wait = WAIT_NOTHING;
	pod->kubelet->totals.gone++;
	tell(pod, MSG_POD_GONE, 0);
}

static void pod_event(struct sim *sim, struct sim_event *event)
{
	struct row *pod = SIM_OWNER(event, struct row, event);

	(void)sim;
	if (pod->wait == WAIT_PULL)
		pull_end(pod, IMAGE_PRESENT);
	if (pod->state == STATE_STARTING) {
		phase_end(pod);
	} else if (pod->state == STATE_STOPPING && pod->kubelet->config->preset != PRESET_NONE) {
		pod->state = STATE_DELETING;
		wait_write(pod, 1);
	} else {
		pod_gone(pod);
	}
}

/* ---- what the world asks for ---- */

static struct row *row_at(struct kubelet *k, uint32_t id)
{
	struct row *pod;

	rows_reach(&k->pods, id + 1);
	pod = rows_at(&k->pods, id);
	if (!pod->kubelet) {
		pod->event = SIM_EVENT(pod_event);
		pod->kubelet = k;
		pod->id = id;
	}
	return pod;
}

static void pod_draw(struct row *pod)
{
	struct kubelet *k = pod->kubelet;
	bool plain = pod->service == NONE;
	uint32_t service = plain ? k->n_services : pod->service;
	uint64_t instance = ((uint64_t)service << 40) + k->starts[service]++;
	struct rng rng = rng_stream(k->seed, "kubelet", instance);

	pod->draw =
		cold_start_draw(k->config, plain ? 0 : k->services[service].weight_bytes,
				plain ? 1 : (uint32_t)k->services[service].tensor_parallel, &rng);
}

/* It runs since before the run began. */
static void pod_adopt(struct row *pod)
{
	struct kubelet *k = pod->kubelet;

	pod->state = STATE_READY;
	pod->wait = WAIT_NOTHING;
	if (pod->service == NONE || k->config->preset == PRESET_NONE)
		return;
	*image_at(k, pod) = IMAGE_PRESENT;
	for (int tier = TIER_DRAM; tier < TIER_REMOTE; tier++)
		storage_put(k->storage, pod->node, k->model[pod->service],
			    k->services[pod->service].weight_bytes, tier);
}

void kubelet_start(struct kubelet *k, const struct msg *msg)
{
	struct row *pod = row_at(k, msg->who);

	assert(msg->pod.node < k->nodes);
	assert(msg->pod.service < k->n_services || msg->pod.service == NONE);
	if (pod->state != STATE_GONE && pod->gen == msg->pod.gen)
		return;
	assert(pod->state == STATE_GONE);
	pod->gen = msg->pod.gen;
	pod->node = msg->pod.node;
	pod->service = msg->pod.service;
	pod->state = STATE_STARTING;
	pod_draw(pod);
	if (msg->pod.phase == PHASES) {
		pod_adopt(pod);
		return;
	}
	k->totals.started++;
	phase_begin(pod, PHASE_SANDBOX);
}

/* Whatever the pod waits for will not come. */
static void pod_cancel(struct row *pod)
{
	struct kubelet *k = pod->kubelet;

	switch ((enum wait)pod->wait) {
	case WAIT_READ:
	case WAIT_PULL: storage_cancel(k->storage, pod->handle); break;
	case WAIT_WRITE: api_forget(k->api, pod->handle); break;
	case WAIT_IMAGE: image_leave(pod); break;
	case WAIT_TIMER: sim_disarm(&pod->event); break;
	case WAIT_NOTHING: break;
	}
	if (pod->wait == WAIT_PULL)
		pull_end(pod, IMAGE_ABSENT);
	pod->wait = WAIT_NOTHING;
}

void kubelet_stop(struct kubelet *k, uint32_t id, uint32_t gen, uint32_t node)
{
	struct row *pod = row_at(k, id);

	assert(node < k->nodes);
	if (pod->state == STATE_GONE) {
		pod->gen = gen;
		pod->node = node;
		pod->service = NONE;
		pod_draw(pod);
	} else if (pod->gen != gen || pod->state >= STATE_STOPPING) {
		return;
	}
	pod_cancel(pod);
	pod->state = STATE_STOPPING;
	wait_for(pod, pod->draw.stop_ns);
}

static void pod_forget(struct row *pod)
{
	pod->state = STATE_GONE;
	pod_cancel(pod);
}

void kubelet_lost(struct kubelet *k, uint32_t id, uint32_t gen)
{
	struct row *pod = row_at(k, id);

	if (pod->state != STATE_GONE && pod->gen == gen)
		pod_forget(pod);
}

void kubelet_node_down(struct kubelet *k, uint32_t node, bool wiped)
{
	if (wiped)
		memset(&k->image[(size_t)node * k->images], IMAGE_ABSENT, k->images);
	storage_node_down(k->storage, node, wiped);
}

static void node_event(struct sim *sim, struct sim_event *event)
{
	struct node *node = SIM_OWNER(event, struct node, up);
	struct msg msg = { .kind = MSG_NODE_UP, .who = node->id };

	(void)sim;
	msg.node.count = 1;
	node->kubelet->deliver(node->kubelet->ctx, &msg);
}

void kubelet_provision(struct kubelet *k, const struct msg *msg)
{
	for (uint32_t i = 0; i < msg->node.count && k->next_node < k->nodes; i++) {
		struct node *node = &k->node[k->next_node++];
		struct rng rng = rng_stream(k->seed, "provision", node->id);

		sim_arm(k->sim, &node->up, sim_now(k->sim) + cold_start_node_ns(k->config, &rng));
	}
}

struct kubelet_totals kubelet_totals(const struct kubelet *k)
{
	return k->totals;
}

/* ---- life ---- */

static void *zeroed(size_t n, size_t bytes)
{
	void *at = calloc(n ? n : 1, bytes);

	assert(at);
	return at;
}

static void nodes_new(struct kubelet *k, uint32_t nodes_up)
{
	for (uint32_t i = 0; i < k->nodes; i++) {
		struct rng rng = rng_stream(k->seed, "image", i);
		double share =
			i < nodes_up ? k->config->image.present : k->config->image.present_new;

		k->node[i] = (struct node){ SIM_EVENT(node_event), k, i, NONE, 0, 0 };
		for (uint32_t j = 0; j < k->images; j++)
			if (rng_unit(&rng) < share)
				k->image[i * k->images + j] = IMAGE_PRESENT;
	}
}

static void models_new(struct kubelet *k, uint32_t nodes_up)
{
	model_index(k->services, k->n_services, k->model);
	for (uint32_t i = 0; i < k->n_services; i++)
		if (k->model[i] == i && k->services[i].weight_bytes > 0)
			storage_warm(k->storage, i, k->services[i].weight_bytes, nodes_up);
}

struct kubelet *kubelet_new(struct sim *sim, const struct cold_start_config *config,
			    struct storage *storage, struct api *api,
			    const struct service_config *services, uint32_t n_services,
			    uint32_t nodes_up, uint32_t nodes_max, uint64_t seed,
			    world_deliver *deliver, void *ctx)
{
	struct kubelet *k = zeroed(1, sizeof(*k));

	assert(nodes_up <= nodes_max);
	k->sim = sim;
	k->config = config;
	k->storage = storage;
	k->api = api;
	k->services = services;
	k->n_services = n_services;
	k->images = config->image.distinct && n_services ? n_services : 1;
	k->nodes = nodes_max;
	k->next_node = nodes_up;
	k->model = zeroed(n_services, sizeof(*k->model));
	k->starts = zeroed((size_t)n_services + 1, sizeof(*k->starts));
	k->node = zeroed(nodes_max, sizeof(*k->node));
	k->image = zeroed((size_t)nodes_max * k->images, sizeof(*k->image));
	k->pods.row_bytes = sizeof(struct row);
	k->seed = seed;
	k->deliver = deliver;
	k->ctx = ctx;
	nodes_new(k, nodes_up);
	models_new(k, nodes_up);
	return k;
}

void kubelet_by_message(struct kubelet *k, const struct dist *message)
{
	k->message = message;
	k->sent = rng_stream(k->seed, "kubelet/message", 0);
}

void kubelet_free(struct kubelet *k)
{
	if (!k)
		return;
	rows_release(&k->pods);
	free(k->model);
	free(k->starts);
	free(k->node);
	free(k->image);
	free(k);
}

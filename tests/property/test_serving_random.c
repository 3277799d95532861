/* The serving machine under a random world: requests, answers early, late, twice, out of order or
 * of dead generations, pods that come, go, flap and change hands, ticks in between - against what
 * must hold whatever happens. Each seed makes its own services. SONDE_TEST_LONG=1: fifty times
 * longer. */
#include "base/rng.h"
#include "tests/play_serving.h"
#include "tests/suites.h"
#include <stdlib.h>
#include <string.h>

enum { SERVICES = 4, PODS = 24, PAST = 512 };
enum state { UNSEEN, ARRIVED, SENT, RECORDED };

struct sent {
	struct msg submit;
	uint32_t id;
	bool token; /* a first token was said */
};

struct pod_view {
	uint32_t gen, service, load;
	bool up;
};

struct chaos {
	struct play play;
	struct rng rng;
	struct pod_view pod[PODS];
	uint8_t *state;	  /* by request id */
	uint32_t *pod_of; /* by id, where SENT; and its generation */
	uint32_t *gen_of;
	int64_t *arrival_ns; /* by id */
	uint32_t requests, recorded;
	uint32_t waiting[SERVICES];
	int32_t desired[SERVICES];
	VEC(struct sent) sent;	/* live ones; dead ones are swept out as they are drawn */
	struct msg past[PAST];	/* messages once delivered, to be delivered again */
	uint32_t past_id[PAST]; /* of the request that it is about; UINT32_MAX = a pod */
	uint32_t pasts;
	uint64_t hash;
};

/* Check's own assertions write to a pipe each time: too slow for here. */
#define must(c) ((c) ? (void)0 : ck_abort_msg("seed %d: %s", _i, #c))

static uint32_t draw(struct chaos *chaos, uint32_t n)
{
	return rng_below(&chaos->rng, n);
}

static void make_services(struct chaos *chaos)
{
	static const int64_t limits[] = { 0, 1, 2, 5, 20 }, queues[] = { 0, 3, 50, 10000 };
	static const double bursts[] = { -1, 0, 11, 211 };

	for (int i = 0; i < SERVICES; i++) {
		struct service_config *config = &chaos->play.service[i];
		struct kpa_config *scaler = &config->autoscaler;

		config->router = (int)draw(chaos, 4);
		config->d = 1 + draw(chaos, 4);
		config->concurrency = limits[draw(chaos, 5)];
		config->activator_queue = queues[draw(chaos, 4)];
		config->timeout_ns = draw(chaos, 4) ? (int64_t)(1 + draw(chaos, 20)) * S : 0;
		config->replicas = draw(chaos, 3);
		scaler->class = draw(chaos, 3) ? SCALE_KPA : SCALE_NONE;
		scaler->target_burst_capacity = bursts[draw(chaos, 4)];
		scaler->stable_window_ns = (6 + draw(chaos, 20)) * S;
		scaler->scale_down_delay_ns = draw(chaos, 2) * 7 * S;
		scaler->initial_scale = draw(chaos, 3);
		scaler->min_scale = draw(chaos, 4) ? 0 : 1;
		scaler->max_scale = draw(chaos, 2) * 9;
		scaler->weighted = draw(chaos, 2);
		chaos->desired[i] = (int32_t)config->replicas;
	}
	chaos->play.hop_ns = draw(chaos, 3) * 500000;
}

static void remember(struct chaos *chaos, const struct msg *msg, uint32_t id)
{
	chaos->past_id[chaos->pasts % PAST] = id;
	chaos->past[chaos->pasts++ % PAST] = *msg;
}

static void hash(struct chaos *chaos, const void *data, size_t bytes)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < bytes; i++) /* FNV-1a */
		chaos->hash = (chaos->hash ^ at[i]) * 0x100000001b3;
}

static void see_submit(struct chaos *chaos, const struct msg *msg, int _i)
{
	uint32_t id = msg->submit.input_tokens, pod = msg->submit.pod;
	struct sent sent = { .submit = *msg, .id = id };

	must(id < chaos->requests && chaos->state[id] == ARRIVED);
	must(pod < PODS && chaos->pod[pod].up && chaos->pod[pod].gen == msg->submit.pod_gen);
	must(chaos->pod[pod].service == msg->submit.service);
	chaos->state[id] = SENT;
	chaos->pod_of[id] = pod;
	chaos->gen_of[id] = msg->submit.pod_gen;
	chaos->pod[pod].load++;
	chaos->waiting[msg->submit.service]--;
	vec_push(&chaos->sent, sent);
}

static void see_record(struct chaos *chaos, const struct request_record *record, int _i)
{
	const struct service_config *config = &chaos->play.service[record->service];
	uint32_t id = (uint32_t)record->id;
	int64_t sum = 0;

	must(id < chaos->requests && id == record->input_tokens);
	must(chaos->state[id] == ARRIVED || chaos->state[id] == SENT);
	must(record->arrival_ns == chaos->arrival_ns[id] && record->end_ns >= record->arrival_ns);
	if (chaos->state[id] == ARRIVED)
		chaos->waiting[record->service]--;
	else if (chaos->pod[chaos->pod_of[id]].gen == chaos->gen_of[id])
		chaos->pod[chaos->pod_of[id]].load--;
	chaos->state[id] = RECORDED;
	chaos->recorded++;
	for (int i = 0; i < PARTS; i++) {
		must(record->part_ns[i] >= 0);
		sum += record->part_ns[i];
	}
	must(sum == record->end_ns - record->arrival_ns);
	must(record->outcome != OUT_COMPLETED || record->first_token_ns >= 0);
	must(record->first_token_ns <= record->end_ns);
	if (record->outcome == OUT_TIMED_OUT)
		must(record->end_ns == record->arrival_ns + config->timeout_ns);
	else if (config->timeout_ns && record->first_token_ns >= 0)
		must(record->first_token_ns <=
		     record->arrival_ns + config->timeout_ns + chaos->play.hop_ns);
}

static void see_scale(struct chaos *chaos, const struct msg *msg, int _i)
{
	const struct kpa_config *config = &chaos->play.service[msg->who].autoscaler;

	must(config->class == SCALE_KPA && msg->scale.desired != msg->scale.from);
	must(msg->scale.from == chaos->desired[msg->who]);
	must(msg->scale.desired >= config->min_scale);
	must(!config->max_scale || msg->scale.desired <= config->max_scale);
	chaos->desired[msg->who] = msg->scale.desired;
}

/* What must hold between any two steps. */
static void check_state(struct chaos *chaos, int _i)
{
	uint32_t waiting = 0;

	for (uint32_t i = 0; i < PODS; i++) {
		const struct pod_view *pod = &chaos->pod[i];
		const struct service_config *config = &chaos->play.service[pod->service];
		bool proxied = config->autoscaler.class == SCALE_KPA &&
			       config->autoscaler.target_burst_capacity < 0;

		if (!pod->up)
			continue;
		/* Always behind the activator: never more than the limit, and none waits in vain.
		 */
		if (proxied && config->concurrency)
			must(pod->load <= config->concurrency);
		if (!config->concurrency || (proxied && pod->load < config->concurrency))
			must(!chaos->waiting[pod->service]);
	}
	for (uint32_t i = 0; i < SERVICES; i++) {
		must(chaos->waiting[i] <= chaos->play.service[i].activator_queue);
		waiting += chaos->waiting[i];
	}
	must(waiting <= chaos->requests - chaos->recorded);
}

/* Goes through what the last steps did. Within a batch the kinds have lost their order: a request
 * may be sent and end in it, but not the other way about. */
static void see(struct chaos *chaos, int _i)
{
	struct play *play = &chaos->play;

	for (uint32_t i = 0; i < play->submit.n; i++)
		see_submit(chaos, &play->submit.at[i], _i);
	for (uint32_t i = 0; i < play->cancel.n; i++)
		must(play->cancel.at[i].cancel.pod < PODS);
	for (uint32_t i = 0; i < play->record.n; i++)
		see_record(chaos, &play->record.at[i], _i);
	for (uint32_t i = 0; i < play->scale.n; i++)
		see_scale(chaos, &play->scale.at[i], _i);
	hash(chaos, play->submit.at, play->submit.n * sizeof(struct msg));
	hash(chaos, play->cancel.at, play->cancel.n * sizeof(struct msg));
	hash(chaos, play->scale.at, play->scale.n * sizeof(struct msg));
	for (uint32_t i = 0; i < play->record.n; i++)
		hash(chaos, &play->record.at[i].part_ns, sizeof(play->record.at[i].part_ns));
	play->submit.n = play->cancel.n = play->record.n = play->scale.n = 0;
	check_state(chaos, _i);
}

static void new_request(struct chaos *chaos)
{
	struct msg msg = { .kind = MSG_REQUEST, .who = draw(chaos, SERVICES) };
	uint32_t id = chaos->requests++;

	chaos->state[id] = ARRIVED;
	chaos->arrival_ns[id] = chaos->play.now;
	chaos->waiting[msg.who]++;
	msg.request.id = id;
	msg.request.input_tokens = id;
	play_send(&chaos->play, chaos->play.now, &msg, NULL);
}

/* One of the requests that went out gets an answer: a token, or its end, perhaps without a token.
 */
static void answer(struct chaos *chaos)
{
	static const enum outcome ends[] = { OUT_COMPLETED, OUT_COMPLETED, OUT_COMPLETED,
					     OUT_FAILED,    OUT_REJECTED,  OUT_TIMED_OUT };
	struct msg msg = { 0 };
	struct sent *sent;
	uint32_t at, id;

	if (!chaos->sent.n)
		return;
	at = draw(chaos, chaos->sent.n);
	sent = &chaos->sent.at[at];
	msg.who = sent->submit.who;
	id = sent->id;
	if (!sent->token && draw(chaos, 8)) {
		msg.kind = MSG_FIRST_TOKEN;
		msg.first_token.gen = sent->submit.submit.gen;
		msg.first_token.pod = sent->submit.submit.pod;
		msg.first_token.queue_proxy_ns = draw(chaos, 2) * (int64_t)draw(chaos, 1u << 31);
		msg.first_token.batch_wait_ns = draw(chaos, 2) * (int64_t)draw(chaos, 1u << 31);
		sent->token = true;
	} else {
		msg.kind = MSG_FINISHED;
		msg.finished.gen = sent->submit.submit.gen;
		msg.finished.pod = sent->submit.submit.pod;
		/* Its own deadline is the machine's to judge. */
		msg.finished.outcome = ends[draw(chaos, 5)];
		msg.finished.preemptions = draw(chaos, 3);
	}
	if (msg.kind == MSG_FINISHED || chaos->state[id] == RECORDED)
		*sent = vec_pop(&chaos->sent);
	remember(chaos, &msg, id);
	if (draw(chaos, 50)) /* or it is lost, and its sender thinks that all is well */
		play_send(&chaos->play, chaos->play.now, &msg, NULL);
}

/* A pod that is up goes, or changes hands without a word; one that is not comes as the next
 * generation. */
static void pod_event(struct chaos *chaos)
{
	struct pod_record record = { .wanted_ns = -1, .created_ns = -1 };
	struct msg msg = { .kind = MSG_ENDPOINT, .who = draw(chaos, PODS) };
	struct pod_view *pod = &chaos->pod[msg.who];

	msg.endpoint.service = pod->service;
	msg.endpoint.gen = pod->gen;
	msg.endpoint.up = !pod->up || !draw(chaos, 10);
	pod->up = false;
	if (msg.endpoint.up) {
		pod->gen += 1 + draw(chaos, 3);
		pod->service = draw(chaos, SERVICES);
		pod->up = true;
		pod->load = 0;
		msg.endpoint.gen = pod->gen;
		msg.endpoint.service = pod->service;
		/* A history in any order, with holes, from before and after. */
		record.wanted_ns = (int64_t)draw(chaos, 1000) * S / 100;
		for (int i = 0; i < PHASES; i++)
			record.phase_end_ns[i] =
				draw(chaos, 3) ? chaos->play.now - (int64_t)draw(chaos, 1u << 31)
					       : -1;
	}
	remember(chaos, &msg, UINT32_MAX);
	play_send(&chaos->play, chaos->play.now, &msg, &record);
}

/* Something said before is said again. Of a request that is over it means nothing any more; of one
 * that is still there it may. */
static void again(struct chaos *chaos, int _i)
{
	uint32_t n = chaos->pasts < PAST ? chaos->pasts : PAST, which, id;

	if (!n)
		return;
	which = draw(chaos, n);
	id = chaos->past_id[which];
	play_send(&chaos->play, chaos->play.now, &chaos->past[which], NULL);
	if (id != UINT32_MAX && chaos->state[id] == RECORDED)
		must(!chaos->play.record.n && !chaos->play.submit.n);
}

static uint64_t run(int _i, uint32_t steps)
{
	struct chaos *chaos = calloc(1, sizeof(*chaos));
	uint32_t busy = 1;
	uint64_t result;

	chaos->rng = rng_stream((uint64_t)_i, "chaos", 0);
	chaos->state = calloc(steps, sizeof(*chaos->state));
	chaos->pod_of = calloc(steps, sizeof(*chaos->pod_of));
	chaos->gen_of = calloc(steps, sizeof(*chaos->gen_of));
	chaos->arrival_ns = calloc(steps, sizeof(*chaos->arrival_ns));
	chaos->hash = 0xcbf29ce484222325;
	play_init(&chaos->play, SERVICES);
	make_services(chaos);
	play_start(&chaos->play, (uint64_t)_i);
	for (uint32_t step = 0; step < steps; step++) {
		uint32_t what = draw(chaos, 100);

		if (!draw(chaos, 500))
			busy = draw(chaos, 4);
		/* Mostly instants, now and then a long silence. */
		play_until(&chaos->play,
			   chaos->play.now + (draw(chaos, 200) ? draw(chaos, 40000000) *
									 (int64_t)(busy * busy)
							       : draw(chaos, 30) * S));
		see(chaos, _i);
		if (what < 10 + 10 * busy)
			new_request(chaos);
		else if (what < 85)
			answer(chaos);
		else if (what < 90)
			pod_event(chaos);
		else
			again(chaos, _i);
		see(chaos, _i);
	}
	serving_drain(chaos->play.serving, chaos->play.now, &chaos->play.out);
	for (uint32_t i = 0; i < chaos->play.out.n; i++) {
		const struct request_record *left =
			(const void *)(chaos->play.out.loads + i * sizeof(*left));

		must(left->outcome == OUT_IN_FLIGHT);
		see_record(chaos, left, _i);
	}
	must(chaos->recorded == chaos->requests);
	result = chaos->hash;
	vec_release(&chaos->sent);
	play_release(&chaos->play);
	free(chaos->state);
	free(chaos->pod_of);
	free(chaos->gen_of);
	free(chaos->arrival_ns);
	free(chaos);
	return result;
}

START_TEST(whatever_happens)
{
	uint32_t steps = getenv("SONDE_TEST_LONG") ? 1000000 : 20000;

	run(_i, steps);
}
END_TEST

START_TEST(same_again)
{
	must(run(_i, 5000) == run(_i, 5000));
}
END_TEST

Suite *serving_random_suite(void)
{
	Suite *suite = suite_create("serving_random");
	TCase *tcase = tcase_create("whatever happens");

	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, whatever_happens, 0, 60);
	tcase_add_loop_test(tcase, same_again, 0, 10);
	suite_add_tcase(suite, tcase);
	return suite;
}

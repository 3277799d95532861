/* What comes out of each step is sorted by kind. */
#include "tests/play_serving.h"
#include <assert.h>
#include <string.h>

void play_init(struct play *play, uint32_t n)
{
	memset(play, 0, sizeof(*play));
	arena_init(&play->arena);
	play->service = ARENA_ARRAY(&play->arena, struct service_config, n);
	for (uint32_t i = 0; i < n; i++) {
		opt_defaults(service_options, &play->service[i], &play->arena);
		play->service[i].name = arena_print(&play->arena, "s%u", i);
	}
	play->n = n;
}

void play_start(struct play *play, uint64_t seed)
{
	play->serving = serving_new(play->service, play->n, seed, play->hop_ns);
}

void play_release(struct play *play)
{
	serving_free(play->serving);
	outbox_release(&play->out);
	vec_release(&play->record);
	vec_release(&play->submit);
	vec_release(&play->cancel);
	vec_release(&play->scale);
	arena_release(&play->arena);
}

static void sort_out(struct play *play)
{
	uint32_t load = 0;

	for (uint32_t i = 0; i < play->out.n; i++) {
		const struct msg *msg = &play->out.at[i];

		switch (msg->kind) {
		case MSG_SUBMIT: vec_push(&play->submit, *msg); break;
		case MSG_CANCEL: vec_push(&play->cancel, *msg); break;
		case MSG_SCALE: vec_push(&play->scale, *msg); break;
		case MSG_RECORD_REQUEST: {
			struct request_record record;

			assert(msg->load_bytes == sizeof(record));
			memcpy(&record, play->out.loads + load, sizeof(record));
			vec_push(&play->record, record);
			break;
		}
		default: assert(!"a message that serving does not send");
		}
		load += (msg->load_bytes + 7u) & ~7u;
	}
	outbox_clear(&play->out);
}

static void step(struct play *play, const struct msg *in, const void *load)
{
	serving_step(play->serving, play->now, in, load, &play->out);
	sort_out(play);
}

void play_until(struct play *play, int64_t now)
{
	const struct msg tick = { .kind = MSG_TICK };

	assert(now >= play->now);
	while (serving_wakeup(play->serving) <= now) {
		int64_t due = serving_wakeup(play->serving);

		if (due > play->now)
			play->now = due;
		step(play, &tick, NULL);
		assert(serving_wakeup(play->serving) > play->now);
		play->ticks++;
	}
	play->now = now;
}

void play_send(struct play *play, int64_t now, const struct msg *in, const void *load)
{
	play_until(play, now);
	step(play, in, load);
}

void play_request(struct play *play, int64_t now, uint32_t service, uint64_t id)
{
	struct msg msg = { .kind = MSG_REQUEST, .who = service };

	msg.request.id = id;
	msg.request.input_tokens = 100;
	msg.request.output_tokens = 10;
	play_send(play, now, &msg, NULL);
}

void play_pod(struct play *play, int64_t now, uint32_t pod, uint32_t gen, uint32_t service, bool up,
	      const struct pod_record *record)
{
	struct msg msg = { .kind = MSG_ENDPOINT, .who = pod };

	msg.endpoint.gen = gen;
	msg.endpoint.service = service;
	msg.endpoint.up = up;
	if (record)
		msg.load_bytes = sizeof(*record);
	play_send(play, now, &msg, record);
}

void play_token(struct play *play, int64_t now, const struct msg *submit, int64_t queue_proxy_ns,
		int64_t batch_wait_ns)
{
	struct msg msg = { .kind = MSG_FIRST_TOKEN, .who = submit->who };

	msg.first_token.gen = submit->submit.gen;
	msg.first_token.pod = submit->submit.pod;
	msg.first_token.queue_proxy_ns = queue_proxy_ns;
	msg.first_token.batch_wait_ns = batch_wait_ns;
	play_send(play, now, &msg, NULL);
}

void play_finished(struct play *play, int64_t now, const struct msg *submit, enum outcome outcome)
{
	struct msg msg = { .kind = MSG_FINISHED, .who = submit->who };

	msg.finished.gen = submit->submit.gen;
	msg.finished.pod = submit->submit.pod;
	msg.finished.outcome = (uint32_t)outcome;
	play_send(play, now, &msg, NULL);
}

struct request_record *play_last(struct play *play)
{
	assert(play->record.n);
	return &play->record.at[play->record.n - 1];
}

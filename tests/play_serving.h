/* play_serving.h - a hand-driven world around one serving machine, for its tests.
 *
 * Delivers messages, fires the ticks that are due before them, and keeps what comes out. */
#ifndef TESTS_PLAY_SERVING_H
#define TESTS_PLAY_SERVING_H
#include "base/arena.h"
#include "base/vec.h"
#include "models/serving/serving.h"

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

struct play {
	struct arena arena;
	struct service_config *service; /* defaults, to be changed before play_start */
	uint32_t n;
	struct serving *serving;
	struct outbox out;
	int64_t now, hop_ns;
	uint64_t ticks;
	VEC(struct request_record) record;
	VEC(struct msg) submit;
	VEC(struct msg) cancel;
	VEC(struct msg) scale;
};

/* n services "s0", "s1", ... with the defaults; hop_ns 0 until set. */
void play_init(struct play *play, uint32_t n);
/* Makes the machine. */
void play_start(struct play *play, uint64_t seed);
/* Frees all. */
void play_release(struct play *play);
/* Fires every tick due by now, at its time, and goes there. */
void play_until(struct play *play, int64_t now);
/* The same, then one message. */
void play_send(struct play *play, int64_t now, const struct msg *in, const void *load);
/* The messages.  A request has 100 input and 10 output tokens; replies answer a MSG_SUBMIT. */
void play_request(struct play *play, int64_t now, uint32_t service, uint64_t id);
void play_pod(struct play *play, int64_t now, uint32_t pod, uint32_t gen, uint32_t service, bool up,
	      const struct pod_record *record);
void play_token(struct play *play, int64_t now, const struct msg *submit, int64_t queue_proxy_ns,
		int64_t batch_wait_ns);
void play_finished(struct play *play, int64_t now, const struct msg *submit, enum outcome outcome);
/* The record last made. */
struct request_record *play_last(struct play *play);
#endif

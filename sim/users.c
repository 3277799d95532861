/* A retry is a message that comes later.  Its wait is drawn from a stream of the request's own, so
 * that the same request waits as long under any plane. */
#include "sim/users.h"
#include "sim/loop.h"

#define USER(f) offsetof(struct user_config, f)
enum { ATTEMPT_SHIFT = 56 }; /* 255 retries of 2^56 requests */

static const char openai[] = "openai-python, _constants.py and _base_client.py (0.5 s, 8 s, 25 %)";

const struct opt user_options[] = {
	{ "retries", OPT_INT, UNIT_NONE, USER(retries), "0", 0, 255,
	  .help = "times that a refused, timed-out or failed request is sent again; each arrives "
		  "and is counted",
	  .source =
		  "nobody does, so that offered load is what the workload says; openai-python 2" },
	{ "backoff", OPT_INT, UNIT_TIME, USER(backoff_ns), "500ms", 0, 3.6e12,
	  .help = "wait before the first retry; doubles with each", .source = openai },
	{ "backoff_max", OPT_INT, UNIT_TIME, USER(backoff_max_ns), "8s", 0, 3.6e12,
	  .help = "longest such wait", .source = openai },
	{ "jitter", OPT_REAL, UNIT_SHARE, USER(jitter), "25%", 0, 1,
	  .help = "random share of the wait that is left out, at most", .source = openai },
	OPT_END
};

uint64_t user_request(uint64_t id)
{
	return id & ((UINT64_C(1) << ATTEMPT_SHIFT) - 1);
}

void users_ended(struct world *world, const struct request_record *record)
{
	const struct user_config *config = world->config->users;
	uint64_t attempt = record->id >> ATTEMPT_SHIFT;
	struct msg msg = { .kind = MSG_REQUEST, .who = record->service };
	double wait_ns = (double)config->backoff_ns;
	struct rng rng;

	if (record->outcome == OUT_COMPLETED || record->outcome == OUT_IN_FLIGHT)
		return;
	if (attempt >= (uint64_t)config->retries) {
		world->users.gave_up++;
		return;
	}
	for (uint64_t i = 0; i < attempt && wait_ns < (double)config->backoff_max_ns; i++)
		wait_ns *= 2;
	if (wait_ns > (double)config->backoff_max_ns)
		wait_ns = (double)config->backoff_max_ns;
	rng = rng_stream(world->config->seed, "retry", record->id);
	wait_ns *= 1 - config->jitter * rng_unit(&rng);
	msg.request.id = record->id + (UINT64_C(1) << ATTEMPT_SHIFT);
	msg.request.input_tokens = record->input_tokens;
	msg.request.output_tokens = record->output_tokens;
	world->retries_coming++;
	later_post(world->later, (int64_t)(wait_ns + 0.5), MACHINE_SERVING, 0, &msg, NULL);
}

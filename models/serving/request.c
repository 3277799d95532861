/* The pool of requests and where their time went.
 *
 * Rows are recycled last freed first, so that at any load the same few cache lines serve; what
 * only a record or a wait needs lies in arrays of its own. */
#include "models/serving/state.h"
#include <assert.h>
#include <string.h>

uint32_t request_open(struct requests *requests, uint32_t service, int64_t now,
		      const struct msg *in)
{
	uint32_t slot, gen = 0;

	if (requests->free.n) {
		slot = vec_pop(&requests->free);
		gen = requests->row.at[slot].gen;
	} else {
		slot = requests->row.n;
		assert(slot != NONE);
		vec_reserve(&requests->row, slot + 1);
		vec_reserve(&requests->rest, slot + 1);
		vec_reserve(&requests->wait, slot + 1);
		vec_reserve(&requests->due, slot + 1);
		vec_reserve(&requests->queue, slot + 1);
		vec_reserve(&requests->free, slot + 1);
		requests->row.n++;
	}
	requests->row.at[slot] = (struct request){ .gen = gen,
						   .service = service,
						   .pod = NONE,
						   .arrival_ns = now,
						   .first_ns = -1,
						   .state = REQUEST_WAITING };
	requests->rest.at[slot] =
		(struct request_rest){ .id = in->request.id,
				       .input_tokens = in->request.input_tokens,
				       .output_tokens = in->request.output_tokens };
	return slot;
}

void request_waited(struct requests *requests, uint32_t slot, const struct pod *pod, int64_t now)
{
	struct request *request = &requests->row.at[slot];
	struct request_wait *wait = &requests->wait.at[slot];
	int64_t at = request->arrival_ns;

	for (int i = 0; i < PHASES; i++) {
		int64_t end = pod->phase_end_ns[i] < now ? pod->phase_end_ns[i] : now;

		wait->part_ns[i] = end > at ? end - at : 0;
		at += wait->part_ns[i];
	}
	wait->part_ns[WAIT_ACTIVATOR] = now - at;
	request->waited = true;
	request->cold = pod->up_ns > request->arrival_ns;
}

void request_first_token(struct requests *requests, uint32_t slot, int64_t now, int64_t hop_ns,
			 int64_t queue_proxy_ns, int64_t batch_wait_ns)
{
	struct request *request = &requests->row.at[slot];
	struct request_rest *rest = &requests->rest.at[slot];
	int64_t prefill_ns = now - request->sent_ns - hop_ns - queue_proxy_ns - batch_wait_ns;
	int64_t network_ns = hop_ns;

	assert(queue_proxy_ns >= 0 && batch_wait_ns >= 0 && now >= request->sent_ns);
	/* A measured way may be shorter than the constant: what lacks is taken from the hop, then
	 * from what the pod says of itself. */
	if (prefill_ns < 0) {
		network_ns += prefill_ns;
		prefill_ns = 0;
	}
	if (network_ns < 0) {
		batch_wait_ns += network_ns;
		network_ns = 0;
	}
	if (batch_wait_ns < 0) {
		queue_proxy_ns += batch_wait_ns;
		batch_wait_ns = 0;
	}
	request->first_ns = now;
	request->state = REQUEST_STREAMING;
	rest->queue_proxy_ns = queue_proxy_ns;
	rest->batch_wait_ns = batch_wait_ns;
	rest->prefill_ns = prefill_ns;
	rest->network_ns = network_ns;
}

/* The parts of a request that was sent to a pod and is over at now. */
static void parts_sent(struct requests *requests, uint32_t slot, int64_t now, enum outcome outcome,
		       int64_t hop_ns, int64_t *part_ns)
{
	const struct request *request = &requests->row.at[slot];
	const struct request_rest *rest = &requests->rest.at[slot];

	if (request->waited) {
		memcpy(&part_ns[PART_COLD_START], requests->wait.at[slot].part_ns,
		       PHASES * sizeof(*part_ns));
		part_ns[PART_ACTIVATOR] = requests->wait.at[slot].part_ns[WAIT_ACTIVATOR];
	}
	if (request->first_ns < 0) {
		/* The pod never said how far it came: refused means the queue-proxy's queue, else
		 * the engine. */
		int64_t left_ns = now - request->sent_ns;

		part_ns[PART_NETWORK] = left_ns < hop_ns ? left_ns : hop_ns;
		part_ns[outcome == OUT_REJECTED ? PART_QUEUE_PROXY : PART_PREFILL] =
			left_ns - part_ns[PART_NETWORK];
		return;
	}
	part_ns[PART_QUEUE_PROXY] = rest->queue_proxy_ns;
	part_ns[PART_BATCH_WAIT] = rest->batch_wait_ns;
	part_ns[PART_PREFILL] = rest->prefill_ns;
	part_ns[PART_NETWORK] = rest->network_ns;
	part_ns[PART_DECODE] = now - request->first_ns;
}

void request_close(struct requests *requests, uint32_t slot, int64_t now, enum outcome outcome,
		   uint32_t preemptions, int64_t hop_ns, int64_t back_ns, struct outbox *out)
{
	struct request *request = &requests->row.at[slot];
	const struct request_rest *rest = &requests->rest.at[slot];
	struct request_record record = { .id = rest->id,
					 .service = request->service,
					 .outcome = outcome,
					 .arrival_ns = request->arrival_ns,
					 .first_token_ns = -1,
					 .end_ns = now + back_ns,
					 .input_tokens = rest->input_tokens,
					 .output_tokens = rest->output_tokens,
					 .preemptions = preemptions,
					 .cold = request->cold };
	int64_t sum_ns = 0;

	assert(request->state != REQUEST_FREE);
	if (request->state == REQUEST_WAITING)
		record.part_ns[request->cold ? PART_COLD_START + PHASE_CONTROL : PART_ACTIVATOR] =
			now - request->arrival_ns;
	else
		parts_sent(requests, slot, now, outcome, hop_ns, record.part_ns);
	record.part_ns[PART_NETWORK] += back_ns;
	if (request->first_ns >= 0)
		record.first_token_ns = request->first_ns + hop_ns;
	else if (outcome == OUT_COMPLETED)
		record.first_token_ns = record.end_ns; /* the word of its first token was lost */
	if (record.first_token_ns > record.end_ns)
		record.first_token_ns = -1; /* made, but not out of the gateway by the end */
	for (int i = 0; i < PARTS; i++)
		sum_ns += record.part_ns[i];
	assert(sum_ns == record.end_ns - record.arrival_ns);
	outbox_add_load(out, MSG_RECORD_REQUEST, request->service, &record, sizeof(record));
	request->state = REQUEST_FREE;
	request->gen++;
	vec_push(&requests->free, slot);
}

void requests_release(struct requests *requests)
{
	vec_release(&requests->row);
	vec_release(&requests->rest);
	vec_release(&requests->wait);
	vec_release(&requests->due);
	vec_release(&requests->queue);
	vec_release(&requests->free);
}

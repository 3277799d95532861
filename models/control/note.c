/* What is recorded of a pod's way to a node, where that is asked for (control_plane.decisions): a
 * row a step, told when the step is over.  Nothing here decides; what notes read is what the
 * function that decided had before it, but for reservations, whose node a note looks up. */
#include "models/control/functional.h"
#include "models/control/note.h"
#include "base/vec.h"
#include <assert.h>

static struct decision_record blank(const struct control *c, enum decision_kind kind, uint32_t id,
				    uint32_t function)
{
	const struct pod *pod = &c->pods.at[id];
	const struct function *f = function != NONE ? &c->function[function] : NULL;

	return (struct decision_record){ .at_ns = c->now,
					 .began_ns = c->now,
					 .info_age_ns = -1,
					 .known = -1,
					 .pod = pod->record.id,
					 .service = pod->record.service,
					 .kind = kind,
					 .function = function,
					 .other = NONE,
					 .node = NO_NODE,
					 .probes = pod->record.probes,
					 .attempt = pod->record.attempts,
					 .queue = !f			       ? 0
						: f->kind == FUNCTION_SCHEDULE ? f->queue.n
									       : f->inbox.n };
}

static void tell(struct control *c, const struct decision_record *record)
{
	outbox_add_load(c->out, MSG_RECORD_DECISION, record->function, record, sizeof(*record));
}

void note_queued(struct control *c, uint32_t pod)
{
	struct decision_record record;

	if (!c->config.decisions)
		return;
	record = blank(c, DECISION_QUEUED, pod, c->pods.at[pod].function);
	assert(record.queue);
	record.queue--;
	tell(c, &record);
}

void note_search(struct control *c, enum decision_kind kind, uint32_t function, uint32_t pod,
		 const struct found *found, int64_t known, int64_t info_age_ns)
{
	struct function *f = &c->function[function];
	struct decision_record record;

	if (!c->config.decisions)
		return;
	record = blank(c, kind, pod, function);
	record.node = found->node;
	record.examined = found->examined;
	record.feasible = found->feasible;
	record.known = known;
	record.info_age_ns = info_age_ns;
	if (kind == DECISION_PROBED)
		record.other = f->asker;
	else
		record.queued_ns = f->waited_ns;
	vec_push(&f->notes, record);
}

void note_thought(struct control *c, uint32_t function)
{
	struct function *f = &c->function[function];

	for (uint32_t i = 0; i < f->notes.n; i++) {
		f->notes.at[i].at_ns = c->now;
		tell(c, &f->notes.at[i]);
	}
	f->notes.n = 0;
}

void note_cache(struct control *c, enum decision_kind kind, uint32_t pod, uint32_t other)
{
	struct decision_record record;
	const struct need *need = &c->pods.at[pod].need;

	if (!c->config.decisions)
		return;
	record = blank(c, kind, pod, c->pods.at[pod].function);
	record.other = other;
	if (c->config.functional.cache && c->config.functional.cache_perfect && need->gpu_milli) {
		record.known = cluster_fit(c->cluster, other, need);
		record.info_age_ns = 0;
	} else if (c->config.functional.cache) {
		record.known = probe_cache_look(&c->cache, record.function, other, need, c->now,
						&record.info_age_ns);
	}
	if (record.known < 0)
		record.info_age_ns = -1;
	tell(c, &record);
}

void note_answer(struct control *c, enum decision_kind kind, uint32_t pod, uint32_t other,
		 const struct free_vector *heard, int64_t value)
{
	struct decision_record record;
	const struct need *need = &c->pods.at[pod].need;
	uint32_t hold = (uint32_t)value;

	if (!c->config.decisions)
		return;
	record = blank(c, kind, pod, c->pods.at[pod].function);
	record.other = other;
	record.began_ns = c->pods.at[pod].since_ns;
	if (heard && need->gpu_milli)
		record.known = cluster_vector_fit(heard, need);
	if (value >= 0 && hold_alive(c, hold, (uint32_t)((uint64_t)value >> 32)))
		record.node = c->holds.at[hold].node;
	tell(c, &record);
}

void note(struct control *c, enum decision_kind kind, uint32_t pod, uint32_t function,
	  uint32_t other, uint32_t node)
{
	struct decision_record record;

	if (!c->config.decisions)
		return;
	record = blank(c, kind, pod, function);
	record.other = other;
	record.node = node;
	if (kind == DECISION_PARKED)
		record.until_ns = c->pods.at[pod].retry_ns;
	tell(c, &record);
}

void note_expired(struct control *c, uint32_t id)
{
	const struct hold *hold = &c->holds.at[id];

	if (pod_at(c, hold->pod, hold->pod_gen))
		note(c, DECISION_EXPIRED, hold->pod, hold->function, NONE, hold->node);
}

void note_waiting(struct control *c, uint32_t pod, uint32_t node, uint32_t ahead)
{
	struct decision_record record;

	if (!c->config.decisions)
		return;
	record = blank(c, DECISION_WAITING, pod, NONE);
	record.other = c->pods.at[pod].function;
	record.node = node;
	record.queue = ahead;
	tell(c, &record);
}

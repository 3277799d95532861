/* note.h - what is recorded of decisions, where that is asked for (control_plane.decisions); each
 * does nothing where it is not.
 *
 * For models/control/ and its tests alone. */
#ifndef MODELS_CONTROL_NOTE_H
#define MODELS_CONTROL_NOTE_H
#include "models/control/state.h"

/* It was put into its function's queue. */
void note_queued(struct control *control, uint32_t pod);
/* What the thought that now begins will say (SEARCHED, BINDER, PROBED); told by note_thought.
 * known: note_known() where it looks; info_age_ns: of what it rests on, 0 = own, exact. */
void note_search(struct control *control, enum decision_kind kind, uint32_t function, uint32_t pod,
		 const struct found *found, int64_t known, int64_t info_age_ns);
void note_thought(struct control *control, uint32_t function);
/* How many nodes of a pool can take a pod of so many GPUs. */
static inline int64_t note_known(const struct cluster *cluster, uint32_t pool,
				 const struct need *need)
{
	return cluster_fit(cluster, pool, need);
}
/* Its function asks another one, or not (ASKED, SKIPPED), by what the cache says. */
void note_cache(struct control *control, enum decision_kind kind, uint32_t pod, uint32_t other);
/* Another one has answered its function (OFFERED: value, as the message has it, else -1; REFUSED),
 * with its free vector, or has not (UNANSWERED). */
void note_answer(struct control *control, enum decision_kind kind, uint32_t pod, uint32_t other,
		 const struct free_vector *heard, int64_t value);
/* It came to a node, with so many others ahead of it there. */
void note_waiting(struct control *control, uint32_t pod, uint32_t node, uint32_t ahead);
/* A reservation is over before its pod came; nothing if that is no more. */
void note_expired(struct control *control, uint32_t hold);
/* Any other step. */
void note(struct control *control, enum decision_kind kind, uint32_t pod, uint32_t function,
	  uint32_t other, uint32_t node);
#endif

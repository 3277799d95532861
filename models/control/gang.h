/* gang.h - pods of one job that are decided together: gathered until all are there, searched for in
 * one decision, and bound each that can be, or all or none.
 *
 * For models/control/ alone; of the central and the shared plane.  It costs nothing while
 * control_plane.jobs is `pods`. */
#ifndef MODELS_CONTROL_GANG_H
#define MODELS_CONTROL_GANG_H
#include "models/control/state.h"

/* A pod of a job of so many has come. */
void gang_join(struct control *control, uint32_t pod, uint64_t job, uint32_t size);
/* It is bound, or is no more. */
void gang_leave(struct control *control, uint32_t pod);
/* A pod of a gang is to be queued at a function: it waits until all are there, and all are then
 * queued, one behind the other. */
void gang_gather(struct control *control, uint32_t pod, uint32_t function);
/* The head of the queue is of a gang: a decision about all of it begins. */
void gang_decide(struct control *control, uint32_t function);
/* It is over. */
void gang_decided(struct control *control, uint32_t function);
/* The function died while it decided. */
void gang_lost(struct control *control, uint32_t function);
/* For plane.search of who does not own its nodes: what was chosen is taken in its view until the
 * decision is over, so that it does not choose the same room twice. */
void gang_expect(struct control *control, uint32_t function, uint32_t pod, uint32_t node);
/* shared.c: a pod met a conflict: it comes again, at once or later, or is given up. */
void shared_lost(struct control *control, uint32_t function, uint32_t pod);
#endif

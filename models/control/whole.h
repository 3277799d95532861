/* whole.h - parts of planes whose functions may use any node: all nodes are in pool 0.  Taken
 * together they are the central plane; each is a member of struct plane, and is described there.
 *
 * For models/control/ alone. */
#ifndef MODELS_CONTROL_WHOLE_H
#define MODELS_CONTROL_WHOLE_H
#include "models/control/state.h"

/* The members of struct plane of these names. */
void whole_start(struct control *control);
void whole_dispatch(struct control *control, uint32_t pod);
void whole_full(struct control *control, uint32_t function, uint32_t pod);
void whole_parked(struct control *control, uint32_t pod);
void whole_retry(struct control *control, uint32_t pod);
void whole_freed(struct control *control, uint32_t node);
bool whole_probe(struct control *control, uint32_t function, const struct task *probe);
void whole_answer(struct control *control, uint32_t function);
void whole_received(struct control *control, uint32_t function, const struct msg *msg,
		    const void *load);
void whole_idle(struct control *control, uint32_t function);
void whole_function_up(struct control *control, uint32_t function);
void whole_function_lost(struct control *control, uint32_t function);
void whole_node_up(struct control *control, uint32_t node);
void whole_timer(struct control *control, const struct timer *timer);
#endif

/* local.h - the smallest real world: a scenario on this machine's wall clock.
 *
 * Gateway, autoscaler and control plane run here, as in the virtual world; every replica is a
 * process of its own behind a loopback TCP socket, runs the same engine code, and paces its
 * iterations by the cost model. Requests are really sent, tokens are really received. What is not
 * real here (kubelet phases, API server, storage) is waited through: the virtual world's physics on
 * the wall clock. Replicas die with this process, however it ends. */
#ifndef EMU_LOCAL_H
#define EMU_LOCAL_H
#include "base/err.h"
#include "sim/world.h"

/* Runs to the end, to a failure of the source, or until *stop; speed: seconds of the scenario per
 * second. On true *world is to be closed, read and freed as after world_run; on false it is NULL,
 * with a message where the machine lacks something (processes, sockets). The configuration's hop
 * must be 0: the real one is measured. */
bool emu_local(const struct world_config *config, const struct workload *workload,
	       const struct sink *sink,
	       const struct tape_hook *tape, double speed, const volatile int *stop,
	       void (*progress)(void *ctx, double done), void *ctx, struct world **world,
		     struct err *err);
#endif

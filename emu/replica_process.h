/* replica_process.h - the inside of one replica's process: the engine's step machine on the wall
 * clock. */
#ifndef EMU_REPLICA_PROCESS_H
#define EMU_REPLICA_PROCESS_H
#include "emu/wire.h"
#include "sim/world.h"

/* Serves the one connection that comes to listen_fd, until it closes; never returns. taped: send
 * every step too. */
_Noreturn void replica_process(const struct world_config *config, const struct wall *wall,
			       int listen_fd, uint32_t pod,
			       uint32_t gen, uint32_t service, bool taped);
#endif

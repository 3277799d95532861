/* wire.h - what goes over the socket between the gateway and a replica's process, and the clock
 * that both read. */
#ifndef EMU_WIRE_H
#define EMU_WIRE_H
#include "base/vec.h"
#include "models/world.h"
#include <stdbool.h>

enum frame_kind {
	FRAME_SUBMIT,   /* to the replica: struct msg, then PROMPT_BYTES a prompt token */
	FRAME_CANCEL,   /* to the replica: struct msg */
	FRAME_TOKEN,    /* to the gateway: struct token_frame, one a token */
	FRAME_MSG,      /* to the gateway: struct msg for serving */
	FRAME_BUSY,     /* to the gateway: int64_t ns of GPU time since the last one */
	FRAME_STEP,     /* to the gateway: a step for the tape */
	FRAME_KINDS
};
/* A token id, as tokenizers have them: 32 bits. */
enum { PROMPT_BYTES = 4 };

struct frame { uint32_t bytes; uint32_t kind; };
struct token_frame { uint32_t request, gen; };

/* Bytes on their way in or out. */
struct wire { int fd; VEC(unsigned char) in, out; uint32_t in_at, out_at; };

/* Appends a frame of two parts (either may be empty) to what is to be sent. */
void wire_put(struct wire *wire, enum frame_kind kind, const void *a, uint32_t a_bytes,
	      const void *b, uint32_t b_bytes);
/* Sends what the socket takes; false when the other side is gone. */
bool wire_flush(struct wire *wire);
/* Whether something waits to be sent. */
bool wire_pending(const struct wire *wire);
/* Reads what is there; false at the end of the stream. */
bool wire_fill(struct wire *wire);
/* The next whole frame read, its payload valid until the next wire_fill; false if there is none. */
bool wire_next(struct wire *wire, struct frame *frame, const unsigned char **payload);
/* Closes the socket and frees the buffers. */
void wire_release(struct wire *wire);

/* The scenario's time: the monotonic clock since start, times speed. */
struct wall { int64_t start_ns; double speed; };
/* The scenario's time now. */
int64_t wall_now(const struct wall *wall);
/* Monotonic time at which the scenario's time is t. */
int64_t wall_when(const struct wall *wall, int64_t t);
/* CLOCK_MONOTONIC in ns. */
int64_t wall_clock_ns(void);
#endif

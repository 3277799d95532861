/* Frames over a non-blocking socket, and the clock. */
#include "emu/wire.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 16 };

void wire_put(struct wire *wire, enum frame_kind kind, const void *a, uint32_t a_bytes,
	      const void *b, uint32_t b_bytes)
{
	struct frame frame = { a_bytes + b_bytes, (uint32_t)kind };
	uint32_t n = wire->out.n;

	vec_reserve(&wire->out, n + (uint32_t)sizeof(frame) + a_bytes + b_bytes);
	memcpy(wire->out.at + n, &frame, sizeof(frame));
	if (a_bytes)
		memcpy(wire->out.at + n + sizeof(frame), a, a_bytes);
	if (b_bytes)
		memcpy(wire->out.at + n + sizeof(frame) + a_bytes, b, b_bytes);
	wire->out.n = n + (uint32_t)sizeof(frame) + a_bytes + b_bytes;
}

bool wire_pending(const struct wire *wire)
{
	return wire->out_at < wire->out.n;
}

bool wire_flush(struct wire *wire)
{
	while (wire_pending(wire)) {
		ssize_t sent = send(wire->fd, wire->out.at + wire->out_at,
				    wire->out.n - wire->out_at, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		wire->out_at += (uint32_t)sent;
	}
	wire->out_at = wire->out.n = 0;
	return true;
}

bool wire_fill(struct wire *wire)
{
	if (wire->in_at) {
		memmove(wire->in.at, wire->in.at + wire->in_at, wire->in.n - wire->in_at);
		wire->in.n -= wire->in_at;
		wire->in_at = 0;
	}
	for (;;) {
		ssize_t got;

		vec_reserve(&wire->in, wire->in.n + READ_BYTES);
		got = recv(wire->fd, wire->in.at + wire->in.n, READ_BYTES, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		if (!got)
			return false;
		wire->in.n += (uint32_t)got;
		if (got < READ_BYTES)
			return true;
	}
}

bool wire_next(struct wire *wire, struct frame *frame, const unsigned char **payload)
{
	uint32_t there = wire->in.n - wire->in_at;

	if (there < sizeof(*frame))
		return false;
	memcpy(frame, wire->in.at + wire->in_at, sizeof(*frame));
	assert(frame->kind < FRAME_KINDS);
	if (there < sizeof(*frame) + frame->bytes)
		return false;
	*payload = wire->in.at + wire->in_at + sizeof(*frame);
	wire->in_at += (uint32_t)sizeof(*frame) + frame->bytes;
	return true;
}

void wire_release(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	vec_release(&wire->in);
	vec_release(&wire->out);
	wire->in_at = wire->out_at = 0;
}

int64_t wall_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t wall_now(const struct wall *wall)
{
	return (int64_t)((double)(wall_clock_ns() - wall->start_ns) * wall->speed);
}

int64_t wall_when(const struct wall *wall, int64_t t)
{
	return wall->start_ns + (int64_t)((double)t / wall->speed) + 1;
}

/* The outbox: two flat arrays that double while a run warms up and then stay as they are. */
#include "models/world.h"
#include "base/vec.h"
#include <assert.h>
#include <string.h>

struct msg *outbox_add(struct outbox *out, enum msg_kind kind, uint32_t who)
{
	struct msg *msg;

	if (out->n == out->cap)
		out->at = vec_grow(out->at, &out->cap, out->n + 1, sizeof(*out->at));
	msg = &out->at[out->n++];
	memset(msg, 0, sizeof(*msg));
	msg->kind = (uint16_t)kind;
	msg->who = who;
	return msg;
}

struct msg *outbox_add_room(struct outbox *out, enum msg_kind kind, uint32_t who, uint32_t bytes,
			    void **load)
{
	uint32_t room = (bytes + 7) & ~7u;
	struct msg *msg = outbox_add(out, kind, who);

	assert(bytes && bytes <= UINT16_MAX);
	if (out->loads_n + room > out->loads_cap)
		out->loads = vec_grow(out->loads, &out->loads_cap, out->loads_n + room, 1);
	*load = out->loads + out->loads_n;
	out->loads_n += room;
	memset(out->loads + out->loads_n - 8, 0,
	       8); /* what lies between two loads is on the tape too */
	msg->load_bytes = (uint16_t)bytes;
	return msg;
}

struct msg *outbox_add_load(struct outbox *out, enum msg_kind kind, uint32_t who, const void *load,
			    uint32_t bytes)
{
	void *room;
	struct msg *msg = outbox_add_room(out, kind, who, bytes, &room);

	memcpy(room, load, bytes);
	return msg;
}

void outbox_release(struct outbox *out)
{
	free(out->at);
	free(out->loads);
	*out = (struct outbox){ 0 };
}

const char *msg_name(enum msg_kind kind)
{
	static const char *const names[MSG_KINDS] = { "tick",
						      "request",
						      "submit",
						      "cancel",
						      "first_token",
						      "finished",
						      "record_request",
						      "iterate",
						      "interrupt",
						      "iterated",
						      "serve",
						      "served",
						      "scale",
						      "endpoint",
						      "write",
						      "written",
						      "seen",
						      "think",
						      "thought",
						      "send",
						      "received",
						      "function_start",
						      "function_up",
						      "function_stop",
						      "function_lost",
						      "pod_arrive",
						      "pod_start",
						      "pod_phase",
						      "pod_ready",
						      "pod_failed",
						      "pod_stop",
						      "pod_gone",
						      "node_want",
						      "node_up",
						      "node_down",
						      "record_pod",
						      "record_decision",
						      "node_silent",
						      "upgrade" };

	assert(kind < MSG_KINDS);
	return names[kind];
}

/* Pods without requests stand in a list in the order in which they fell idle, so that the one to
 * end next is its head. */
#include "models/serving/per_request.h"
#include <assert.h>

enum state { SEAT_EMPTY, SEAT_BUSY, SEAT_IDLE, SEAT_ENDING };

void per_request_init(struct per_request *scaler, const struct service_config *config)
{
	*scaler = (struct per_request){ .on = config->autoscaler.class == SCALE_PER_REQUEST,
					.own = config->autoscaler.class == SCALE_PER_REQUEST &&
					       config->autoscaler.own_pod,
					.wanted = (int32_t)config->replicas,
					.idle = LIST_EMPTY };
}

void per_request_release(struct per_request *scaler)
{
	vec_release(&scaler->link);
	vec_release(&scaler->seat);
}

static void leave(struct per_request *scaler, uint32_t seat, enum state state)
{
	if (scaler->seat.at[seat].state == SEAT_IDLE)
		list_cut(&scaler->idle, scaler->link.at, seat);
	scaler->seat.at[seat].state = (uint8_t)state;
}

void per_request_up(struct per_request *scaler, uint32_t seat, int64_t now)
{
	while (scaler->seat.n <= seat) {
		vec_push(&scaler->seat, (struct per_request_seat){ 0 });
		vec_push(&scaler->link, (struct link){ 0 });
	}
	assert(scaler->seat.at[seat].state == SEAT_EMPTY);
	scaler->seat.at[seat].state = SEAT_BUSY;
	scaler->seated++;
	per_request_idle(scaler, seat, now);
}

void per_request_down(struct per_request *scaler, uint32_t seat)
{
	scaler->seated -= scaler->seat.at[seat].state != SEAT_ENDING;
	leave(scaler, seat, SEAT_EMPTY);
}

void per_request_busy(struct per_request *scaler, uint32_t seat)
{
	leave(scaler, seat, SEAT_BUSY);
}

void per_request_idle(struct per_request *scaler, uint32_t seat, int64_t now)
{
	assert(scaler->seat.at[seat].state == SEAT_BUSY);
	scaler->seat.at[seat] = (struct per_request_seat){ now, SEAT_IDLE };
	list_push(&scaler->idle, scaler->link.at, seat);
}

static void tell(struct per_request *scaler, uint32_t service, int32_t wanted, uint32_t retire,
		 struct outbox *out)
{
	struct msg *msg = outbox_add(out, MSG_SCALE, service);

	msg->scale.desired = wanted;
	msg->scale.from = scaler->wanted;
	msg->scale.ready = (int32_t)scaler->seated;
	msg->scale.retire = retire;
	scaler->wanted = wanted;
}

void per_request_waiting(struct per_request *scaler, const struct service_config *config,
			 uint32_t service, uint32_t waiting, struct outbox *out)
{
	uint32_t each = scaler->own ? 1 : (uint32_t)config->concurrency;
	int64_t need = (int64_t)scaler->seated + (waiting + each - 1) / each;

	if (config->autoscaler.max_scale && need > config->autoscaler.max_scale)
		need = config->autoscaler.max_scale;
	if (need > scaler->wanted)
		tell(scaler, service, (int32_t)need, 0, out);
}

int64_t per_request_next(const struct per_request *scaler, const struct kpa_config *config)
{
	if (scaler->idle.head == LIST_NONE || scaler->wanted <= config->min_scale)
		return TIME_NEVER;
	return scaler->seat.at[scaler->idle.head].since_ns + config->idle_ns;
}

uint32_t per_request_due(struct per_request *scaler, const struct kpa_config *config, int64_t now)
{
	uint32_t seat = scaler->idle.head;

	if (per_request_next(scaler, config) > now)
		return NONE;
	leave(scaler, seat, SEAT_ENDING);
	scaler->seated--;
	return seat;
}

void per_request_end(struct per_request *scaler, uint32_t service, uint32_t pod, struct outbox *out)
{
	tell(scaler, service, scaler->wanted - 1, pod + 1, out);
}

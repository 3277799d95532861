/* A pool in blocks, because events must not move; free rows form a list. */
#include "sim/later.h"
#include "base/vec.h"
#include <assert.h>
#include <string.h>

enum { BLOCK = 256 };

struct row {
	struct sim_event event;
	struct later *later;
	struct row *next; /* free list */
	struct msg msg;
	uint32_t instance;
	uint8_t machine;
	unsigned char *load;
	uint32_t load_cap;
};

struct later {
	struct sim *sim;
	later_due *due;
	void *ctx;
	VEC(struct row *) blocks;
	struct row *spare;
};

struct later *later_new(struct sim *sim, later_due *due, void *ctx)
{
	struct later *later = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*later));

	*later = (struct later){ .sim = sim, .due = due, .ctx = ctx };
	return later;
}

void later_free(struct later *later)
{
	for (uint32_t i = 0; i < later->blocks.n * BLOCK; i++)
		free(later->blocks.at[i / BLOCK][i % BLOCK].load);
	for (uint32_t i = 0; i < later->blocks.n; i++)
		free(later->blocks.at[i]);
	vec_release(&later->blocks);
	free(later);
}

static void fire(struct sim *sim, struct sim_event *event)
{
	struct row *row = SIM_OWNER(event, struct row, event);
	struct later *later = row->later;

	(void)sim;
	later->due(later->ctx, row->machine, row->instance, &row->msg,
		   row->msg.load_bytes ? row->load : NULL);
	row->next = later->spare;
	later->spare = row;
}

static void grow(struct later *later)
{
	struct row *block = vec_grow(NULL, &(uint32_t){ 0 }, BLOCK, sizeof(*block));

	vec_push(&later->blocks, block);
	for (uint32_t i = BLOCK; i-- > 0;) {
		block[i] = (struct row){ .event = SIM_EVENT(fire),
					 .later = later,
					 .next = later->spare };
		later->spare = &block[i];
	}
}

void later_post(struct later *later, int64_t delay_ns, enum machine machine, uint32_t instance,
		const struct msg *msg, const void *load)
{
	struct row *row;

	assert(delay_ns >= 0);
	if (!later->spare)
		grow(later);
	row = later->spare;
	later->spare = row->next;
	row->msg = *msg;
	row->machine = (uint8_t)machine;
	row->instance = instance;
	if (msg->load_bytes > row->load_cap)
		row->load = vec_grow(row->load, &row->load_cap, msg->load_bytes, 1);
	if (msg->load_bytes)
		memcpy(row->load, load, msg->load_bytes);
	sim_arm(later->sim, &row->event, sim_now(later->sim) + delay_ns);
}

/* event_load.h - the workloads of bench_event, written once for three engines: include it with
 * ENGINE(name) defined as the engine's prefix pasted to name, and PREFIX as the prefix. It has no
 * include guard, being meant to be included three times. */

struct ENGINE(object) { /* one cache line, as an owner that is touched by its event */
	_Alignas(64) struct ENGINE(event) event;
	uint64_t touched;
};

struct ENGINE(bed) {
	struct PREFIX *engine;
	struct ENGINE(object) *object;
	struct draw draw;
	const struct load *load;
	uint32_t waiting; /* M/M/1 only */
};
static struct ENGINE(bed) *ENGINE(here);

static void ENGINE(hold)(struct PREFIX *engine, struct ENGINE(event) *event)
{
	struct ENGINE(object) *o = (struct ENGINE(object) *)(void *)event; /* its first member */
	struct ENGINE(bed) *bed = ENGINE(here);
	int64_t now = ENGINE(now)(engine);

	o->touched += (uint64_t)now;
	ENGINE(arm)(engine, event, now + bed->load->increment(&bed->draw));
}

static void ENGINE(arrive)(struct PREFIX *engine, struct ENGINE(event) *event)
{
	struct ENGINE(bed) *bed = ENGINE(here);
	int64_t now = ENGINE(now)(engine);

	ENGINE(arm)(engine, event, now + draw_exp(&bed->draw, 1.0 / 0.9));
	if (!bed->waiting++)
		ENGINE(arm)(engine, &bed->object[1].event, now + draw_exp(&bed->draw, 1.0));
}

static void ENGINE(depart)(struct PREFIX *engine, struct ENGINE(event) *event)
{
	struct ENGINE(bed) *bed = ENGINE(here);

	if (--bed->waiting)
		ENGINE(arm)(engine, event, ENGINE(now)(engine) + draw_exp(&bed->draw, 1.0));
}

static void *ENGINE(make)(uint32_t n, const struct load *load)
{
	struct ENGINE(bed) *bed = calloc(1, sizeof(*bed));

	bed->engine = ENGINE(new)();
	bed->object = aligned_alloc(64, n * sizeof(*bed->object));
	bed->draw = draw_seed();
	bed->load = load;
	if (!load->increment) {
		bed->object[0].event = ENGINE(event_of)(ENGINE(arrive));
		bed->object[1].event = ENGINE(event_of)(ENGINE(depart));
		ENGINE(arm)(bed->engine, &bed->object[0].event, 0);
		return bed;
	}
	for (uint32_t i = 0; i < n; i++) {
		bed->object[i].event = ENGINE(event_of)(ENGINE(hold));
		bed->object[i].touched = 0;
		ENGINE(arm)(bed->engine, &bed->object[i].event, load->start(&bed->draw));
	}
	return bed;
}

static uint64_t ENGINE(go)(void *at, int64_t span)
{
	struct ENGINE(bed) *bed = at;
	uint64_t fired = ENGINE(fired)(bed->engine);

	ENGINE(here) = bed;
	ENGINE(run)(bed->engine, ENGINE(now)(bed->engine) + span);
	return ENGINE(fired)(bed->engine) - fired;
}

static uint64_t ENGINE(drop)(void *at)
{
	struct ENGINE(bed) *bed = at;
	uint64_t state = bed->draw.s[0];

	ENGINE(free)(bed->engine);
	free(bed->object);
	free(bed);
	return state;
}
#undef ENGINE
#undef PREFIX

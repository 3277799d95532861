/* A service and its workload many times over.  What is shared out adds up to what it was: rates by
 * the copies' shares, requests by rounding the sum of the shares so far. */
#include "cli/setup.h"
#include <math.h>
#include <stdlib.h>

/* Whether each part of the workload can be shared out among the copies. */
static bool check(const struct setup *setup, struct err *err)
{
	const struct synth_config *load = setup->workload.at;
	int64_t n = setup->copies, services = n * setup->services.n;

	if (services > SERVICES_MAX || n * setup->workload.n > SERVICES_MAX)
		return err_set(err, "copies is %lld: that makes %lld services, expected at most %d",
			       (long long)n, (long long)services, SERVICES_MAX);
	for (uint32_t i = 0; i < setup->workload.n; i++) {
		if (load[i].in_turn)
			continue;
		if (load[i].rate.kind != DIST_CONSTANT)
			return err_set(err,
				       "workload.%u.rate is a distribution, which cannot be "
				       "shared out among %lld copies",
				       i, (long long)n);
		if (load[i].requests && load[i].requests < n)
			return err_set(err, "workload.%u.requests is %lld, too few for %lld copies",
				       i, (long long)load[i].requests, (long long)n);
	}
	return true;
}

/* "chat-3": the third copy of chat. */
static const char *copy_name(struct setup *setup, const char *name, uint32_t copy)
{
	return arena_print(&setup->arena, "%s-%u", name, copy + 1);
}

static void copy_service(struct setup *setup, struct service_config *service, uint32_t copy)
{
	const struct split_config *from = service->split.at;
	struct split_config *split =
		ARENA_ARRAY(&setup->arena, struct split_config, service->split.n);

	service->name = copy_name(setup, service->name, copy);
	for (uint32_t i = 0; i < service->split.n; i++) {
		split[i] = from[i];
		split[i].service = copy_name(setup, from[i].service, copy);
	}
	service->split.at = split;
}

static void copy_services(struct setup *setup)
{
	uint32_t n = (uint32_t)setup->copies, n_services = setup->services.n;
	const struct service_config *from = setup->services.at;
	struct service_config *services =
		ARENA_ARRAY(&setup->arena, struct service_config, n_services * n);

	for (uint32_t i = 0; i < n_services * n; i++) {
		services[i] = from[i % n_services];
		copy_service(setup, &services[i], i / n_services);
	}
	setup->services = (struct opt_list){ services, n_services * n };
}

/* below[k]: the share of the copies before the k-th; NULL where all are alike. */
static const double *shares(struct setup *setup)
{
	uint32_t n = (uint32_t)setup->copies;
	double *below = ARENA_ARRAY(&setup->arena, double, n + 1);

	if (setup->zipf <= 0)
		return NULL;
	for (uint32_t k = 0; k < n; k++)
		below[k + 1] = below[k] + pow(k + 1, -setup->zipf);
	for (uint32_t k = 0; k < n; k++)
		below[k] /= below[n];
	below[n] = 1;
	return below;
}

/* Its part of a load's rate and requests; of requests each has one at least. */
static void share_out(struct setup *setup, const double *below, const struct synth_config *from,
		      uint32_t copy, struct synth_config *to)
{
	int64_t n = setup->copies, spare = from->requests - n;
	double rate =
		below ? from->rate.a * (below[copy + 1] - below[copy]) : from->rate.a / (double)n;
	struct err err;

	if (!below)
		to->requests = from->requests / n + (copy < from->requests % n);
	else if (from->requests)
		to->requests = 1 + (int64_t)floor((double)spare * below[copy + 1]) -
			       (int64_t)floor((double)spare * below[copy]);
	if (!dist_parse(&to->rate, arena_print(&setup->arena, "%.17g/s", rate), UNIT_PER_S,
			&setup->arena, &err))
		abort(); /* the text is our own */
}

/* Each part of the workload `copies` times over, but those that go to all services anyway. */
static void copy_workload(struct setup *setup)
{
	uint32_t n = (uint32_t)setup->copies, n_workload = setup->workload.n, made = 0;
	const struct synth_config *load = setup->workload.at;
	const double *below = shares(setup);
	struct synth_config *loads =
		ARENA_ARRAY(&setup->arena, struct synth_config, n_workload * n);

	for (uint32_t i = 0; i < n_workload * n; i++) {
		const struct synth_config *from = &load[i % n_workload];
		uint32_t copy = i / n_workload;
		struct synth_config *to;

		if (from->in_turn && copy)
			continue;
		to = &loads[made++];
		*to = *from;
		to->service = copy_name(setup, from->service, copy);
		if (!from->in_turn)
			share_out(setup, below, from, copy, to);
	}
	setup->workload = (struct opt_list){ loads, made };
}

bool setup_copy(struct setup *setup, struct err *err)
{
	if (!check(setup, err))
		return false;
	copy_services(setup);
	copy_workload(setup);
	return true;
}

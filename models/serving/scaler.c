/* Zero is reached in steps: the wish is zero; the revision has been active for a stable window
 * (until then one pod is held); it becomes inactive, which puts the activator in the path; and
 * it has been there for the grace period. */
#include "models/serving/scaler.h"
#include "models/serving/kpa.h"
#include "models/world.h"
#include <assert.h>

#define UNKNOWN (-1)
/* source: scaler.go, activationTimeout = progress deadline (600 s) + 30 s */
#define ACTIVATION_TIMEOUT_NS INT64_C(630000000000)

static int32_t least(const struct scaler *scaler, const struct kpa_config *config)
{
	int64_t n = config->min_scale;

	if (!scaler->initialised && config->initial_scale > n)
		n = config->initial_scale;
	return (int32_t)n;
}

/* Ready pods that make a revision active. */
static int32_t threshold(const struct scaler *scaler, const struct kpa_config *config)
{
	int32_t n = least(scaler, config);

	return n > 1 ? n : 1;
}

void scaler_init(struct scaler *scaler, const struct kpa_config *config, int32_t replicas,
		 double total, int64_t now)
{
	double burst = config->target_burst_capacity;

	*scaler = (struct scaler){ .initialised = replicas >= config->initial_scale,
				   .wish = UNKNOWN,
				   .desired = replicas,
				   .status_since_ns = now,
				   .proxy_since_ns = now,
				   .recheck_ns = TIME_NEVER };
	/* source: multiscaler.go, createScaler: as if Scale() had seen these pods and no load */
	scaler->ebc = burst > 0 ? (int32_t)((replicas > 1 ? replicas : 1) * total - burst)
				: (int32_t)burst;
	if (replicas >= threshold(scaler, config)) {
		scaler->status = SCALER_ACTIVE;
	} else if (replicas || least(scaler, config)) {
		scaler->status = SCALER_ACTIVATING;
	} else {
		scaler->status = SCALER_INACTIVE;
		scaler->wish = 0; /* it was scaled to zero before: a request pokes it */
	}
	scaler->proxy = !replicas || scaler->ebc < 0 || scaler->status == SCALER_INACTIVE;
	scaler_reconcile(scaler, config, replicas, now);
}

void scaler_wish(struct scaler *scaler, const struct kpa_decision *decision)
{
	if (!decision->valid)
		return;
	scaler->wish = decision->desired;
	scaler->ebc = decision->ebc;
	scaler->panic = decision->panic;
}

static void wait_until(struct scaler *scaler, int64_t time)
{
	if (time < scaler->recheck_ns)
		scaler->recheck_ns = time;
}

/* Whether an inactive revision has been behind the activator for long enough to lose its last
 * pod. */
static bool may_end(struct scaler *scaler, const struct kpa_config *config, int64_t now)
{
	int64_t idle_ns = now - scaler->status_since_ns, proxy_ns = now - scaler->proxy_since_ns;
	int64_t grace_ns = config->grace_ns, kept_ns = config->retention_ns;

	if (idle_ns >= kept_ns && (idle_ns >= grace_ns || proxy_ns >= grace_ns))
		return true;
	/* Retention counts from inactivity; the grace period from the earlier of that and proxy
	 * mode. */
	grace_ns -= proxy_ns > idle_ns ? proxy_ns : idle_ns;
	kept_ns -= idle_ns;
	wait_until(scaler, now + (grace_ns > kept_ns ? grace_ns : kept_ns));
	return false;
}

/* The count wanted now (-1 = unknown), and in *apply whether to ask the control plane for it. */
static int32_t want(struct scaler *scaler, const struct kpa_config *config, int64_t now,
		    bool *apply)
{
	int32_t n = scaler->wish, low = least(scaler, config);
	int64_t active_ns = now - scaler->status_since_ns;

	*apply = false;
	if (n < 0 && scaler->status != SCALER_ACTIVATING)
		return UNKNOWN;
	if (n < low)
		n = low;
	if (config->max_scale && n > config->max_scale)
		n = (int32_t)config->max_scale;
	if (n <= 0) {
		if (!config->scale_to_zero) {
			n = 1;
		} else if (scaler->status == SCALER_ACTIVATING) {
			if (active_ns < ACTIVATION_TIMEOUT_NS) {
				wait_until(scaler, scaler->status_since_ns + ACTIVATION_TIMEOUT_NS);
				return UNKNOWN;
			}
			n = 0;
		} else if (scaler->status == SCALER_ACTIVE) {
			if (active_ns >= config->stable_window_ns)
				return 0; /* not applied: becomes inactive first */
			wait_until(scaler, scaler->status_since_ns + config->stable_window_ns);
			n = 1;
		} else if (scaler->desired && !may_end(scaler, config, now)) {
			return 0;
		}
	}
	*apply = true;
	return n;
}

/* source: kpa.go, computeActiveCondition */
static enum scaler_status status(const struct scaler *scaler, int32_t wanted, int32_t ready,
				 int32_t needed)
{
	if (wanted == 0)
		return SCALER_INACTIVE;
	if (wanted < 0 && scaler->status == SCALER_INACTIVE)
		return SCALER_INACTIVE;
	return ready < needed ? SCALER_ACTIVATING : SCALER_ACTIVE;
}

void scaler_reconcile(struct scaler *scaler, const struct kpa_config *config, int32_t ready,
		      int64_t now)
{
	enum scaler_status before;

	do {
		int32_t wanted, needed = threshold(scaler, config);
		bool apply, proxy;

		scaler->recheck_ns = TIME_NEVER;
		wanted = want(scaler, config, now, &apply);
		if (apply)
			scaler->desired = wanted;
		before = scaler->status;
		scaler->status = status(scaler, wanted, ready, needed);
		if (scaler->status != before)
			scaler->status_since_ns = now;
		scaler->initialised |= ready >= needed;
		/* In serve mode without a ready pod traffic falls back to the activator. */
		proxy = wanted == 0 || scaler->ebc < 0 || scaler->status == SCALER_INACTIVE ||
			!ready;
		if (proxy && !scaler->proxy)
			scaler->proxy_since_ns = now;
		scaler->proxy = proxy;
	} while (scaler->status != before);
	assert(scaler->desired >= 0 && scaler->recheck_ns > now);
}

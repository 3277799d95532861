/* Measuring: sums over the ends of requests or pods, in batches, for a mean and its interval. */
#include "base/vec.h"
#include "cli/oracle_form.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

enum { BATCHES = 30 };

struct oracle_meter {
	struct oracle_config config;
	struct oracle_form form[ORACLE_FORMS];
	uint32_t forms;
	uint64_t seen, skip, per_batch;
	double sum[BATCHES][ORACLE_FORMS];
	double pods; /* in the mean */
	uint64_t n[BATCHES];
};

struct oracle_meter *oracle_meter_new(const struct oracle_config *config)
{
	struct oracle_meter *meter = vec_grow(NULL, &(uint32_t){ 0 }, 1, sizeof(*meter));

	*meter = (struct oracle_meter){ .config = *config };
	meter->forms = oracle_forms(config, meter->form);
	meter->skip = (uint64_t)((double)config->requests * config->warmup);
	meter->per_batch = ((uint64_t)config->requests - meter->skip) / BATCHES;
	if (!meter->per_batch)
		meter->per_batch = 1;
	return meter;
}

void oracle_meter_free(struct oracle_meter *meter)
{
	free(meter);
}

/* One value of each quantity, of what came (or ended) as this one. */
static void add(struct oracle_meter *meter, uint64_t which, const double *value)
{
	uint64_t batch;

	if (which < meter->skip)
		return;
	batch = (which - meter->skip) / meter->per_batch;
	if (batch >= BATCHES)
		return;
	for (uint32_t i = 0; i < meter->forms; i++)
		meter->sum[batch][i] += value[i];
	meter->n[batch]++;
}

void oracle_meter_request(struct oracle_meter *meter, const struct request_record *record)
{
	const int64_t *part = record->part_ns;
	double value, faas[ORACLE_FORMS] = { 0 };

	if (record->outcome != OUT_COMPLETED)
		return;
	if (meter->config.kind == ORACLE_FAAS) {
		oracle_faas_values(record, faas);
		add(meter, meter->seen++, faas);
		return;
	}
	if (meter->config.kind == ORACLE_POWER_OF_D)
		value = (double)(record->end_ns - record->arrival_ns) / 1e9;
	else
		value = (double)(part[PART_ACTIVATOR] + part[PART_QUEUE_PROXY] +
				 part[PART_BATCH_WAIT]) /
			1e9;
	add(meter, meter->seen++, &value);
}

void oracle_meter_pod(struct oracle_meter *meter, const struct pod_record *record)
{
	double value[ORACLE_FORMS] = { record->end == POD_UNSCHEDULABLE, record->probes,
				       record->migrations > 0 };
	bool perfect = meter->config.cache == ORACLE_CACHE_PERFECT;

	if (meter->config.kind == ORACLE_SPARROW || meter->config.kind == ORACLE_FAAS)
		return;
	if (record->end == POD_READY || record->end == POD_UNSCHEDULABLE)
		add(meter, meter->seen++, value + perfect);
}

void oracle_meter_job(struct oracle_meter *meter, const struct job_record *record)
{
	double value = (double)(record->end_ns - record->arrival_ns) / 1e9;

	/* By arrival: those that end last in a short run are the longest. */
	if (meter->config.kind == ORACLE_SPARROW)
		add(meter, record->id, &value);
}

static struct oracle read_one(const struct oracle_meter *meter, uint32_t i)
{
	struct oracle oracle = { .quantity = meter->form[i].quantity, .unit = "" };
	double mean = 0, spread = 0;
	int batches = 0;

	for (; batches < BATCHES && meter->n[batches] == meter->per_batch; batches++)
		mean += meter->sum[batches][i] / (double)meter->n[batches];
	mean /= batches ? batches : 1;
	for (int b = 0; b < batches; b++)
		spread += pow(meter->sum[b][i] / (double)meter->n[b] - mean, 2);
	oracle.simulated = batches ? mean : NAN;
	oracle.half_width_95 = batches > 1 ? gsl_cdf_tdist_Pinv(0.975, batches - 1) *
						     sqrt(spread / (batches - 1) / batches)
					   : NAN;
	oracle.expected = meter->form[i].expected;
	oracle.bias = meter->form[i].bias;
	return oracle;
}

void oracle_meter_pods(struct oracle_meter *meter, double pods)
{
	meter->pods = pods;
}

/* Means over the whole run have no batches. */
static void read_pods(const struct oracle_meter *meter, struct oracle *oracle)
{
	oracle[2].simulated = meter->pods;
	oracle[3].simulated = meter->pods - oracle[1].simulated;
	oracle[2].half_width_95 = oracle[3].half_width_95 = NAN;
}

uint32_t oracle_meter_read(const struct oracle_meter *meter, struct oracle oracle[ORACLE_FORMS])
{
	for (uint32_t i = 0; i < meter->forms; i++)
		oracle[i] = read_one(meter, i);
	if (meter->config.kind == ORACLE_FAAS)
		read_pods(meter, oracle);
	return meter->forms;
}

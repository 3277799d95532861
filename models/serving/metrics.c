/* The size of a sample of pods. */
#include "models/serving/metrics.h"
#include <math.h>

uint32_t metrics_sample(uint32_t ready)
{
	double n = ready, x = 1.96 * 1.96 * 100 / 25;

	return ready <= 3 ? ready : (uint32_t)ceil(n * x / (n + x - 1));
}

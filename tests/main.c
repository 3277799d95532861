/* The test program: every suite of suites.h, each test in a process of its own.
 *
 * sonde-test [SUITE]  runs all, or one; Check's own variables (CK_RUN_CASE, CK_FORK=no,
 * CK_VERBOSITY) work as ever. */
#include "tests/suites.h"
#include <stdio.h>
#include <stdlib.h>

static Suite *(*const suites[])(void) = {
	api_suite,
	audit_suite,
	base_dist_suite,
	base_err_suite,
	base_hist_suite,
	base_memory_suite,
	base_opt_suite,
	base_rng_suite,
	base_unit_suite,
	bootstrap_suite,
	cluster_suite,
	shapes_suite,
	fragment_suite,
	openb_suite,
	cold_start_suite,
	compare_suite,
	control_suite,
	control_faults_suite,
	control_random_suite,
	engine_suite,
	event_misuse_suite,
	event_suite,
	event_lockstep_suite,
	explain_suite,
	flow_suite,
	crew_suite,
	functional_suite,
	gang_suite,
	gpu_suite,
	godel_suite,
	preempt_suite,
	rollout_suite,
	faults_suite,
	world_random_suite,
	input_suite,
	jobs_suite,
	kpa_suite,
	kube_suite,
	kubelet_suite,
	loss_suite,
	per_request_suite,
	net_suite,
	note_suite,
	points_suite,
	pools_suite,
	probing_suite,
	results_suite,
	results_files_suite,
	scaler_suite,
	scaling_suite,
	scenario_bad_suite,
	scenario_dump_suite,
	scenario_load_suite,
	seats_suite,
	serving_suite,
	serving_random_suite,
	shared_suite,
	storage_suite,
	store_suite,
	study_suite,
	synth_suite,
	tenants_suite,
	trace_info_suite,
	traces_suite,
	two_level_suite,
	sampling_suite,
	NULL,
};

int main(int argc, char **argv)
{
	SRunner *runner;
	int failed;

	if (argc > 2) {
		fprintf(stderr, "usage: %s [SUITE]\n", argv[0]);
		return 2;
	}
	/* Check's four seconds a test are too few on a busy machine; read where a case is made. */
	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	runner = srunner_create(NULL);
	for (size_t i = 0; suites[i]; i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run(runner, argc == 2 ? argv[1] : NULL, NULL, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}

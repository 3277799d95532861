/* suites.h - every suite of the test program: one line each, sorted; main.c runs them. */
#ifndef TESTS_SUITES_H
#define TESTS_SUITES_H
#include <check.h>

/* Each makes the suite of the file test_NAME.c. */
Suite *api_suite(void);
Suite *base_dist_suite(void);
Suite *base_err_suite(void);
Suite *base_hist_suite(void);
Suite *base_memory_suite(void);
Suite *base_opt_suite(void);
Suite *base_rng_suite(void);
Suite *base_unit_suite(void);
Suite *bootstrap_suite(void);
Suite *cluster_suite(void);
Suite *cold_start_suite(void);
Suite *compare_suite(void);
Suite *control_suite(void);
Suite *control_faults_suite(void);
Suite *control_random_suite(void);
Suite *engine_suite(void);
Suite *event_suite(void);
Suite *event_lockstep_suite(void);
Suite *flow_suite(void);
Suite *functional_suite(void);
Suite *gpu_suite(void);
Suite *input_suite(void);
Suite *kpa_suite(void);
Suite *kubelet_suite(void);
Suite *loss_suite(void);
Suite *net_suite(void);
Suite *results_suite(void);
Suite *results_files_suite(void);
Suite *scaler_suite(void);
Suite *scaling_suite(void);
Suite *scenario_bad_suite(void);
Suite *scenario_dump_suite(void);
Suite *scenario_load_suite(void);
Suite *seats_suite(void);
Suite *serving_suite(void);
Suite *serving_random_suite(void);
Suite *storage_suite(void);
Suite *store_suite(void);
Suite *synth_suite(void);
Suite *trace_info_suite(void);
Suite *traces_suite(void);
#endif

/* suites.h - every suite of the test program: one line each, sorted; main.c runs them. */
#ifndef TESTS_SUITES_H
#define TESTS_SUITES_H
#include <check.h>

/* Each makes the suite of the file test_NAME.c. */
Suite *event_lockstep_suite(void);
Suite *event_suite(void);
#endif

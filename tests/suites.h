/* suites.h - every suite of the test program: one line each, in the order of the alphabet; main.c runs them. */
#ifndef TESTS_SUITES_H
#define TESTS_SUITES_H
#include <check.h>

#endif

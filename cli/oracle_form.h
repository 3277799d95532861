/* oracle_form.h - the closed forms that oracle scenarios are held against, and by how much a finite
 * system may differ from those that hold for infinitely many queues or partitions.  Pure functions
 * of the oracle's options. */
#ifndef CLI_ORACLE_FORM_H
#define CLI_ORACLE_FORM_H
#include "cli/oracle.h"

/* One quantity: what it is called, its value by the form, and the room of a finite system (0 where
 * the form is exact). */
struct oracle_form { const char *quantity; double expected, bias; };

/* The quantities of this oracle, in the order in which they are measured; returns how many. */
uint32_t oracle_forms(const struct oracle_config *config, struct oracle_form form[ORACLE_FORMS]);

/* Erlang's B: blocking of `servers` servers at this offered load, by B_0 = 1,
 * B_k = a B_{k-1} / (k + a B_{k-1}) (Erlang 1917). */
double oracle_erlang_b(int64_t servers, double offered);
/* The share of partitions that are full, where a full home probes up to `probes` others:
 * p = B(C, load C theta), theta = 1 + p (1 - p^d)/(1 - p) (derived for this project, in
 * mean field). */
double oracle_full_share(double capacity, double load, double probes);
/* V6: the share of a round's requests that conflict. */
double oracle_round_conflict(double schedulers, double requests, double slots);
/* V7: the share of tasks that conflict. */
double oracle_omega_conflict(const struct oracle_config *config);
/* By how much they may differ from that, all being refused that conflict. */
double oracle_omega_bias(const struct oracle_config *config);
/* V12: the quantities, and those of them that a request tells. */
uint32_t oracle_faas_forms(struct oracle_form *form);
void oracle_faas_values(const struct request_record *record, double *value);
/* The same where it is known who has room and only they are probed: p = B(C, load C / (1 - p)). */
double oracle_full_share_perfect(double capacity, double load);
/* sparrow: the mean time from a job's arrival to the end of its last task, in seconds; NaN where
 * there is no reference. */
double oracle_sparrow_response(const struct oracle_config *config);
/* The same for tasks that go to nodes at random, by the form. */
double oracle_random_response(const struct oracle_config *config);
#endif

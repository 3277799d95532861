/* audit.h - a Kubernetes API audit log, counted: who writes what how often, and how long the API
 * server took.
 *
 * JSON lines of audit.k8s.io/v1 Event objects, plain, gzip or zstd, in one pass: memory goes with
 * the number of different clients, verbs and resources.  An event counts once, at the stage
 * ResponseComplete (or Panic).  Clients go by their service account, with the program of the user
 * agent where many programs share one; all kubelets are one.  What a count means for a control
 * plane is sonde trace audit's; this knows no control plane. */
#ifndef TRACES_AUDIT_H
#define TRACES_AUDIT_H
#include "base/err.h"
#include "base/hist.h"
#include "base/vec.h"

/* Requests of one client with one verb on one resource. */
struct audit_row {
	char *client;            /* "kube-system/replicaset-controller", "kubelet", ... */
	char *verb;              /* "create" */
	char *resource;          /* "pods", "pods/binding" */
	uint64_t n, succeeded;   /* status below 400 */
	struct hist latency;     /* ns, of all but watches */
};

struct audit {
	VEC(struct audit_row) row;   /* sorted by client, resource, verb once read */
	uint32_t *slot, slots;       /* hash table of row + 1 */
	uint64_t lines, events, started; /* started: pods created */
	int64_t from_ns, to_ns;      /* stage timestamps, since 1970 */
};

/* Reads the whole log at path; false with file:line:col where a line is no event. What was made is
 * released by audit_release in either case. */
bool audit_read(struct audit *audit, const char *path, struct err *err);
/* Frees it. */
void audit_release(struct audit *audit);
/* Whether a verb writes. */
bool audit_writes(const char *verb);
/* "2026-11-23T12:00:00.123456Z" in ns since 1970; false where text is none. */
bool audit_time(const char *text, int64_t *ns);
#endif

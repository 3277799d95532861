/* An audit log is counted by client, verb and resource; a line that is no event is named. */
#include "tests/fake_run.h"
#include "tests/suites.h"
#include "traces/audit.h"
#include <stdio.h>
#include <string.h>

static struct err err;
static struct audit audit;

static void setup(void)
{
	ck_assert_ptr_nonnull(fake_folder());
	err = (struct err){ .line = 0 };
}

static void teardown(void)
{
	audit_release(&audit);
	fake_folder_remove();
}

static const char *log_of(const char *text)
{
	FILE *file = fopen(fake_path("audit.log"), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	return fake_path("audit.log");
}

#define EVENT(STAGE, USER, AGENT, VERB, OBJECT, CODE, AT) \
	"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\"," \
	"\"stage\":\"" STAGE "\",\"verb\":\"" VERB "\",\"user\":{\"username\":\"" USER "\"}," \
	"\"userAgent\":\"" AGENT "\",\"objectRef\":{" OBJECT \
	"},\"responseStatus\":{\"code\":" CODE \
	"},\"requestReceivedTimestamp\":\"2026-11-23T12:00:00.000000Z\",\"stageTimestamp\":" \
	"\"2026-11-23T12:00:" AT "Z\"}\n"
#define DONE "ResponseComplete"
#define SA "system:serviceaccount:"
#define RS SA "kube-system:replicaset-controller"
#define POD "\"resource\":\"pods\",\"name\":\"a\""

static const struct audit_row *row(const char *client, const char *verb, const char *resource)
{
	for (uint32_t i = 0; i < audit.row.n; i++)
		if (!strcmp(audit.row.at[i].client, client) &&
		    !strcmp(audit.row.at[i].verb, verb) &&
		    !strcmp(audit.row.at[i].resource, resource))
			return &audit.row.at[i];
	ck_abort_msg("no row %s %s %s", client, verb, resource);
}

START_TEST(events_are_counted_once)
{
	const struct audit_row *r;

	ck_assert_msg(
		audit_read(&audit,
			   log_of(EVENT("RequestReceived", RS, "kcm/v1", "create", POD, "0",
					"00.000") "\n" EVENT(DONE, RS, "kcm/v1", "create", POD,
							     "201", "00.004")
					  EVENT(DONE, RS, "kcm/v1", "create", POD, "409", "00.006")
						  EVENT(DONE, RS, "kcm/v1", "create", POD, "201",
							"00.008") EVENT(DONE, RS, "kcm/v1", "watch",
									POD, "200", "59.000")),
			   &err),
		"%s", err.text);
	ck_assert_uint_eq(audit.lines, 6);
	ck_assert_uint_eq(audit.events, 4);
	ck_assert_uint_eq(audit.started, 2);
	ck_assert_int_eq(audit.to_ns - audit.from_ns, 58996000000);
	r = row("kube-system/replicaset-controller", "create", "pods");
	ck_assert_uint_eq(r->n, 3);
	ck_assert_uint_eq(r->succeeded, 2);
	ck_assert_uint_eq(r->latency.count, 3);
	ck_assert_int_eq(r->latency.max, 8000000);
	ck_assert_double_eq_tol(hist_mean(&r->latency), 6e6, 1);
	/* How long a watch was open is no latency. */
	ck_assert_uint_eq(row("kube-system/replicaset-controller", "watch", "pods")->latency.count,
			  0);
}
END_TEST

START_TEST(clients_have_names)
{
	ck_assert_msg(
		audit_read(&audit,
			   log_of(EVENT(DONE, "system:node:n1", "kubelet/v1", "patch",
					POD ",\"subresource\":\"status\"", "200",
					"01") EVENT(DONE, "system:node:n2", "kubelet/v1", "patch",
						    POD ",\"subresource\":\"status\"", "200", "01")
					  EVENT(DONE, "system:kube-scheduler", "kube-scheduler/v1",
						"create", POD ",\"subresource\":\"binding\"", "201",
						"01") EVENT(DONE, SA "knative-serving:controller",
							    "autoscaler/v0.0 (x)", "patch",
							    "\"resource\":\"deployments\"", "200",
							    "01")
						  EVENT(DONE, "system:kube-controller-manager",
							"kube-controller-manager/v1 (l) k/1/" SA
							"kube-system:deployment-controller",
							"update", "\"resource\":\"replicasets\"",
							"200", "01")
							  EVENT(DONE, "jane", "kubectl/v1", "get",
								"", "200", "01")),
			   &err),
		"%s", err.text);
	ck_assert_uint_eq(row("kubelet", "patch", "pods/status")->n, 2);
	ck_assert_uint_eq(row("kube-scheduler", "create", "pods/binding")->n, 1);
	ck_assert_uint_eq(row("knative-serving/controller (autoscaler)", "patch", "deployments")->n,
			  1);
	ck_assert_uint_eq(row("kube-system/deployment-controller", "update", "replicasets")->n, 1);
	ck_assert_uint_eq(row("jane", "get", "none")->n, 1);
	ck_assert_str_eq(audit.row.at[0].client, "jane");
}
END_TEST

/* More rows than the first table of slots has room for. */
START_TEST(many_clients)
{
	FILE *file = fopen(fake_path("many.log"), "w");

	for (int i = 0; i < 3000; i++)
		fprintf(file,
			"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"stage\":\"" DONE
			"\",\"verb\":\"create\",\"user\":{\"username\":\"u%d\"},\"objectRef\":{"
			"\"resource\":\"pods\"},\"stageTimestamp\":\"2026-11-23T12:00:00Z\"}\n",
			i % 1000);
	fclose(file);
	ck_assert_msg(audit_read(&audit, fake_path("many.log"), &err), "%s", err.text);
	ck_assert_uint_eq(audit.row.n, 1000);
	for (uint32_t i = 0; i < audit.row.n; i++) {
		ck_assert_uint_eq(audit.row.at[i].n, 3);
		ck_assert(!i || strcmp(audit.row.at[i - 1].client, audit.row.at[i].client) < 0);
	}
}
END_TEST

static void bad(const char *text, int line, const char *says)
{
	ck_assert(!audit_read(&audit, log_of(text), &err));
	ck_assert_msg(err.line == line && strstr(err.text, says), "%d: %s", err.line, err.text);
	ck_assert_ptr_nonnull(strstr(err.file, "audit.log"));
	audit_release(&audit);
}

START_TEST(lines_that_are_no_events)
{
	static const char good[] = EVENT(DONE, RS, "kcm/v1", "create", POD, "201", "00.004");
	char text[2048];

	bad("", 0, "no event");
	bad("hello\n", 1, "not valid JSON");
	snprintf(text, sizeof(text), "%s%.60s\n", good, good);
	bad(text, 2, "not valid JSON");
	snprintf(text, sizeof(text), "%.*s trailing\n", (int)strlen(good) - 1, good);
	bad(text, 1, "not valid JSON");
	bad("[1, 2]\n", 1, "not an audit event");
	bad("{\"kind\":\"Pod\"}\n", 1, "not an audit event");
	bad("{\"kind\":\"Event\",\"apiVersion\":\"v1\"}\n", 1, "expected audit.k8s.io/v1");
	bad("{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"stage\":\"Panic\"}\n", 1,
	    "no verb");
	bad(EVENT(DONE, RS, "", "get", "", "200", "yesterday"), 1, "expected a time");
	ck_assert(!audit_read(&audit, fake_path("nothing"), &err));
}
END_TEST

START_TEST(times)
{
	int64_t ns;

	ck_assert(audit_time("1970-01-01T00:00:00Z", &ns));
	ck_assert_int_eq(ns, 0);
	ck_assert(audit_time("2000-02-29T23:59:59.5Z", &ns));
	ck_assert_int_eq(ns, INT64_C(951868799500000000));
	ck_assert(audit_time("2026-11-23T12:00:00.123456+00:00", &ns));
	ck_assert_int_eq(ns, INT64_C(1795435200123456000));
	ck_assert(!audit_time("2026-13-01T00:00:00Z", &ns));
	ck_assert(!audit_time("2026-11-23 12:00:00", &ns));
	ck_assert(!audit_time("", &ns));
}
END_TEST

Suite *audit_suite(void)
{
	Suite *suite = suite_create("audit");
	TCase *tc = tcase_create("audit");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, events_are_counted_once);
	tcase_add_test(tc, clients_have_names);
	tcase_add_test(tc, many_clients);
	tcase_add_test(tc, lines_that_are_no_events);
	tcase_add_test(tc, times);
	suite_add_tcase(suite, tc);
	return suite;
}

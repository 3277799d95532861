# An audit log becomes a block of visits that a scenario includes; the catalogue's counts are the options' defaults.
set -eu
ok=$PWD/scenarios/quickstart.yaml

# 20 cold starts from zero: what Knative and Kubernetes write, by our own telling; one create is refused and made again.
awk '
function event(user, agent, verb, resource, part, code, took) {
	printf "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"stage\":\"ResponseComplete\"," \
		"\"verb\":\"%s\",\"user\":{\"username\":\"system:%s\"},\"userAgent\":\"%s/v1\",\"objectRef\":{\"resource\":\"%s\"%s}," \
		"\"responseStatus\":{\"code\":%d},\"requestReceivedTimestamp\":\"2026-11-23T12:00:%02d.000000Z\"," \
		"\"stageTimestamp\":\"2026-11-23T12:00:%02d.%06dZ\"}\n", verb, user, agent, resource,
		part ? ",\"subresource\":\"" part "\"" : "", code, second, second, took
}
BEGIN {
	sa = "serviceaccount:kube-system:"
	for (second = 0; second < 20; second++) {
		event("serviceaccount:knative-serving:controller", "autoscaler", "patch", "deployments", "", 200, 3000)
		event("serviceaccount:knative-serving:controller", "autoscaler", "update", "podautoscalers", "status", 200, 4000)
		event("serviceaccount:knative-serving:controller", "autoscaler", "update", "serverlessservices", "status", 200, 4000)
		event("serviceaccount:knative-serving:controller", "autoscaler", "update", "leases", "", 200, 1000)
		event(sa "deployment-controller", "kcm", "update", "replicasets", "", 200, 2000)
		event(sa "deployment-controller", "kcm", "update", "deployments", "status", 200, 2000)
		event(sa "replicaset-controller", "kcm", "create", "pods", "", 201, 1000 * (second + 1))
		if (second == 7)
			event(sa "replicaset-controller", "kcm", "create", "pods", "", 500, 9000)
		event(sa "replicaset-controller", "kcm", "update", "replicasets", "status", 200, 2000)
		event(sa "replicaset-controller", "kcm", "create", "events", "", 201, 2000)
		event("kube-scheduler", "kube-scheduler", "create", "pods", "binding", 201, 5000)
		event("node:n" second, "kubelet", "patch", "pods", "status", 200, 2000)
		event(sa "endpointslice-controller", "kcm", "update", "endpointslices", "", 200, 2000)
		event(sa "endpoint-controller", "kcm", "update", "endpoints", "", 200, 2000)
	}
}' >"$TMP/audit.log"
"$SONDE" trace audit "$TMP/audit.log" >"$TMP/visits.yaml"
for line in 'autoscale: 3  # 60 writes, 20 changes of scale: 3.00' 'deployment: 2  # 40 writes, 20 changes of scale: 2.00' \
	'create: 1  # 21 writes, 20 pods started: 1.05' 'replicaset: 1  # 20 writes' '# remove: no pods deleted in this log' \
	'bind: 1  # 20 writes, 20 pods bound: 1.00' '# unschedulable: no' 'endpoints: 2  # 40 writes, 20 pods started or deleted' \
	'kubelet  *20  *0  *1.00$' 'kube-system/replicaset-controller  *61  *1  *3.05$' \
	'create pods  *21  *10 ms  *18.* ms  *20 ms$'; do
	grep -q "^[ #]*$line" "$TMP/visits.yaml" || { echo "missing: $line" && cat "$TMP/visits.yaml" && exit 1; }
done
"$SONDE" trace audit "$TMP/audit.log" --json | grep -q '"create": 1.05'
gzip -c "$TMP/audit.log" >"$TMP/audit.log.gz"
"$SONDE" trace audit "$TMP/audit.log.gz" | sed 's/log.gz/log/' | cmp - "$TMP/visits.yaml"

# A scenario includes it; what the log does not say comes from the catalogue, what the scenario says goes over both.
printf 'include: [%s, visits.yaml]\ncontrol_plane: {visits_from: kubernetes, visits: {bind: 4}}\n' "$ok" >"$TMP/with.yaml"
"$SONDE" check "$TMP/with.yaml" >"$TMP/checked"
grep -q 'deployment: 2 .*visits.yaml:' "$TMP/checked"
grep -q 'remove: 1 .*control_plane.visits_from: replicaset/replica_set.go' "$TMP/checked"
grep -q 'bind: 4 .*with.yaml:2' "$TMP/checked"

# The catalogue's counts are the defaults.
"$SONDE" check "$ok" | sed -n '/^  visits:/,/^  [a-z]*:$/p' | sed -n 's/^    \([a-z]*\): \([0-9]*\) .*/\1 \2/p' >"$TMP/catalogue"
"$SONDE" help control_plane.visits | sed -n 's/^  \([a-z]*\)  *\([0-9][0-9]*\)  *.*/\1 \2/p' >"$TMP/defaults"
[ "$(wc -l <"$TMP/catalogue")" = 8 ]
cmp "$TMP/catalogue" "$TMP/defaults"
"$SONDE" models | grep -q '^  knative  *autoscale 3 deployment 3'
! "$SONDE" check "$ok" --set control_plane.visits_from=kubernets 2>"$TMP/err"
grep -q "no control 'kubernets' in the catalogue; did you mean 'kubernetes'" "$TMP/err"

# What is no audit log is said, with the line.
sed '3s/^{/[/' "$TMP/audit.log" >"$TMP/bad.log"
! "$SONDE" trace audit "$TMP/bad.log" >"$TMP/out" 2>"$TMP/err"
[ ! -s "$TMP/out" ] && grep -q '^sonde: .*bad.log:3:[0-9]*: not valid JSON' "$TMP/err"

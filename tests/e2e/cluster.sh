# sonde cluster import: what kubectl prints becomes a cluster that runs.
set -eu

node() { # NAME GPUS CPU PRODUCT
	printf '{"kind": "Node", "metadata": {"name": "%s", "labels": {"nvidia.com/gpu.product": "%s"}},
  "status": {"allocatable": {"nvidia.com/gpu": "%s", "cpu": "%s", "memory": "1007Gi", "pods": "110"},
    "conditions": [{"type": "Ready", "status": "True"}]}},\n' "$1" "$4" "$2" "$3"
}
{
	printf '{"apiVersion": "v1", "kind": "List", "items": [\n'
	node a 8 127500m NVIDIA-A100-SXM4-80GB
	node b 8 127500m NVIDIA-A100-SXM4-80GB
	node c 4 7910m Tesla-T4
	printf '{"kind": "Pod", "spec": {"nodeName": "b", "containers": [{"resources": {"limits": {"nvidia.com/gpu": 6,
  "cpu": "500m"}}}]}, "status": {"phase": "Running"}}\n]}\n'
} >"$TMP/cluster.json"

"$SONDE" cluster import "$TMP/cluster.json" >"$TMP/cluster.yaml"
"$SONDE" cluster import "$TMP/cluster.json" --out "$TMP/out.yaml"
cmp "$TMP/cluster.yaml" "$TMP/out.yaml"
"$SONDE" cluster import - <"$TMP/cluster.json" | tail -n +2 >"$TMP/piped.yaml"
tail -n +2 "$TMP/cluster.yaml" | cmp - "$TMP/piped.yaml"
cat >"$TMP/want.yaml" <<'EOF'
cluster:
  groups:
    - {name: a100-80g, nodes: 2, gpus: 8, gpu: a100-80g, cpu: 127500, memory: 1007GiB, pods: 110}  # NVIDIA-A100-SXM4-80GB, in use: 6 of 16 GPUs, 1 pods
    - {name: t4, nodes: 1, gpus: 4, gpu: t4, cpu: 7900, memory: 1007GiB, pods: 110}  # Tesla-T4, in use: 0 of 4 GPUs, 0 pods
EOF
grep -v '^#' "$TMP/cluster.yaml" | cmp - "$TMP/want.yaml"

# Twelve pods of a GPU each ask for A100s: all of them find one; of what is free, ten do.
cat >"$TMP/load.yaml" <<'EOF'
replicas: 12
duration: 60s
workload: [{rate: 5/s, requests: 20}]
EOF
cat "$TMP/cluster.yaml" "$TMP/load.yaml" >"$TMP/all.yaml"
"$SONDE" check "$TMP/all.yaml" >"$TMP/out"
"$SONDE" run "$TMP/all.yaml" --quiet --json >"$TMP/out"
grep -q '"completed": *20\b' "$TMP/out"
"$SONDE" cluster import "$TMP/cluster.json" --free >"$TMP/free.yaml"
grep -q 'name: a100-80g-2, nodes: 1, gpus: 2,' "$TMP/free.yaml"
cat "$TMP/free.yaml" "$TMP/load.yaml" >"$TMP/all.yaml"
if "$SONDE" check "$TMP/all.yaml" >"$TMP/out" 2>"$TMP/err"; then exit 1; fi
grep -q '10 of its 12 replicas fit' "$TMP/err"

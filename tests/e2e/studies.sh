# Every study is sound, has a section in docs/studies.md with its picture, and runs; a million pods become ten thousand.
# What pods were bound is what there was, once each, and the books at the end of a run are in order.
set -eu
for study in scenarios/studies/*.yaml; do
	name=$(basename "$study" .yaml)
	"$SONDE" check "$study" >"$TMP/effective.yaml"
	[ "$name" = rivals ] || grep -q "^## $name\$" docs/studies.md || grep -q "$name.yaml" docs/studies.md
	picture=docs/studies/$name.png
	[ ! -e "$picture" ] || grep -q "(studies/$name.png)" docs/*.md
done
for variant in central functional; do
	"$SONDE" run scenarios/studies/million-pods.yaml --variant "$variant" --set pods.count=10000 --set cluster.nodes=1000 \
		--json >"$TMP/pods.json"
	grep -q '"placements": 10000,' "$TMP/pods.json"
	grep -A1 '"pods": {' "$TMP/pods.json" | grep -q '"ready": 10000,'
done
"$SONDE" sweep scenarios/studies/skew.yaml --out "$TMP/skew.db" --set sweep.replications.min=1 --set sweep.replications.max=1 \
	--set pods.count=500 --quiet >"$TMP/skew.txt"
# A results file without details has the whole's figures, and no pods.
[ "$(sqlite3 "$TMP/skew.db" "SELECT count(DISTINCT service), (SELECT count(*) FROM pod) FROM metric")" = "1|0" ]
"$SONDE" run scenarios/studies/sparse.yaml --variant central --set duration=600s --set details=true --out "$TMP/sparse.db" \
	--quiet >"$TMP/sparse.txt"
[ "$(sqlite3 "$TMP/sparse.db" "SELECT count(DISTINCT service) FROM metric")" = 21 ]

# A preset sets what the user did not, says so, and leaves what he wrote, be it the default's text.
set -eu

"$SONDE" check scenarios/quickstart.yaml >"$TMP/fast.yaml"
grep -q '^  start: LN(0.3s,0.6s) *# cold_start.preset$' "$TMP/fast.yaml"
"$SONDE" check scenarios/quickstart.yaml --set 'cold_start.start=LN(1.5s,5.5s)' >"$TMP/set.yaml"
grep -q '^  start: LN(1.5s,5.5s) *# --set' "$TMP/set.yaml"
[ "$(grep -c '# cold_start.preset$' "$TMP/fast.yaml")" = 12 ]
[ "$(grep -c '# cold_start.preset$' "$TMP/set.yaml")" = 11 ]

# What `make install` puts down works away from the source tree, and `make uninstall` takes all of it.
set -eu
[ "$SONDE" = "$PWD/sonde" ] || exit 77
make -s install DESTDIR="$TMP/root" PREFIX=/usr/local
share=$TMP/root/usr/local/share/sonde
(cd "$TMP" && SONDE_DATA=$share root/usr/local/bin/sonde run "$share/scenarios/quickstart.yaml" --quiet --out run.db)
[ -s "$TMP/run.db" ]
make -s uninstall DESTDIR="$TMP/root" PREFIX=/usr/local
[ -z "$(find "$TMP/root" -type f)" ]

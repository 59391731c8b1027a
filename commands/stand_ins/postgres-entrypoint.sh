#!/bin/sh
# The part of the official image's entry point that docker-compose.yaml needs: a database and its owner, made once.
set -eu
if [ "$(id -u)" = 0 ]; then
  install --directory --owner postgres --group postgres --mode 700 "$PGDATA"
  install --directory --owner postgres --group postgres /var/run/postgresql
  exec setpriv --reuid postgres --regid postgres --clear-groups sh "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" > "$password"
  # As in the official image; without a locale, the encoding would be SQL_ASCII, whose text psycopg gives as bytes.
  initdb --locale C.UTF-8 --encoding UTF8 --username "$POSTGRES_USER" --pwfile "$password" --auth-local trust --auth-host scram-sha-256
  rm "$password"
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  # Without a listener, so that nobody is told that it is ready before the database is there.
  pg_ctl --wait -o "-c listen_addresses= -c unix_socket_directories=$PGDATA" start
  if [ "${POSTGRES_DB:-$POSTGRES_USER}" != postgres ]; then
    createdb --host "$PGDATA" --username "$POSTGRES_USER" "${POSTGRES_DB:-$POSTGRES_USER}"
  fi
  pg_ctl --wait stop
fi
exec postgres -c listen_addresses='*'

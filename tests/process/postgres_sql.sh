#!/bin/sh
# The SQL of the store on PostgreSQL: runs every migration and prepares every statement on a private server that
# listens on a socket in a temporary directory only.   usage: postgres_sql.sh PRINTER MIGRATIONS-DIR
# PRINTER --print writes one "PREPARE name AS …;" a statement (test_store_sql).
set -eu

printer=$1
migrations=$2
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
dir=$(mktemp -d /tmp/store-pg-XXXXXX)

# The server refuses to run as root.
if [ "$(id -u)" = 0 ]; then
        chown nobody "$dir"
        as() { setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$dir" "$@"; }
else
        as() { "$@"; }
fi

finish() {
        as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
        rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

(cd "$dir" && as "$bin/initdb" -D "$dir/data" -U chancery -A trust -E UTF8 --no-locale --no-sync >"$dir/initdb.log" 2>&1) ||
        { cat "$dir/initdb.log"; exit 1; }
(cd "$dir" && as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/data/server.log" \
        -o "-c listen_addresses= -c unix_socket_directories=$dir -c fsync=off" start >/dev/null) ||
        { cat "$dir/data/server.log"; exit 1; }

sql() { (cd "$dir" && as "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$dir" -U chancery -d postgres); }

for file in "$migrations"/[0-9]*.sql; do
        echo "migration $(basename "$file")"
        sql <"$file"
done
"$printer" --print >"$dir/statements.sql"
wanted=$(wc -l <"$dir/statements.sql")
{ cat "$dir/statements.sql"; echo 'SELECT COUNT(*) FROM pg_prepared_statements;'; } >"$dir/all.sql"
prepared=$(sql <"$dir/all.sql")
echo "prepared $prepared of $wanted statements"
[ "$prepared" = "$wanted" ]

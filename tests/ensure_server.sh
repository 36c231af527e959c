#!/bin/sh
# Ensures that the tests find a MariaDB server; usage: [INSTALL_SERVER=no] ensure_server.sh PYTHON
set -eu
python=$1
here=$(dirname "$0")

server_program() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec" command -v mariadbd >/dev/null
}

# Tests that kill a server need the program on this machine, and CI must run them.
if source=$("$python" "$here/servers.py" mariadb 2>/dev/null) && { [ -z "${CI:-}" ] || server_program; }; then
    exit 0
fi

if [ "${INSTALL_SERVER:-yes}" = yes ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing the MariaDB server program for the tests (no service is set up) ..." >&2
    # An old index may name files that no longer exist; one broken source must not stop the others.
    apt-get -qq update >&2 </dev/null || true
    # The core packages contain only the programs: no service, no account, no database in /var/lib.
    if log=$(DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        install mariadb-server-core mariadb-client-core </dev/null 2>&1); then
        exit 0
    fi
    echo "$log" >&2
fi

if [ -n "$source" ]; then
    exit 0
fi
cat >&2 <<'END'
No MariaDB for the tests: those that need one do not run. Any one of these provides it:
  - a server program: apt-get install mariadb-server-core mariadb-client-core, dnf install mariadb-server, brew install mariadb
  - a running Docker engine
  - a server of yours: WEBAUTODASH_TEST_MARIADB_URL=mysql+pymysql://user:password@host:3306/
END
[ -z "${CI:-}" ]

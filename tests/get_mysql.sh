#!/bin/sh
# Downloads a MySQL server for the tests; usage: get_mysql.sh
#
# Debian packages MySQL only in unstable, so the packages are taken from there, by the mirror that apt is configured
# with, and unpacked into a folder of the user's cache: nothing is installed, and no root is needed. The server comes
# with its own libraries and dynamic loader, which makes it run on an older release.
set -eu
folder=${XDG_CACHE_HOME:-$HOME/.cache}/webautodash-ci/mysql
server=$folder/mysqld

# The first version that the tests cover.
least=9

version_of() { "$1" --version 2>/dev/null | sed -n 's/.*Ver \([0-9.]*\).*/\1/p'; }

is_new_enough() { [ -n "$1" ] && [ "${1%%.*}" -ge "$least" ]; }

version=$(version_of "$server")
if is_new_enough "$version"; then
    echo "MySQL: $version in $folder" >&2
    exit 0
fi

give_up() {
    echo "MySQL: $1. Any one of these replaces it:" >&2
    echo "  - a mysqld on PATH, or named by WEBAUTODASH_TEST_MYSQLD" >&2
    echo "  - a running Docker engine" >&2
    echo "  - a server of yours: WEBAUTODASH_TEST_MYSQL_URL=mysql+pymysql://user:password@host:3306/" >&2
    exit 1
}

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
command -v apt-get >/dev/null && [ -f "$keyring" ] || give_up "packages are available on Debian only"
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
[ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list | head -n 1)
[ -n "$mirror" ] || give_up "apt has no mirror"

echo "Downloading MySQL for the tests into $folder ..." >&2
rm -rf "$folder"
apt=$folder/apt
mkdir -p "$folder/root" "$apt/etc/apt.conf.d" "$apt/etc/preferences.d" "$apt/etc/sources.list.d" \
    "$apt/state/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
echo "deb [signed-by=$keyring check-valid-until=no] $mirror sid main" >"$apt/etc/sources.list"
cat >"$apt/apt.conf" <<END
Dir::Etc "$apt/etc";
Dir::Etc::sourcelist "$apt/etc/sources.list";
Dir::Etc::sourceparts "$apt/etc/sources.list.d";
Dir::Etc::preferencesparts "$apt/etc/preferences.d";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
END
{
    APT_CONFIG=$apt/apt.conf apt-get -qq update &&
        APT_CONFIG=$apt/apt.conf apt-get -qq -y --no-install-recommends --download-only install mysql-server-core
} </dev/null >"$folder/log" 2>&1 || {
    tail -n 5 "$folder/log" >&2
    give_up "the packages could not be downloaded"
}
for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$folder/root" \
        --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale' --exclude='./usr/share/perl*'
done
rm -rf "$apt"

loader=$(find "$folder/root/usr/lib" -name 'ld-linux*.so.*' | head -n 1)
cat >"$server" <<END
#!/bin/sh
exec "$loader" --library-path "$(dirname "$loader")" "$folder/root/usr/sbin/mysqld" --no-defaults \\
    --basedir="$folder/root/usr" --plugin-dir="$folder/root/usr/lib/mysql/plugin" \\
    --lc-messages-dir="$folder/root/usr/share/mysql" --secure-file-priv=NULL "\$@"
END
chmod +x "$server"
version=$(version_of "$server")
[ -n "$version" ] || give_up "the downloaded server does not run"
is_new_enough "$version" || give_up "the downloaded server is $version; the tests need $least or newer"
echo "MySQL: $version" >&2

#!/bin/sh
# Programs of other people that the tests need: verifiers for a second opinion, servers of which
# each run starts its own, a browser, and npm for the console's styles. Installed where that is
# possible without asking; otherwise this says what to install, and those tests say so too.
set -u

need=""
command -v curl >/dev/null 2>&1 || need="$need curl"
command -v openssl >/dev/null 2>&1 || need="$need openssl"
command -v xmllint >/dev/null 2>&1 || need="$need libxml2-utils"
command -v softhsm2-util >/dev/null 2>&1 || need="$need softhsm2" # a PKCS#11 token in a folder
command -v pkcs11-tool >/dev/null 2>&1 || need="$need opensc"
command -v promtool >/dev/null 2>&1 || need="$need prometheus" # its checker of rules; the server is not used
[ -n "${MRX_TEST_DATABASE_URL:-}" ] || command -v initdb >/dev/null 2>&1 ||
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need="$need postgresql"
[ -n "${MRX_TEST_REDIS_URL:-}" ] || command -v redis-server >/dev/null 2>&1 ||
    command -v valkey-server >/dev/null 2>&1 || need="$need redis-server"
command -v chromium-headless-shell >/dev/null 2>&1 || command -v chromium >/dev/null 2>&1 ||
    need="$need chromium-headless-shell"
command -v npm >/dev/null 2>&1 || need="$need nodejs npm"
[ -z "$need" ] && exit 0

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing for the tests:$need"
    # shellcheck disable=SC2086
    { apt-get install -y -qq --no-install-recommends $need ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends $need; }; } >/dev/null
else
    echo "for all tests, install:$need   (apt-get install$need)" >&2
fi

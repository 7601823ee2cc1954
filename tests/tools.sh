#!/bin/sh
# Programs of other people that the tests ask for a second opinion. Installed where that is
# possible without asking; otherwise this says what to install, and those tests say so too.
set -u

need=""
command -v curl >/dev/null 2>&1 || need="$need curl"
command -v openssl >/dev/null 2>&1 || need="$need openssl"
command -v xmllint >/dev/null 2>&1 || need="$need libxml2-utils"
[ -z "$need" ] && exit 0

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing for the tests:$need"
    # shellcheck disable=SC2086
    { apt-get install -y -qq --no-install-recommends $need ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends $need; }; } >/dev/null
else
    echo "for all tests, install:$need   (apt-get install$need)" >&2
fi

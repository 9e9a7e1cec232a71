#!/bin/sh
# Find a Chromium for the browser tests, or fetch one; without it those tests skip, and say so.
set -u
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
"${1:?usage: browser.sh PYTHON}" -m playwright install chromium ||
    echo "No Chromium could be installed: the browser tests will be skipped." >&2
exit 0

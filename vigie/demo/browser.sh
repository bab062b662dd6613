#!/usr/bin/env bash
# Finds or installs Chromium. Never fails the run: without one, sources that need a browser
# say so on screen and everything else goes on.
set -u
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium from Debian's packages…"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; } >/tmp/vigie-chromium-install.log 2>&1 && exit 0
  echo "Debian's packages could not be had (see /tmp/vigie-chromium-install.log)." >&2
fi
.venv/bin/playwright install chromium >/dev/null 2>&1 && exit 0
echo "No Chromium was found or could be installed: pages that need a browser will be reported as not read. With root: apt-get install chromium" >&2
exit 0

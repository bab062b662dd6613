#!/usr/bin/env bash
# Finds or installs Chromium: the system's, Debian's package, or Playwright's own. Never fails the
# run: without one, sources that need a browser say so and everything else goes on.
set -u
python=.venv/bin/python
log=$(mktemp "${TMPDIR:-/tmp}/vigie-chromium-XXXXXX.log")

found() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && return 0
  done
  "$python" - <<'PY' 2>/dev/null
import sys
from pathlib import Path
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not Path(playwright.chromium.executable_path).exists())
PY
}

# Rights to install: root, or sudo that asks for no password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1
  fi
}

from_packages() {
  command -v apt-get >/dev/null 2>&1 || return 1
  as_root true || return 1
  echo "Installing Chromium from the system's packages…"
  { as_root apt-get update -q &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium
  } >>"$log" 2>&1
}

from_playwright() {
  echo "Fetching Playwright's own Chromium…"
  timeout 240 "$python" -m playwright install chromium >>"$log" 2>&1
}

if found || { from_packages && found; } || { from_playwright && found; }; then
  rm -f "$log"
  exit 0
fi
echo "No Chromium was found or could be installed (see $log): pages that need a browser will be" >&2
echo "reported as not read. As root: apt-get install chromium" >&2
exit 0

#!/bin/sh
# Provides what building needs, and only what is missing: Node is checked, npm packages come from the lock file, system
# packages from apt (with sudo when not root). A second run changes nothing and takes about a second.
#   setup.sh         what building and running need
#   setup.sh test    the same, and a browser for the tests
set -eu
purpose=${1:-build}
cd "$(dirname "$0")/.."

say() { printf '%s\n' "coarsely: $*"; }
stop() { printf '%s\n' "coarsely: $*" >&2; exit 1; }

check_node() {
  command -v node >/dev/null 2>&1 ||
    stop "Node.js was not found. Install version 20.19 or newer: https://nodejs.org/en/download"
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
    stop "Node.js 20.19 or newer is needed, and $(command -v node) is $(node --version). Newer ones: https://nodejs.org/en/download"
  command -v npm >/dev/null 2>&1 || stop "npm was not found beside $(command -v node)."
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  command -v apt-get >/dev/null 2>&1 || stop "this system has no apt-get. Please install by hand what provides: $*"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1 ||
    stop "these packages are missing. As root, run: apt-get install $*"
  say "installing system packages: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Tests of the local page drive a browser. CHROMIUM names one that is installed elsewhere.
check_browser() {
  if [ -n "${CHROMIUM:-}" ]; then
    [ -x "$CHROMIUM" ] || stop "CHROMIUM is $CHROMIUM, which is no program"
    return
  fi
  for browser in chromium chromium-browser google-chrome; do
    [ ! -x "/usr/bin/$browser" ] || return 0
  done
  [ "$(uname -s)" = Linux ] ||
    stop 'the tests of the local page need Chromium: set CHROMIUM to the program, for example of Google Chrome'
  missing="$missing chromium"
}

# Installs g++ always, and libtorch only when no PyTorch is found; with it OpenBLAS, without which it is thirty times slower.
check_system() {
  missing=''
  if [ "$(uname -s)" = Linux ] && [ -z "${CXX:-}" ]; then
    command -v g++ >/dev/null 2>&1 || missing='g++'
  fi
  if engine=$(node dist/addon/build.js --print-engine 2>/dev/null); then
    case $engine in *'"kind": "debian"'*) is_installed libopenblas0-pthread || missing="$missing libopenblas0-pthread" ;; esac
  elif [ -z "${COARSELY_TORCH:-}" ] && [ "$(uname -s)" = Linux ]; then
    missing="$missing libtorch-dev libopenblas0-pthread libgloo-dev"
  else
    # Stops with the message that says what was searched for and how to provide it.
    node dist/addon/build.js --print-engine
  fi
  [ "$purpose" != test ] || check_browser
  # shellcheck disable=SC2086
  [ -z "$missing" ] || install_packages $missing
}

# npm writes node_modules/.package-lock.json at the end of each install.
install_npm_packages() {
  [ node_modules/.package-lock.json -nt package-lock.json ] && return
  say 'installing npm packages'
  # Scripts are skipped because the addon is built by the next step, where its output is seen.
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}

# The program that finds libtorch and builds the addon is TypeScript.
compile_addon_builder() {
  node_modules/.bin/tsc -b scripts/addon
}

check_node
install_npm_packages
compile_addon_builder
check_system

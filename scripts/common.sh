# Sourced by the scripts that fetch: pins, messages, downloads checked by digest, atomic folders.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=third_party/pins
. "$root/third_party/pins"
downloads=${TARE_DOWNLOADS:-${XDG_CACHE_HOME:-${HOME:-$root/build}/.cache}/tare}
me=$(basename "$0")

say() { printf '  %-22s %s\n' "$1" "$2" >&2; }

# die WHAT NEXT: an error with its next step, in the form that tare itself uses.
die() {
  printf 'error: %s\nnext:  %s\n' "$1" "$2" >&2
  exit 1
}

has_digest() { [ -f "$1" ] && printf '%s  %s\n' "$2" "$1" | sha256sum --check --status; }

# start_log: everything that is not progress goes to a file, which is named when a step fails.
start_log() {
  mkdir -p "$root/build/logs"
  log=$root/build/logs/$me.log
  : >"$log"
}

# logged WHAT NEXT COMMAND...: runs the command into the log.
logged() {
  local what=$1 next=$2
  shift 2
  "$@" >>"$log" 2>&1 && return
  tail -n 5 "$log" | sed 's/^/  | /' >&2
  die "$what (log: $log)" "$next"
}

# fetch_wheel FILE SHA256: leaves the file in $downloads. Its name holds all that pip must know, so
# the result does not depend on the Python that runs here; the index is the one pip is set up for.
fetch_wheel() {
  local file=$1 digest=$2 name version python abi platform
  has_digest "$downloads/$file" "$digest" && return
  IFS=- read -r name version python abi platform <<<"${file%.whl}"
  [[ $platform == *_"$(uname -m)" ]] ||
    die "$name $version is pinned for ${platform#manylinux_*_*_} only; this is $(uname -m)" \
      "add this machine's wheel to third_party/pins, or install the library: CMake finds an installed one first"
  python3 -m pip --version >/dev/null 2>&1 ||
    die "pip is needed to download $file" "scripts/bootstrap build (or: apt-get install python3-pip)"
  mkdir -p "$downloads"
  part=$(mktemp -d "$downloads/.part.XXXXXX")
  say "$name $version" "download"
  logged "pip cannot download $file" "check the network and pip's index, then again: scripts/$me" \
    python3 -m pip download --no-deps --dest "$part" --only-binary=:all: --progress-bar off \
    --disable-pip-version-check --implementation "${python:0:2}" --python-version "${python:2}" \
    --abi "$abi" --platform "$platform" "$name==$version"
  if ! has_digest "$part/$file" "$digest"; then
    ls -l "$part" >>"$log"
    die "$file has not the digest that third_party/pins names: $digest" \
      "do not use it; look at where pip's index points, then again: scripts/$me"
  fi
  mv -f "$part/$file" "$downloads/$file"
  rm -rf "$part"
}

# unpack_wheel FILE DESTINATION PATTERN...: the members that match; a pattern without a match is an error.
unpack_wheel() {
  python3 - "$@" <<'PYTHON'
import fnmatch, sys, zipfile
archive, destination, *patterns = sys.argv[1:]
with zipfile.ZipFile(archive) as wheel:
    for pattern in patterns:
        members = fnmatch.filter(wheel.namelist(), pattern)
        if not members:
            sys.exit(f"{archive} has no {pattern}")
        wheel.extractall(destination, members)
PYTHON
}

# new_prefix PREFIX: $staging, a folder beside it that publish_prefix moves into place; it is removed when
# the script ends early. The lock makes a second caller wait and then find the work done.
new_prefix() {
  mkdir -p "$(dirname "$1")"
  exec 9>"$(dirname "$1")/.$(basename "$1").lock"
  flock 9
  staging=$(mktemp -d "$(dirname "$1")/.$(basename "$1").XXXXXX")
  chmod 755 "$staging"
  trap 'rm -rf "$staging" "${part:-}"' EXIT
}

is_current() { [ -f "$1/.stamp" ] && [ "$(cat "$1/.stamp")" = "$2" ]; }

publish_prefix() {
  printf '%s\n' "$2" >"$staging/.stamp"
  rm -rf "$1"
  mv "$staging" "$1"
}

#!/usr/bin/env bash
# Makes .venv with the pinned dependencies and the compiled interfaces; `make setup` calls it.
set -euo pipefail
cd "$(dirname "$0")/.."

usable='import ensurepip, sys, venv; assert (3, 10) <= sys.version_info[:2] <= (3, 13)'
find_python() {
  for candidate in ${PYTHON:-python3 python3.12 python3.11 python3.13 python3.10}; do
    if "$candidate" -c "$usable" 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
}

if [ ! -x .venv/bin/python ]; then
  python=$(find_python)
  scripts/system_libraries.sh "$python"
  python=${python:-$(find_python)}
  if [ -z "$python" ]; then
    echo 'No Python 3.10 to 3.13 with venv found; name one: PYTHON=/path/to/python make setup' >&2
    exit 1
  fi
  echo "Making .venv with $python"
  "$python" -m venv .venv
else
  scripts/system_libraries.sh .venv/bin/python
fi

pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --progress-bar off)
echo '[1/2] Pinned packages: ROS 2, torch, MuJoCo, ... (a few minutes the first time)'
.venv/bin/python scripts/pinned_requirements.py >.venv/requirements.txt
"${pip[@]}" -r .venv/requirements.txt
echo '[2/2] Interfaces and this package (about a minute)'
"${pip[@]}" --no-deps --no-build-isolation --editable .

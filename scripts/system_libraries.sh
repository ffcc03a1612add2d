#!/usr/bin/env bash
# Checks for the system libraries that wheels link and for a compiler. What is missing is
# installed when root (Debian, Ubuntu); otherwise the command to run is printed.
# Usage: system_libraries.sh [PYTHON]   (PYTHON: whose headers must be there; '' = none found yet)
set -euo pipefail

libraries='libEGL.so.1:libegl1 libGL.so.1:libgl1 libX11.so.6:libx11-6 libusb-1.0.so.0:libusb-1.0-0
libidn2.so.0:libidn2-0'
known=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p)
missing=()
for pair in $libraries; do
  grep -q "${pair%%:*}" <<<"$known" || missing+=("${pair##*:}")
done
compgen -G '/usr/lib/*/dri/*_dri.so' >/dev/null || missing+=(libgl1-mesa-dri)  # draws on the CPU
command -v g++ >/dev/null || missing+=(build-essential)

python=${1:-}
if [ -z "$python" ]; then
  missing+=(python3 python3-venv python3-dev)
elif ! "$python" -c 'import pathlib, sysconfig as s, sys
sys.exit(not pathlib.Path(s.get_path("include"), "Python.h").is_file())'; then
  missing+=("$("$python" -c 'import sys; print("python%d.%d-dev" % sys.version_info[:2])')")
fi

[ ${#missing[@]} -eq 0 ] && exit 0
echo "Missing on this machine: ${missing[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
else
  echo 'Install them and run make again. On Debian or Ubuntu:' >&2
  echo "  sudo apt-get install -y ${missing[*]}" >&2
  exit 1
fi

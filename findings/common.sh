# What every finding starts from: a temporary folder and a virtual environment in it, with pinned
# packages: torch, or those of the array `packages`. Sourced, not run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  "${packages[@]:-torch==2.13.0}" numpy==2.3.5
python="$folder/venv/bin/python"

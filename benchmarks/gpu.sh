#!/usr/bin/env bash
# What the CUDA back end does on this machine, in under nine minutes: equality with C++, time, accuracy; writes JSON.
#   benchmarks/gpu.sh [--wheels FOLDER] [arguments of gpu.py]
# For a machine with Python 3.12 or newer, CUDA and a GPU, without a network: FOLDER holds the wheels that it lacks
# ('pip download brian2cuda nvidia-curand --dest FOLDER' on another one).
set -euo pipefail
cd "$(dirname "$0")/.."

wheels=()
if [ "${1:-}" = --wheels ]; then
    wheels=(--no-index --find-links "$2")
    shift 2
fi
environment=${GPU_ENVIRONMENT:-.venv-gpu}
if [ ! -x "$environment/bin/python" ]; then
    # What the machine's own Python has, PyTorch's cuRAND for one, need not be installed again.
    "${PYTHON:-python3}" -m venv --system-site-packages "$environment"
fi
"$environment/bin/python" -c 'import brian2cuda' 2>/dev/null ||
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "${wheels[@]}" 'brian2cuda>=1.0b1'
PYTHONPATH=model exec timeout 540 "$environment/bin/python" benchmarks/gpu.py "$@"

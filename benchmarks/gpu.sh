#!/usr/bin/env bash
# What the CUDA back end does on this machine, in under nine minutes: equality with C++, launches, time, accuracy; writes
# gpu.json.
#   benchmarks/gpu.sh [--wheels FOLDER] [arguments of gpu.py]
# For a machine with Python 3.12 or newer, CUDA and a GPU, without a network: FOLDER holds the wheels that it lacks
# ('pip download brian2cuda nvidia-curand --dest FOLDER' on another one).
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS

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
python="$environment/bin/python"
lacking=()
while read -r module requirement; do
    "$python" -c "import importlib.util as u, sys; sys.exit(u.find_spec('$module') is None)" || lacking+=("$requirement")
done <<'END'
brian2cuda brian2cuda>=1.0b1
filelock filelock
matplotlib matplotlib
pandas pandas
rich rich
scipy scipy
sklearn scikit-learn
END
if [ "${#lacking[@]}" -gt 0 ]; then
    echo "==> Installing ${lacking[*]}."
    "$python" -m pip install --quiet --disable-pip-version-check "${wheels[@]}" "${lacking[@]}"
fi
left=$((530 - SECONDS + started))
PYTHONPATH=model exec timeout "$left" "$python" benchmarks/gpu.py --seconds "$((left - 30))" "$@"

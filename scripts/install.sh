#!/bin/sh
# Create the virtual environment and install the locked set, with the torch build that fits the machine.
set -eu
venv=${1:?usage: install.sh FOLDER}
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or later is needed; $("$python" --version) was found. Set PYTHON=/path/to/python3.x." >&2
    exit 1
}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

torch=$(sed -n 's/^torch==//p' constraints.txt)
if pip show --quiet torch 2>/dev/null; then
    echo "torch is already installed"
elif command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1; then
    echo "NVIDIA GPU found: installing the CUDA build of torch $torch"
    pip install --quiet "torch==$torch"
else
    echo "No NVIDIA GPU found: installing the CPU build of torch $torch"
    pip install --quiet "torch==$torch+cpu" 2>/dev/null ||
        pip install --quiet "torch==$torch" --index-url https://download.pytorch.org/whl/cpu
fi
echo "Installing Glacier Explorer and what it needs"
pip install --quiet --constraint constraints.txt --editable .
echo "Timing how networks run fastest on this machine"
"$venv/bin/glacier-core" models prepare ||
    echo "That failed; the app times them later, when there is half a minute of work or more." >&2

#!/bin/sh
# Write the exact versions of the present environment to constraints.txt: versions only, no addresses.
set -eu
.venv/bin/python -m pip list --format=freeze --exclude-editable |
    grep -v -i -E '^(pip|setuptools|wheel|nvidia-|cuda-|triton|glacier)' |
    sed -E 's/\+[a-z0-9.]+$//' | LC_ALL=C sort -f >constraints.txt

#!/bin/bash
# Refuse a Python that Reverie does not run on, in one sentence.
set -euo pipefail
"$1" - <<'PY'
import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"reverie: Python 3.11 to 3.13 is needed, {sys.version.split()[0]} was found; try: make PYTHON=python3.11 run")
PY

#!/usr/bin/env bash
# A Python environment with gRPC and the contract's Python code, in the folder .venv of the workspace.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
stamp=$root/.venv/.tandem-$(cat "$root/e2e/polyglot/requirements.txt" "$root"/proto/tandem/v1/*.proto | sha256sum | cut -c1-16)
if [ -f "$stamp" ]; then exit 0; fi
python3 -m venv "$root/.venv"
"$root/.venv/bin/pip" install --quiet --requirement "$root/e2e/polyglot/requirements.txt"
mkdir -p "$root/.venv/contract"
"$root/.venv/bin/python" -m grpc_tools.protoc -I "$root/proto" -I "$root/node_modules/google-gax/build/protos" \
  --python_out="$root/.venv/contract" --grpc_python_out="$root/.venv/contract" "$root"/proto/tandem/v1/*.proto
touch "$stamp"

#!/usr/bin/env bash
# Starts a Docker engine unless one answers already.
set -euo pipefail
answers() { timeout 10 docker info --format '{{.ServerVersion}}' >/dev/null 2>&1; }
if answers; then exit 0; fi
(setsid dockerd >/var/log/tandem-dockerd.log 2>&1 </dev/null &)
for _ in $(seq 60); do
  if answers; then exit 0; fi
  sleep 0.5
done
echo "the Docker engine did not start; its log:" >&2
tail -20 /var/log/tandem-dockerd.log >&2
exit 1

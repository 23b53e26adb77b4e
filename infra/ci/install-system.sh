#!/usr/bin/env bash
# What the tests use of Debian: Docker, Python, a software GPU for WebGPU, OpenSSL for certificates. Needs root.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt_get() { apt-get -o DPkg::Lock::Timeout=600 -qq "$@" >/dev/null; }
list=/etc/apt/sources.list.d/tandem-backports.list
apt_get update
apt_get install -y docker.io python3-venv openssl git procps util-linux

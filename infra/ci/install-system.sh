#!/usr/bin/env bash
# What the tests use of Debian: Docker, Python, a software GPU for WebGPU, OpenSSL for certificates. Needs root.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt_get() { apt-get -o DPkg::Lock::Timeout=600 -qq "$@" >/dev/null; }
# WebGPU runs on Mesa's software adapter, which needs the version of the backports; they come from where Debian itself comes.
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
if ! grep -rqs "$release-backports" /etc/apt/sources.list /etc/apt/sources.list.d; then
  mirror=$(apt-get indextargets --format '$(SITE)' 'Codename: '"$release" 2>/dev/null | head -1)
  [ -n "$mirror" ] || mirror=$(sed -n 's/^URIs: *//p; s/^deb [^h]*\(h[^ ]*\) .*/\1/p' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release-backports main" >/etc/apt/sources.list.d/tandem-backports.list
fi
apt_get update
apt_get install -y docker.io python3-venv openssl git procps util-linux
apt_get install -y --no-install-recommends -t "$release-backports" mesa-vulkan-drivers libvulkan1

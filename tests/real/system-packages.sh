#!/bin/sh
# Installs the real programs that tests use, by apt where it may; otherwise names what is missing.
# With CI=true the tests that need a missing program fail; elsewhere they are reported as skipped by name.
set -u
PATH="$PATH:/usr/sbin:/sbin"

missing=''
need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need mosquitto mosquitto
need mosquitto_pub mosquitto-clients
need influxd influxdb
need promtool prometheus
need chromium chromium
need certutil libnss3-tools
need openssl openssl
# Screenshots of Chinese pages need Chinese glyphs.
fc-list ':lang=zh-cn' 2>/dev/null | grep -q . || missing="$missing fonts-noto-cjk"

[ -n "$missing" ] || exit 0
echo "Missing for some tests:$missing"

as_root=''
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root='sudo -n'; else as_root='no'; fi
fi
if [ "$as_root" = no ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "They cannot be installed from here; as root: apt-get install$missing"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q || exit 0
for package in $missing; do
    echo "Installing $package …"
    $as_root apt-get install -q -y --no-install-recommends "$package" >/dev/null || echo "could not install $package"
done
exit 0

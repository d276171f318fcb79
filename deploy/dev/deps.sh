#!/bin/sh
# Installs the Debian packages that the tests need where that is possible; else names what is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
packages=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/apt.txt")

missing_of() {
    for package in $packages; do
        case "$package" in
        chromium) command -v chromium >/dev/null 2>&1 || echo "$package" ;;
        mosquitto-clients) command -v mosquitto_sub >/dev/null 2>&1 || echo "$package" ;;
        systemd) command -v systemd-analyze >/dev/null 2>&1 || echo "$package" ;;
        vsftpd) command -v vsftpd >/dev/null 2>&1 || [ -x /usr/sbin/vsftpd ] || echo "$package" ;;
        *) command -v "$package" >/dev/null 2>&1 || echo "$package" ;;
        esac
    done
}

missing=$(missing_of | tr '\n' ' ')
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing: $missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
    missing=$(missing_of | tr '\n' ' ')
    [ -z "$missing" ] && exit 0
fi

echo "The tests need: $missing" >&2
echo "On Debian or Ubuntu: sudo apt install $missing" >&2
exit 2

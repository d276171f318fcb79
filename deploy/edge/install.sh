#!/bin/sh
# Installs, updates or removes a Layerline edge node. A second run updates and harms nothing.
#
#   sudo deploy/edge/install.sh [--source DIR] [--destdir DIR] [--no-packages]
#   sudo deploy/edge/install.sh --uninstall [--purge]
#
# For Raspberry Pi OS (64-bit, bookworm and trixie), Debian and Ubuntu.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
destdir=
with_packages=yes
action=install
purge=no

say() { printf '%s\n' "$*"; }
fail() {
    say "install.sh: $*" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case "$1" in
    --source) [ $# -gt 1 ] || fail "--source needs a folder"; source_dir=$2; shift ;;
    --destdir) [ $# -gt 1 ] || fail "--destdir needs a folder"; destdir=$2; shift ;;
    --no-packages) with_packages=no ;;
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option $1; see --help" ;;
    esac
    shift
done

program="$destdir/opt/layerline-edge"
settings="$destdir/etc/layerline-edge"
data="$destdir/var/lib/layerline-edge"
unit="$destdir/etc/systemd/system/layerline-edge.service"
lock="$data/starting.lock"
owner=layerline-edge
# Twice as long as a start may be without evidence (LAYERLINE_OBSERVE_S).
start_within_s=700

# With --destdir an image is filled: nothing of the running system is touched.
is_live() { [ -z "$destdir" ]; }

need_root() {
    if is_live && [ "$(id -u)" != 0 ]; then fail "run it as root: sudo $0"; fi
}

check_machine() {
    case "$(uname -m)" in
    aarch64 | arm64 | x86_64 | amd64 | armv7l) ;;
    *) fail "no packages are known for $(uname -m); a Raspberry Pi with a 64-bit system is" ;;
    esac
    [ -f "$source_dir/pyproject.toml" ] || fail "$source_dir holds no Layerline; give --source"
    if command -v python3 >/dev/null && python3 -c 'import sys, venv, ensurepip
sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then return; fi
    is_live || fail "Python 3.11 or newer with venv is needed"
    say "installing Python ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv >/dev/null
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or newer is needed; update the system to bookworm or newer"
}

check_clock() {
    is_live && command -v timedatectl >/dev/null || return 0
    if [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" != yes ]; then
        say "! The clock is not synchronised. TLS fails with a wrong clock."
        say "  Switch it on: sudo timedatectl set-ntp true"
    fi
}

make_owner() {
    is_live || return 0
    id "$owner" >/dev/null 2>&1 ||
        useradd --system --home-dir "$data" --shell /usr/sbin/nologin "$owner"
}

# Beside what runs, so that an update that fails half-way changes nothing.
build_program() {
    mkdir -p "$program/versions"
    [ "$with_packages" = yes ] || return 0
    fresh="$program/versions/$(date -u +%Y%m%dT%H%M%S).$$"
    python3 -m venv "$fresh"
    say "installing the Python packages ..."
    "$fresh/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
        -r "$source_dir/deploy/edge/requirements.lock"
    "$fresh/bin/pip" install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation "$source_dir"
    "$fresh/bin/layerline-edge" --help >/dev/null
}

# Runs a command while no print is being started; the node starts none meanwhile.
while_nothing_starts() {
    (
        flock --exclusive --nonblock 9 || {
            say "a print is being started; the update waits for it ..."
            flock --exclusive --wait "$start_within_s" 9 ||
                fail "no print may be started during an update, but one still is; try again later"
        }
        "$@"
    ) 9>>"$lock"
}

switch_program() {
    if [ -n "${fresh:-}" ]; then
        ln -sfn "versions/$(basename "$fresh")" "$program/venv"
        for version in "$program"/versions/*; do
            [ "$version" = "$fresh" ] || rm -rf "$version"
        done
    fi
    start_service
}

# A file that a person may have changed is never replaced.
keep_or_make() {
    [ -e "$2" ] && return 0
    install -m "$3" /dev/null "$2"
    cat "$1" >"$2"
}

install_settings() {
    mkdir -p "$settings" "$data" "$(dirname "$unit")"
    chmod 0700 "$data"
    keep_or_make "$here/edge.env.example" "$settings/edge.env" 0640
    keep_or_make /dev/null "$settings/bambu_access_code" 0600
    install -m 0644 "$here/layerline-edge.service" "$unit"
    install -m 0644 "$here/README.md" "$program/README.md"
    install -m 0755 "$here/doctor.sh" "$program/doctor"
    keep_or_make /dev/null "$lock" 0600
    is_live || return 0
    chown "root:$owner" "$settings/edge.env"
    chown "$owner:$owner" "$data" "$lock"
}

is_configured() {
    grep -q '^BAMBU_IP=.' "$settings/edge.env" && [ -s "$settings/bambu_access_code" ]
}

start_service() {
    is_live || return 0
    systemctl daemon-reload
    systemctl enable --quiet layerline-edge
    if is_configured; then
        systemctl restart layerline-edge
        say "layerline-edge runs. Its log: journalctl -u layerline-edge -f"
    fi
}

say_next() {
    is_configured && return 0
    say "Installed. What is left:"
    say "  1. $settings/edge.env: the printer's address and serial number"
    say "  2. $settings/bambu_access_code: the access code on the printer's screen"
    say "  3. sudo -u $owner LAYERLINE_EDGE_DATA=$data $program/venv/bin/layerline-edge enroll ADDRESS CODE"
    say "     with the address of your Layerline and the node's one-time code"
    say "  4. sudo $program/doctor says whether all is right"
    say "  5. sudo systemctl restart layerline-edge"
}

stop_service() {
    if is_live && [ -f "$unit" ]; then systemctl disable --now --quiet layerline-edge || true; fi
}

uninstall() {
    if [ -e "$lock" ]; then while_nothing_starts stop_service; else stop_service; fi
    rm -f "$unit"
    rm -rf "$program"
    if is_live; then systemctl daemon-reload; fi
    if [ "$purge" = yes ]; then
        rm -rf "$settings" "$data"
        if is_live && id "$owner" >/dev/null 2>&1; then userdel "$owner"; fi
        say "Removed, with settings and journal."
    else
        say "Removed. Settings and journal stay: $settings, $data. To remove them: --purge"
    fi
}

need_root
if [ "$action" = uninstall ]; then
    uninstall
    exit 0
fi
check_machine
check_clock
make_owner
build_program
install_settings
while_nothing_starts switch_program
say_next

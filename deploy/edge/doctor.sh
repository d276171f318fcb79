#!/bin/sh
# Examines this node's printers with the settings of its service: sudo /opt/layerline-edge/doctor
set -eu

root=${LAYERLINE_ROOT:-}
settings=$root/etc/layerline-edge

[ -r "$settings/bambu_access_code" ] || {
    echo "doctor: run it with sudo: the access code is for root alone" >&2
    exit 2
}

# Not sourced: systemd takes values with spaces that a shell would run as commands.
while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    [A-Z]*=*) ;;
    *) continue ;;
    esac
    name=${line%%=*}
    value=${line#*=}
    case $value in
    \"*\") value=${value#\"} value=${value%\"} ;;
    \'*\') value=${value#\'} value=${value%\'} ;;
    esac
    export "$name=$value"
done <"$settings/edge.env"

export LAYERLINE_EDGE_DATA="$root/var/lib/layerline-edge"
export CREDENTIALS_DIRECTORY="$settings"
exec "$root/opt/layerline-edge/venv/bin/layerline-edge" doctor "$@"

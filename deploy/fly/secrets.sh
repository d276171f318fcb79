#!/bin/sh
# Prints one process's secrets for `fly secrets import`, from the folder that `layerline handout` made.
#
#   deploy/fly/secrets.sh FOLDER PROCESS | fly secrets import --app layerline-PROCESS --stage
set -eu

[ $# = 2 ] || {
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
folder=$1/$2
[ -d "$folder" ] || {
    echo "secrets.sh: there is no $folder; run \`layerline handout $1\` first" >&2
    exit 2
}

for file in "$folder"/*; do
    name=$(basename "$file")
    case $name in
    # The database and the bucket are the host's own here; their secrets come from there.
    layerline_database_url | layerline_s3_*) ;;
    layerline_*) printf '%s=%s\n' "$(echo "$name" | tr '[:lower:]' '[:upper:]')" "$(cat "$file")" ;;
    # Files travel in base64: node-signer.json becomes NODE_SIGNER.
    nats.conf) printf 'NATS_CONF=%s\n' "$(base64 <"$file" | tr -d '\n')" ;;
    nats.creds) printf 'NATS_CREDS=%s\n' "$(base64 <"$file" | tr -d '\n')" ;;
    system.creds) printf 'SYSTEM_CREDS=%s\n' "$(base64 <"$file" | tr -d '\n')" ;;
    *.json)
        word=$(basename "$name" .json | tr '[:lower:]-' '[:upper:]_')
        printf '%s=%s\n' "$word" "$(base64 <"$file" | tr -d '\n')"
        ;;
    esac
done

# syntax=docker/dockerfile:1.7
# The broker: as published, but as a user of its own. Its configuration comes from `layerline handout`.

FROM nats:2.15.1-alpine AS broker
RUN addgroup -g 10001 layerline \
 && adduser -D -H -u 10001 -G layerline -s /sbin/nologin layerline \
 && install -d -o 10001 -g 10001 -m 0700 /data /run/layerline

# Fly gives volumes and files to root: they are handed to the broker's own user, and root is left.
FROM broker AS fly
USER root
ENTRYPOINT ["sh", "-euc", "install -o 10001 -g 10001 -m 0600 /secrets/nats.conf /run/layerline/nats.conf; chown 10001:10001 /data; exec su -s /bin/sh layerline -c 'exec nats-server -c /run/layerline/nats.conf'"]
CMD []

FROM broker AS hardened
USER 10001:10001
ENTRYPOINT ["nats-server"]
CMD ["-c", "/run/layerline/nats.conf"]

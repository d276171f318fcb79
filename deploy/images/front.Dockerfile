# syntax=docker/dockerfile:1.7
# The front door: Caddy as published, but as a user of its own. The copy of the program has lost
# the capability that a container without any could not start it with.

FROM caddy:2.11.7-alpine AS front
RUN cp /usr/bin/caddy /usr/local/bin/front \
 && addgroup -g 10001 layerline \
 && adduser -D -H -u 10001 -G layerline -s /sbin/nologin layerline \
 && install -d -o 10001 -g 10001 -m 0700 /data
COPY deploy/images/Caddyfile /etc/caddy/Caddyfile
ENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/data
USER 10001:10001
ENTRYPOINT ["front"]
CMD ["run", "--config", "/etc/caddy/Caddyfile"]

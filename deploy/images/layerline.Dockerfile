# syntax=docker/dockerfile:1.7
# Layerline: target `services` is every service and the web app, target `node` the process beside
# the printers. Built from the root of the repository; what is copied is listed in .dockerignore.

FROM node:20.20.2-bookworm-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY web ./
RUN npm run build

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY contracts contracts
COPY runtime runtime
COPY services services
COPY edge edge
COPY deploy deploy

FROM build AS build-services
RUN python -m venv /opt/layerline \
 && /opt/layerline/bin/pip install --quiet --require-hashes -r deploy/images/requirements.lock \
 && /opt/layerline/bin/pip install --quiet --no-deps --no-build-isolation .

FROM build AS build-node
RUN python -m venv /opt/layerline \
 && /opt/layerline/bin/pip install --quiet --require-hashes -r deploy/edge/requirements.lock \
 && /opt/layerline/bin/pip install --quiet --no-deps --no-build-isolation .

FROM python:3.11.14-slim-bookworm AS base
ENV PATH=/opt/layerline/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Volumes take their owner from these folders when they are new.
RUN groupadd --gid 10001 layerline \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin layerline \
 && install -d -o 10001 -g 10001 -m 0700 /data /keys /run/layerline \
 && for process in api dispatch inspector migrate nats notify postgres projector provision relay storage warden node; do \
      install -d -o 10001 -g 10001 -m 0755 "/handed/$process"; \
    done

FROM base AS node
COPY --from=build-node /opt/layerline /opt/layerline
USER 10001:10001
ENTRYPOINT ["layerline-edge"]
CMD ["run"]

FROM base AS services
COPY --from=build-services /opt/layerline /opt/layerline
COPY --from=web /build/web/dist /opt/layerline/web
ENV LAYERLINE_WEB_DIST=/opt/layerline/web
USER 10001:10001
ENTRYPOINT ["layerline"]
CMD ["api"]

# At a host whose commands are whole ones.
FROM services AS fly
ENTRYPOINT []
CMD ["layerline", "api"]

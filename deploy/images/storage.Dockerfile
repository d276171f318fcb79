# syntax=docker/dockerfile:1.7
# SeaweedFS: as published, but as a user of its own, and with nothing but S3 to be reached: its
# other ports answer without asking who it is.

FROM chrislusf/seaweedfs:4.48 AS storage
RUN install -d -o 10001 -g 10001 -m 0700 /data /run/layerline
# Below what it holds when idle it collects garbage all the time.
ENV GOMEMLIMIT=256MiB GOGC=50
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["weed", "-logtostderr=true", "server"]
CMD ["-dir=/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.ip.bind=0.0.0.0", "-s3.port=8333", "-s3.config=/run/layerline/s3.json", "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false", "-volume.max=0"]

# Coterie in a container: built on Debian 12 with what ./run builds it with, served from a small image.
#
#   docker build -t coterie . && docker run -p 3000:3000 -v coterie:/data coterie
FROM debian:12-slim AS build
WORKDIR /coterie
# The packages first: they change seldom, so their layer is kept.
COPY tools/packages tools/install tools/
RUN tools/install run build node && rm -rf /var/lib/apt/lists/*
COPY . .
RUN ./run --build && strip build/release/coterie

FROM debian:12-slim
COPY tools/packages tools/install /tmp/tools/
RUN /tmp/tools/install run && rm -rf /tmp/tools /var/lib/apt/lists/* \
  && useradd --system --uid 999 --no-create-home coterie \
  && install -d -o coterie -g coterie /data
COPY --from=build /coterie/build/release/coterie /usr/local/bin/coterie
USER coterie
VOLUME /data
EXPOSE 3000
# Every setting has an environment variable (docs/operations.md), so a command is seldom needed.
ENTRYPOINT ["coterie"]
CMD ["serve", "--data", "/data"]

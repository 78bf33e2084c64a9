# Node 24 in all stages: what is installed in one runs in the other. Build with BuildKit (cache mounts).
ARG NODE_IMAGE=node:24-bookworm-slim

# The packages' manifests alone, so that the installation below is cached until one of them changes.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY libs libs
COPY apps apps
RUN find libs apps -type f ! -name package.json -delete && find libs apps -type d -empty -delete

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.base.json ./
COPY libs libs
COPY apps apps
RUN npx tsc -b \
  && npm prune --omit=dev --no-audit --no-fund \
  && find libs apps \( -name src -o -name .tsbuildinfo -o -name 'tsconfig*.json' \) -prune -exec rm -rf {} +
# ONNX Runtime's package carries the binaries of every platform; one of them runs here.
ARG TARGETARCH
RUN case "${TARGETARCH:-$(dpkg --print-architecture)}" in \
    amd64) keep=linux/x64 ;; \
    arm64) keep=linux/arm64 ;; \
    *) echo "ONNX Runtime has no binaries for ${TARGETARCH}" >&2; exit 1 ;; \
  esac \
  && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d ! -path "*/${keep}" -exec rm -rf {} + \
  && ls node_modules/onnxruntime-node/bin/napi-v*/"${keep}"/onnxruntime_binding.node

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data
# Owned by root: the server cannot change what it runs. The weights first, as they change least.
COPY models models
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/libs libs
COPY --from=build /app/apps apps
USER node
EXPOSE 8000
VOLUME /data
STOPSIGNAL SIGTERM
# Liveness, so that a drain or a loading model is not taken for a failure; readiness is for the load balancer.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# No tini: the first process is the supervisor, which handles signals itself and reaps its workers; those start no
# processes of their own that could be left behind. No npm either: nothing stands between the signal and the server.
CMD ["node", "apps/api/dist/main.js"]

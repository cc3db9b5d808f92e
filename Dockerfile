# The service and the champion that it was released with. Before: npm run pipeline -- bake released
#   docker build --network host -t perennial .        (docs/service.md: what may be given with --build-arg)
ARG NODE_IMAGE=node:22-bookworm-slim

# The packages come before the code, so that another build of the same packages does not fetch them again.
FROM ${NODE_IMAGE} AS tools
WORKDIR /build
COPY package.json package-lock.json .npmrc locked/
COPY setup/service-packages.mjs setup/
COPY serve/entries.mjs serve/
RUN cp locked/.npmrc . && node setup/service-packages.mjs tools

FROM tools AS named
COPY pipeline pipeline
COPY serve serve
RUN node setup/service-packages.mjs named

FROM tools AS build
COPY --from=named /build/named.json .
RUN node setup/service-packages.mjs install
COPY pipeline pipeline
COPY serve serve
RUN node --import tsx serve/build.ts
COPY released released
# The same content has the same times, so that it makes the same layer whenever it is built.
ARG SOURCE_DATE_EPOCH=0
RUN mkdir -p /out/app /out/state \
  && mv dist released /out/app/ \
  && find /out/app/dist -name '*.map' -delete \
  && chown -R 1000:1000 /out/state \
  && chmod -R a+rX,go-w /out/app \
  && find /out -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM ${NODE_IMAGE}
COPY --from=build /out/ /
WORKDIR /app
USER 1000:1000
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  PORT=8080 \
  PERENNIAL_BAKED=/app/released/released.json \
  PERENNIAL_FOLLOW=off \
  PERENNIAL_STATE=/state
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["node", "/app/dist/health-check.mjs"]
ENTRYPOINT ["node", "/app/dist/main.mjs"]
ARG COMMIT=unknown
ARG CREATED=unknown
ARG DATA_VERSION=unknown
ARG MODELS=unknown
ARG SOURCE=
ARG VERSION=unknown
LABEL org.opencontainers.image.title="perennial" \
  org.opencontainers.image.description="Forecasts by coordinate, by the model that was released" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.revision="${COMMIT}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.version="${VERSION}" \
  perennial.data-version="${DATA_VERSION}" \
  perennial.models="${MODELS}"

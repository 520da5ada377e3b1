# Tags move: name digests for a build that is the same tomorrow, as in
#   docker build --build-arg NODE=node:24-slim@sha256:… --build-arg RUST=rust:1-slim@sha256:… \
#       --build-arg PYTHON=python:3.13-slim@sha256:… .
ARG NODE=node:24-slim
ARG RUST=rust:1-slim
ARG PYTHON=python:3.13-slim

FROM ${NODE} AS graphiql
WORKDIR /src/graphiql
COPY graphiql/package.json graphiql/package-lock.json graphiql/.npmrc ./
RUN npm ci
COPY graphiql ./
RUN npm run build

FROM ${NODE} AS insights-page
WORKDIR /src/insights-page
COPY insights-page/package.json insights-page/package-lock.json insights-page/.npmrc ./
RUN npm ci
COPY schema.graphql /src/
COPY insights-page ./
RUN npm run build

FROM ${RUST} AS rust

# On the image that it runs on: of a newer C library than there it couldn't be loaded.
FROM ${PYTHON} AS native
ENV PIP_NO_CACHE_DIR=1 RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY --from=rust /usr/local/rustup /usr/local/rustup
COPY --from=rust /usr/local/cargo /usr/local/cargo
WORKDIR /src
COPY requirements/image-build.txt requirements/
RUN pip install --require-hashes --only-binary :all: -r requirements/image-build.txt
COPY LICENSE ./
COPY native native
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./native

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY distribution distribution
COPY requirements requirements
COPY gateway gateway
COPY --from=graphiql /src/gateway/transport/pages/bundles/graphiql gateway/transport/pages/bundles/graphiql
COPY --from=insights-page /src/gateway/transport/pages/bundles/insights gateway/transport/pages/bundles/insights
COPY --from=native /wheels /wheels
RUN pip install --require-hashes --only-binary :all: -r requirements/image-build.txt \
    && pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/gateway \
    && pip --python /opt/gateway/bin/python install --require-hashes --only-binary :all: -r requirements/image.txt \
    && pip --python /opt/gateway/bin/python install --no-deps --no-index /wheels/*.whl \
    && /opt/gateway/bin/gateway --version | grep '(native '

FROM ${PYTHON}
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONUNBUFFERED=1 GATEWAY_HOST=0.0.0.0 GATEWAY_PORT=8000 \
    GATEWAY_GRAPHIQL=false GATEWAY_INTROSPECTION=false
RUN useradd --system --no-create-home --uid 10001 gateway
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen(f\"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/livez\", timeout=4)"]
ENTRYPOINT ["gateway"]
CMD ["serve"]

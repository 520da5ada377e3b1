FROM node:24-slim AS graphiql
WORKDIR /src/graphiql
COPY graphiql/package.json graphiql/package-lock.json graphiql/.npmrc ./
RUN npm ci
COPY graphiql ./
RUN npm run build

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_CONSTRAINT=constraints.txt
WORKDIR /src
COPY constraints.txt pyproject.toml README.md ./
COPY gateway gateway
COPY --from=graphiql /src/gateway/transport/pages/bundle gateway/transport/pages/bundle
RUN pip install setuptools \
    && pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/gateway \
    && pip --python /opt/gateway/bin/python install /wheels/*.whl

FROM python:3.13-slim
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONUNBUFFERED=1 GATEWAY_HOST=0.0.0.0 GATEWAY_PORT=8000
RUN useradd --system --no-create-home --uid 10001 gateway
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen(f\"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/readyz\", timeout=4)"]
ENTRYPOINT ["gateway"]
CMD ["serve"]

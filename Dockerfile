# `steady serve` in a container: in front of an endpoint (as it is), or with a model (--build-arg EXTRAS=[train]).
#   docker build -t steady .
#   docker run -p 8322:8322 -e SERVE_TOKEN -v $PWD/handed-on/model:/model:ro steady --model /model
# Or `steady rollout` in front of two servers, its state in the mounted folder:
#   docker run -p 8323:8323 -e SERVE_TOKEN -v $PWD:/srv -w /srv --entrypoint steady steady \
#     rollout serve rollout.toml --host 0.0.0.0 --token-env SERVE_TOKEN
FROM python:3.12-slim AS build
ARG EXTRAS=""
COPY pyproject.toml README.md LICENSE constraints.txt /src/
COPY src /src/src
RUN python -m venv /opt/steady && /opt/steady/bin/pip install --no-cache-dir -c /src/constraints.txt "/src${EXTRAS}"

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 steady
COPY --from=build /opt/steady /opt/steady
USER steady
WORKDIR /home/steady
ENV PATH=/opt/steady/bin:$PATH
EXPOSE 8322
HEALTHCHECK --interval=10s --start-period=120s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8322/healthz')"]
# Another host than loopback needs a token: the variable SERVE_TOKEN, which `steady serve --new-token` makes.
ENTRYPOINT ["steady", "serve", "--host", "0.0.0.0", "--token-env", "SERVE_TOKEN"]

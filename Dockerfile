# syntax=docker/dockerfile:1
# Builds a wheel, and installs it where neither compilers nor sources are: docker build -t advisor .
FROM python:3.12-slim AS wheel
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY advisor advisor
COPY knowledge knowledge
COPY reports reports
COPY starters starters
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
ARG EXTRAS=""
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir "$(echo /wheels/*.whl)${EXTRAS}" && rm -r /wheels \
    && useradd --create-home --uid 10001 advisor
# By number: a cluster that demands a user other than root cannot look names up.
USER 10001
# Mount what is to be read: docker run --rm -v "$PWD":/data:ro advisor diagnose logs/
WORKDIR /data
ENTRYPOINT ["advisor"]
CMD ["--help"]

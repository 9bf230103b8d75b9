# syntax=docker/dockerfile:1

ARG PYTHON=3.13-slim-trixie

# The builder has what compilers need; nothing but the finished virtual environment leaves it.
FROM python:${PYTHON} AS builder
WORKDIR /build
# requirements-observability.txt has OpenTelemetry and Sentry as well.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-observability.txt ./
RUN pip wheel --no-cache-dir --wheel-dir wheels -r ${REQUIREMENTS} \
    && python -m venv --without-pip /opt/oms \
    && pip --python /opt/oms/bin/python install --no-cache-dir --no-index --find-links wheels -r ${REQUIREMENTS}

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="oms" \
      org.opencontainers.image.description="Order management system: API, worker, consumer and clock" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/oms/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORT=8000
RUN groupadd --gid 10001 oms \
    && useradd --uid 10001 --gid oms --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin oms
COPY --from=builder /opt/oms /opt/oms
WORKDIR /app
COPY wsgi.py stream.py worker.py gunicorn.conf.py stream.conf.py ./
COPY migrations migrations
COPY oms oms
RUN python -m compileall -q .
USER 10001:10001
EXPOSE 8000 8001 8010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=2)"]
CMD ["gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]

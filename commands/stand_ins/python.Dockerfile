# Stands in for python:3.11-slim-bookworm: Debian's own Python 3.11, with the host's certificates and settings of pip.
FROM csvdynamo-stand-in-debian:bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 python3-venv ca-certificates \
 && apt-get clean && rm -rf /var/lib/apt/lists/* \
 && ln -s /usr/bin/python3 /usr/local/bin/python
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY pip.conf /etc/pip.conf
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt

# Stands in for postgres:17-bookworm: Debian's own PostgreSQL 15, with the part of the entry point that the compose file needs.
FROM csvdynamo-stand-in-debian:bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-15 \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/15/bin:$PATH
COPY postgres-entrypoint.sh /usr/local/bin/
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["sh", "/usr/local/bin/postgres-entrypoint.sh"]

"""A process with Airflow's REST API over its own database with its DAGs: a request in, an answer out, a JSON line each.

It is a process of its own because Airflow's settings, database and plugins are read once a process.
"""

import base64
import json
import os
import sys


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else Airflow prints
    from airflow.api_fastapi.app import create_app
    from airflow.cli.cli_parser import get_parser
    from fastapi.testclient import TestClient

    parse = get_parser().parse_args(["dags", "reserialize"])
    parse.func(parse)
    with TestClient(create_app(apps="core"), raise_server_exceptions=False) as client:
        token = client.get("/auth/token").json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        for line in sys.stdin:
            request = json.loads(line)
            body = base64.b64decode(request["body"])
            answer = client.request(request["method"], request["path"], content=body, headers=headers)
            print(json.dumps({"status": answer.status_code, "text": answer.text}), file=answers, flush=True)
    os._exit(0)  # Python would take seconds to take Airflow apart


main()

"""A person's shell that is set for other accounts, another Airflow, other tools, and a proxy that answers nobody."""

from pathlib import Path

_NOWHERE = "http://127.0.0.1:1"

OF_PYTHON = {
    "PYTHONPATH": "/nowhere",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONIOENCODING": "ascii",
    "PYTHONSAFEPATH": "1",
}
"""What the interpreter reads before it has read a line of a program: make keeps it from the commands."""


def hostile_shell(folder: Path) -> dict[str, str]:
    """Give its variables, without those `OF_PYTHON`.

    Args:
        folder: A folder for the files that they name.
    """
    config = folder / "aws-config"
    config.write_text("[default]\nregion = eu-west-1\nuse_fips_endpoint = true\n[[[ no section\n", encoding="utf-8")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")
    return {
        **dict.fromkeys(("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "CDK_PROFILE"), "production"),
        **dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION", "CDK_DEFAULT_REGION"), "eu-west-1"),
        **dict.fromkeys(("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"), _NOWHERE),
        **dict.fromkeys(("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"), "true"),
        **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), str(config)),
        **dict.fromkeys(("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "JSII_NODE", "JSII_RUNTIME"), "/nowhere"),
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "of-the-shell"),
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "required",
        "AIRFLOW_HOME": "/nowhere",
        "AIRFLOW__CORE__DAGS_FOLDER": "/nowhere",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://nobody@127.0.0.1:1/production",
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "CDK_DEFAULT_ACCOUNT": "111122223333",
        "CDK_OUTDIR": "/nowhere",
        "NODE_OPTIONS": "--require=/nowhere.js",
        **dict.fromkeys(proxies, _NOWHERE),
        "all_proxy": "socks5h://127.0.0.1:1",
        "LC_ALL": "C",
        "FORCE_COLOR": "1",
        # MiniStack's, where they are not for something else.
        **dict.fromkeys(("AUTH", "USE_SSL", "GATEWAY_PORT"), "1"),
        "SERVICES": "sqs",
    }

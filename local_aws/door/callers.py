"""From where a request comes and what it is for, before anybody asks who signed it. Pure.

A page of any web site may send requests to 127.0.0.1 from the browser of whoever reads it, and by DNS rebinding even
under a name of its own. What gives it away is what the browser says, and it cannot be left out by the page: Host,
Origin (https://fetch.spec.whatwg.org/#origin-header) and Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/).
"""

import re

# A name below localhost is loopback for every resolver and browser (RFC 6761, section 6.3), and no one's to register;
# S3's clients put the bucket there. Any port: a proxy on loopback passes the Host on as it was signed.
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*localhost)(?::\d{1,5})?", re.ASCII)
_SHOWN = 100
# MiniStack's own: reset, settings, other people's mail, code and layers of functions, health. No bucket's name begins
# with an underscore, so that nothing else is at such a path.
_ADMIN = re.compile(r"/_|/health$")
_ADMIN_OF_A_BUCKET_S_HOST = re.compile(r"/_(?:ministack|localstack|aws|alb)(?:/|$)|/health$")


def refusal(hosts: list[str], origin: str | None, site: str | None, path: str) -> str | None:
    """Say why a request is not answered, whoever signed it; None for one that is.

    Args:
        hosts: Its Host headers.
        origin: Its Origin header; None without one.
        site: Its Sec-Fetch-Site header; None without one.
        path: Its path, decoded.
    """
    host = hosts[0].lower() if len(hosts) == 1 else ""
    if not _LOOPBACK.fullmatch(host):
        return (
            f"The embedded AWS answers to 127.0.0.1 and localhost, and this request is for {_shown(', '.join(hosts))}: "
            "use the endpoint as it was printed."
        )
    # A person who opens a presigned URL sends "none".
    if origin is not None or site not in {None, "none"}:
        return (
            f"The embedded AWS does not answer web pages, and this request comes from one, {_shown(origin or site)}: "
            "call it with an AWS SDK or the aws CLI."
        )
    of_a_bucket = host.partition(":")[0] not in {"127.0.0.1", "localhost"}
    if (_ADMIN_OF_A_BUCKET_S_HOST if of_a_bucket else _ADMIN).match(path):
        return f"{_shown(path)} is a path of MiniStack's own, which the embedded AWS keeps closed."
    return None


def _shown(text: str | None) -> str:
    return repr((text or "")[:_SHOWN])

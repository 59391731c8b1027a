"""The kinds of source, in a table by scheme: how each is named and told of, and what it has to be granted. Pure.

What fetches one is in the plugin, where a module or folder of ``csvdynamo_airflow.source`` has the kind's name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.objects import ObjectRule, grant_problem

_WEB_URL = re.compile(r"https?://[^\s\\]+\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Grant:
    """What the Airflow side has to be allowed so that it may fetch a source, beside what every run needs.

    Attributes:
        actions: IAM's actions.
        resources: On what: ARNs without ``arn:`` and partition, such as ``s3:::bucket/key.csv``.
        why_a_star: Why a resource has a star, for cdk-nag; empty: none has.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why_a_star: str = ""


@dataclass(frozen=True)
class SourceKind:
    """One kind of source.

    Attributes:
        name: The module or folder of ``csvdynamo_airflow.source`` that fetches it.
        schemes: The schemes of its URLs, in small letters.
        told: What a run may be given, in the words of the trigger form.
        in_file: What a data set file may be given, in the words of ``docs/datasets.md``; empty: no URL of this kind.
        is_url: Says whether a data set file may name a URL.
        problem: Says of a URL of one of its schemes what is wrong with it, where that takes more words than
            `address_in_file`; empty: nothing.
        any_slashes: Whether what reads its URLs takes any number of slashes before the host, so that what stands there
            may be a user.
        needs: Gives what has to be granted for a URL of a data set file: its own source, or what else it allows.
    """

    name: str
    schemes: tuple[str, ...]
    told: str
    in_file: str = ""
    is_url: Callable[[str], bool] = lambda _: False
    problem: Callable[[str], str] = lambda _: ""
    any_slashes: bool = False
    needs: Callable[[str], tuple[Grant, ...]] = lambda _: ()


def _is_web_url(url: str) -> bool:
    return bool(_WEB_URL.match(url) and url.isprintable() and HostRule.from_url(url))


def _is_object(url: str) -> bool:
    return ObjectRule.from_url(url) is not None and not grant_problem(url)


def _read_objects(url: str) -> tuple[Grant, ...]:
    rule = ObjectRule.from_url(url)
    if rule is None:
        return ()
    why_a_star = "The data set file allows every object below the prefix, or of the bucket." if rule.is_prefix else ""
    return (Grant(("s3:GetObject",), (rule.resource,), why_a_star),)


HTTP = SourceKind(
    "http",
    ("http", "https"),
    told="an https URL on a host that the data set file allows",
    in_file="`https://` address of the CSV; `http://` only at a host that "
    "[a setting of the worker](#where-a-run-may-read) names",
    is_url=_is_web_url,
    any_slashes=True,
)
S3 = SourceKind(
    "s3",
    ("s3",),
    told="an s3://bucket/key that it allows",
    in_file="`s3://bucket/key` of an object",
    is_url=_is_object,
    problem=grant_problem,
    needs=_read_objects,
)
LOCAL = SourceKind("local", ("file",), told="what the worker's settings for local use allow")

KINDS: tuple[SourceKind, ...] = (HTTP, S3, LOCAL)
"""Every kind of source, in the order in which they are told of. A path, which has no scheme, is `LOCAL`."""


def kind_of(url: str) -> SourceKind | None:
    """Find the kind of a URL, by its scheme, or of a path; None for a scheme that there is not."""
    scheme, colon, _ = url.partition(":")
    found = [kind for kind in KINDS if colon and scheme.lower() in kind.schemes]
    return found[0] if found else (None if "://" in url else LOCAL)


def is_source_url(url: str) -> bool:
    """Say whether a data set file may name a URL as its source."""
    kind = kind_of(url)
    return kind is not None and kind.is_url(url)


def problem_of(url: str) -> str:
    """Say what is wrong with a URL for a data set file in its kind's own words; empty where it has none."""
    kind = kind_of(url)
    return kind.problem(url) if kind else ""


def grants(*urls: str) -> tuple[Grant, ...]:
    """Give what the Airflow side has to be allowed, so that it may fetch what a data set file names.

    Args:
        urls: Its own source, and what else it allows (`csvdynamo.datasets.source_rules.Source.granted`).
    """
    found = (grant for url in urls if (kind := kind_of(url)) for grant in kind.needs(url))
    return tuple(dict.fromkeys(found))


def address_in_file() -> str:
    """Say what ``source.url`` must be, for an error."""
    return " or ".join(f"{scheme}://" for kind in KINDS if kind.in_file for scheme in kind.schemes) + " address"


def told_in_file() -> str:
    """Say what ``source.url`` is, for the documents."""
    return "; ".join(kind.in_file for kind in KINDS if kind.in_file)


def told_in_form() -> str:
    """Say what a run may be given as its source, for the trigger form."""
    return ", or ".join(kind.told for kind in KINDS)


def user_in_url() -> str:
    """Give a pattern, of Python's and of JSON Schema's, of a URL with a user, perhaps a password, before its host."""
    loose = "|".join(map(_in_any_case, (scheme for kind in KINDS if kind.any_slashes for scheme in kind.schemes)))
    return rf"^\s*(?:(?:{loose}):[/\\]*|[A-Za-z][A-Za-z0-9+.-]*://)[^/?#\\]*@"


def other_scheme() -> str:
    """Give a pattern, likewise, of a URL with a scheme of no kind that there is."""
    known = "|".join(_in_any_case(scheme) for kind in KINDS for scheme in kind.schemes)
    return rf"^(?!\s*(?:{known}):)[\s\S]*://"


def told_schemes() -> str:
    """Say how a URL may begin, for the trigger form."""
    *others, last = [f"{scheme}://" for kind in KINDS for scheme in kind.schemes]
    return f"{', '.join(others)} or {last}"


def has_user(url: str) -> bool:
    """Say whether a URL names a user, perhaps with a password: it lies where URLs lie, and anyone reads it there."""
    return re.search(user_in_url(), url) is not None


def _in_any_case(scheme: str) -> str:
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else re.escape(letter) for letter in scheme)

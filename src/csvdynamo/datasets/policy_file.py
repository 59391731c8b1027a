"""Reads the parts of a data set file that say what to do about what is out of the ordinary."""

from csvdynamo.datasets.policies import (
    ForeignPolicy,
    OnChange,
    Policies,
    SchemaPolicy,
    Verification,
    VerifyMode,
)
from csvdynamo.datasets.toml_fields import Fields
from csvdynamo.rules.row_rules import DuplicatePolicy


def read_policies(fields: Fields) -> Policies:
    """Read ``duplicates``, ``[schema]`` and ``verify`` of a data set file.

    ``verify = "full"`` stands for a table ``[verify]`` with that ``mode`` and nothing else.

    Raises:
        DatasetError: A key is unknown or wrong.
    """
    return Policies(
        duplicates=DuplicatePolicy(fields.choice("duplicates", DuplicatePolicy.LAST, list(DuplicatePolicy))),
        schema=_read_schema(fields.table("schema")),
        verify=_read_verify(fields),
    )


def _read_schema(fields: Fields) -> SchemaPolicy:
    default = SchemaPolicy()
    header = fields.texts("header")
    if len(set(header)) != len(header):
        fail_at = next(name for name in header if header.count(name) > 1)
        fields.fail("header", f"names {fail_at!r} twice")
    schema = SchemaPolicy(
        header=header,
        new=_on_change(fields, "new", default.new),
        missing=_on_change(fields, "missing", default.missing),
        renamed=_on_change(fields, "renamed", default.renamed),
        reordered=_on_change(fields, "reordered", default.reordered),
    )
    fields.done()
    return schema


def _on_change(fields: Fields, key: str, default: OnChange) -> OnChange:
    return OnChange(fields.choice(key, default, list(OnChange)))


def _read_verify(fields: Fields) -> Verification:
    default = Verification()
    if "verify" not in fields or fields.is_text("verify"):
        return Verification(VerifyMode(fields.choice("verify", default.mode, list(VerifyMode))))
    table = fields.table("verify")
    verify = Verification(
        mode=VerifyMode(table.choice("mode", default.mode, list(VerifyMode))),
        sample_size=table.integer("sample_size", default.sample_size, 1, 100_000),
        foreign=ForeignPolicy(table.choice("foreign", default.foreign, list(ForeignPolicy))),
    )
    table.done()
    return verify

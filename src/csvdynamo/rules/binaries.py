"""Cells that are bytes, written in Base64."""

import base64
import binascii

from csvdynamo.rules.attribute_values import AttributeValue
from csvdynamo.rules.cell_refusals import TypeRule, refuse_type
from csvdynamo.rules.columns import Column


def binary_rule(column: Column) -> TypeRule:
    """Return the rule of a column of bytes: Base64 of RFC 4648 with its padding, in the one form that the bytes have.

    White space round it is no part of it.
    """

    def convert(text: str) -> AttributeValue:
        written = text.strip()
        try:
            held = base64.b64decode(written, validate=True)
        except (binascii.Error, ValueError):  # a character outside ASCII is a ValueError
            held = None
        # Bits beyond the last byte, and padding beyond the needed, decode to the same bytes: something else was meant.
        if held is None or base64.b64encode(held).decode("ascii") != written:
            refuse_type(column, text, "is not Base64")
        return {"B": held}

    return convert

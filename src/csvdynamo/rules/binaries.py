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
            held = base64.b64decode(written)
        except (binascii.Error, ValueError):  # a character outside ASCII is a ValueError
            held = None
        # What is stray, bits beyond the last byte and padding beyond the needed are passed over: none was meant.
        if held is None or base64.b64encode(held).decode("ascii") != written:
            refuse_type(column, text, "is not Base64")
        return {"B": held}

    return convert

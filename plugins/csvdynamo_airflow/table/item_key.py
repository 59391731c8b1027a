"""An item's key as text, by which both sides of the check are brought together: the one place that knows its type."""

from csvdynamo.rules.attribute_values import Item


def key_text(item: Item, partition_key: str) -> str:
    """Return the key of an item, or of its key alone, as text.

    Args:
        item: The item.
        partition_key: The attribute that is the table's partition key.
    """
    return item[partition_key]["S"]


def key_attributes(text: str, partition_key: str) -> Item:
    """Return the key that `key_text` gave as text, as DynamoDB takes it."""
    return {partition_key: {"S": text}}

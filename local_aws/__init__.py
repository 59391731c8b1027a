"""The embedded AWS: MiniStack in a process of its own, with the parts that it lacks added.

Start it from another process with `LocalAws`, or by hand with ``python -m local_aws``.
"""

from local_aws.server import LocalAws, LocalAwsError

__all__ = ["LocalAws", "LocalAwsError"]

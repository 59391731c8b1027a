"""moto without what it works out anew at each call and finds the same."""

import functools
from typing import Any

import moto.core.serialize
from moto.backend_index import backend_url_patterns
from moto.core.base_backend import BaseBackend

_USED = {"s3", "dynamodb"}


def make_moto_cheap() -> None:
    """Keep, for the rest of this process, the addresses of each service: for S3, moto reloads a module at each call.

    It does so for the sake of environment variables (``MOTO_S3_CUSTOM_ENDPOINTS``, ``MOTO_ENABLE_ISO_REGIONS``), which
    no test sets. A listing reads the time of each object anew, a third of its CPU: it is of whole seconds, so it is
    mostly the same one.
    """
    find, addresses = BaseBackend.urls.fget, dict[type[BaseBackend], Any]()

    def kept(backend: BaseBackend) -> Any:
        kind = type(backend)
        if kind not in addresses:
            addresses[kind] = find(backend)
        return addresses[kind]

    BaseBackend.urls = property(kept)
    # The address of a call is tried on each service's in turn, some 150 of them.
    backend_url_patterns.sort(key=lambda service_and_address: service_and_address[0] not in _USED)
    moto.core.serialize.parse_to_aware_datetime = functools.lru_cache(moto.core.serialize.parse_to_aware_datetime)

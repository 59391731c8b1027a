"""moto without what it works out anew at each call and finds the same."""

from typing import Any

from moto.core.base_backend import BaseBackend


def make_moto_cheap() -> None:
    """Keep, for the rest of this process, the addresses of each service: for S3, moto reloads a module at each call.

    It does so for the sake of environment variables (``MOTO_S3_CUSTOM_ENDPOINTS``, ``MOTO_ENABLE_ISO_REGIONS``), which
    no test sets.
    """
    find, addresses = BaseBackend.urls.fget, dict[type[BaseBackend], Any]()

    def kept(backend: BaseBackend) -> Any:
        kind = type(backend)
        if kind not in addresses:
            addresses[kind] = find(backend)
        return addresses[kind]

    BaseBackend.urls = property(kept)

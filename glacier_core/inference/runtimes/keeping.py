"""Networks made ready, each once in memory and shared by all who map with it."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from glacier_core.inference.runtimes.prepared import Prepared
from glacier_core.settings import settings

MEGABYTE = 1_000_000


class Shelf:
    """Prepared networks by key, bounded in bytes; those used longest ago leave first.

    What leaves lives on as long as somebody maps with it. The one used last always stays.
    """

    def __init__(self) -> None:
        self._networks: OrderedDict[str, Prepared] = OrderedDict()
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def __contains__(self, key: str) -> bool:
        with self._lock:
            return key in self._networks

    def find_or_make(self, key: str, make: Callable[[], Prepared]) -> Prepared:
        """Return the network of a key; who asks while another thread makes it waits for it."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._networks:
                    self._networks.move_to_end(key)
                    return self._networks[key]
            made = make()
            with self._lock:
                self._networks[key] = made
                self._making.pop(key, None)
                self._shrink()
        return made

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._networks.clear()

    def _shrink(self) -> None:
        limit = settings().networks_megabytes * MEGABYTE
        while len(self._networks) > 1 and self._total() > limit:
            self._networks.popitem(last=False)

    def _total(self) -> int:
        return sum(network.bytes for network in self._networks.values())


SHELF = Shelf()
"""That of this process."""

"""A visitor without a browser: speaks Streamlit's protocol, and times what it is sent."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN

PATIENCE = 300.0
"""Seconds a page may take before the visitor gives up."""


@dataclass
class Shown:
    """What a run of a page showed.

    Attributes
    ----------
    seconds : float
        From asking for the page until its script had ended and everything was here.
    bytes : int
        That came over the wire.
    metrics : dict of str to str
        Label to value.
    alerts, exceptions : list of str
    """

    seconds: float = 0.0
    bytes: int = 0
    metrics: dict[str, str] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)


class Visitor:
    """One tab of a browser.

    Parameters
    ----------
    address : str
        Of the app, ``http://127.0.0.1:8501``.

    Attributes
    ----------
    query : str
        What stands behind the question mark in the tab's address.
    """

    def __init__(self, address: str) -> None:
        self._address = address.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket: ClientConnection | None = None
        self._fragments: dict[str, float] = {}  # id to seconds between two looks
        self.query = ""

    async def __aenter__(self) -> "Visitor":
        protocols = [Subprotocol("streamlit")]
        self._socket = await connect(self._address, subprotocols=protocols, max_size=None)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None
        await self._socket.close()

    async def view(self, page: str, query: str | None = None) -> Shown:
        """Ask for a page at an address, the one of before if there is none."""
        self.query = self.query if query is None else query
        self._fragments.clear()
        return await self._run(page_name=page)

    async def look(self, page: str) -> Shown | None:
        """Do as the browser does for a page that looks again by itself; None if it does not."""
        if not self._fragments:
            return None
        fragment, interval = next(iter(self._fragments.items()))
        await asyncio.sleep(interval)
        return await self._run(page_name=page, fragment_id=fragment, is_auto_rerun=True)

    async def _run(self, **facts: Any) -> Shown:
        assert self._socket is not None
        message = BackMsg()
        message.rerun_script.query_string = self.query
        for name, value in facts.items():
            setattr(message.rerun_script, name, value)
        shown, began = Shown(), time.monotonic()
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while not await self._take(shown):
                pass
        shown.seconds = time.monotonic() - began
        return shown

    async def _take(self, shown: Shown) -> bool:
        """Take one message; True if it is the last of a run."""
        assert self._socket is not None
        raw = await self._socket.recv(decode=False)
        shown.bytes += len(raw)
        told = ForwardMsg()
        told.ParseFromString(raw)
        kind = told.WhichOneof("type")
        if kind == "script_finished" and told.script_finished == EARLY:
            self._fragments.clear()  # the whole page is run anew
            shown.metrics.clear()
            return False
        if kind == "auto_rerun":
            self._fragments[told.auto_rerun.fragment_id] = told.auto_rerun.interval
        elif kind == "page_info_changed":
            self.query = told.page_info_changed.query_string
        elif kind == "delta" and told.delta.WhichOneof("type") == "new_element":
            _note(told.delta.new_element, shown)
        elif kind == "script_finished":
            return True
        return False


def _note(element: Any, shown: Shown) -> None:
    kind = element.WhichOneof("type")
    if kind == "metric":
        shown.metrics[element.metric.label] = element.metric.body
    elif kind == "alert":
        shown.alerts.append(element.alert.body)
    elif kind == "exception":
        shown.exceptions.append(f"{element.exception.type}: {element.exception.message}")

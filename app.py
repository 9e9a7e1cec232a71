"""The server: Streamlit as an ASGI application, with the map's own routes beside it.

Start it with ``streamlit run app.py``.
"""

import gc
import os
from importlib import import_module
from pathlib import Path
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, socket
from threading import Thread

# GDAL reads these once, when rasterio or pyogrio is first imported: local rasters and outlines
# are all that it ever opens, whatever a file claims to be. What comes from archives it is handed
# as bytes (glacier_core/network), so no driver needs a network, nor one that runs other drivers.
os.environ.update(
    GDAL_SKIP=(
        "WMS,WCS,WMTS,HTTP,OGCAPI,PLMOSAIC,EEDAI,DAAS,STACIT,STACTA,GDALG,OGR_VRT,WFS,OAPIF,CSW,"
        "Elasticsearch,Carto,AmigoCloud,NGW,PLSCENES,EEDA"
    ),
    GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
    CPL_VSIL_CURL_ALLOWED_EXTENSIONS=".tif,.tiff",
    GDAL_HTTP_TIMEOUT="30",
    GDAL_HTTP_MAX_RETRY="2",
    GDAL_NUM_THREADS="1",
)

from streamlit import config
from streamlit.starlette import App

from glacier_core.settings import settings
from glacier_core.viewing.routes import map_routes
from pages.components.garbage import collect_all, collect_now_and_then

config.set_option("server.maxUploadSize", settings().max_upload_megabytes)

LIBRARIES = (
    "plotly.graph_objects",
    "glacier_core.archives.fetch_jobs",
    "glacier_core.deviations.comparison",
    "glacier_core.inference.jobs",
    "glacier_core.viewing.charts",
)
"""What pages import, with all that it brings along."""


def load_libraries() -> None:
    """Import what pages need before anybody asks."""
    for name in LIBRARIES:
        import_module(name)
    collect_all()
    collect_now_and_then()


def send_at_once() -> None:
    """Have the server's sockets send what they are given, and not wait for more.

    An answer is its head and its body. asyncio turns Nagle's algorithm off only where a socket
    was made as one of TCP by name, which Streamlit's is not; the body would then wait until the
    browser confirms the head, which takes it 40 ms. Connections inherit it from the socket that
    listens, and nobody hands that one over.
    """
    for one in gc.get_objects():
        # Not isinstance, which makes lazy stand-ins of modules import what they stand for.
        if type(one) is socket and one.family in (AF_INET, AF_INET6) and one.type == SOCK_STREAM:
            one.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


send_at_once()
Thread(target=load_libraries, name="glacier-libraries", daemon=True).start()

app = App(
    "pages/home.py",
    routes=map_routes(
        Path(__file__).parent / "pages/components/browser",
        base=config.get_option("server.baseUrlPath"),
    ),
)

"""The server: Streamlit as an ASGI application, with the map's own routes beside it.

Start it with ``streamlit run app.py``.
"""

import os
from pathlib import Path

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
    GDAL_CACHEMAX="256",
    GDAL_NUM_THREADS="1",
)

from streamlit import config
from streamlit.starlette import App

from glacier_core.settings import settings
from glacier_core.viewing.routes import map_routes

config.set_option("server.maxUploadSize", settings().max_upload_megabytes)

app = App(
    "pages/home.py",
    routes=map_routes(
        Path(__file__).parent / "pages/components/browser",
        base=config.get_option("server.baseUrlPath"),
    ),
)

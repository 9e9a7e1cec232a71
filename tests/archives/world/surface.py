"""Surface reflectance, which maps refuse unless told otherwise: Sentinel-2 Level-2A, Landsat L2.

The ground is the same as at the top of the atmosphere, made ``BRIGHTER``: a difference that shows
when one is taken for the other.
"""

import json
from dataclasses import dataclass

import numpy as np

from .ground import SENTINEL_BANDS, classes, sample
from .landsat import LandsatProduct
from .landsat_mtl import as_text, as_xml
from .places import Raster, local_metres
from .rasters import cog
from .sentinel2 import COMMON, Product
from .sentinel2_xml import surface_xml

BRIGHTER = 1.05
SHADOW_SCENE_CLASS = 3
SCENE_CLASSES = (5, 4, 11, 11, 5, 6, 9)  # of Level-2A, in the order of CLASSES
LANDSAT_SCALE, LANDSAT_OFFSET = 2.75e-05, -0.2


@dataclass(frozen=True)
class SurfaceSentinel:
    """A Level-2A product as Earth Search keeps it.

    With `is_shifted`, numbers hold the offset of baseline 04.00 and the item tells it once, as
    the collection sentinel-2-c1-l2a does. Without, the offset was taken off already and the item
    tells it all the same beside a flag, as sentinel-2-l2a does.
    """

    source: Product
    is_shifted: bool

    @property
    def collection(self) -> str:
        return "sentinel-2-c1-l2a" if self.is_shifted else "sentinel-2-l2a"

    @property
    def service(self) -> str:
        return "earth-search-data" if self.is_shifted else "sentinel-2-cogs"

    @property
    def id(self) -> str:
        p = self.source
        if self.is_shifted:
            return f"{p.satellite}_T{p.mgrs}_{p.strip:%Y%m%dT%H%M%S}_L2A"
        return p.id.replace("L1C", "L2A")

    @property
    def folder(self) -> str:
        p = self.source
        tile = f"{int(p.mgrs[:2])}/{p.mgrs[2]}/{p.mgrs[3:]}"
        top = "sentinel-2-c1-l2a" if self.is_shifted else "sentinel-s2-l2a-cogs"
        return f"{top}/{tile}/{p.sensed.year}/{p.sensed.month}/{self.id}"

    def reflectance(self, band: str, raster: Raster) -> np.ndarray:
        return BRIGHTER * sample(self.source.place, raster, band, self.source.sight)

    def numbers(self, band: str) -> np.ndarray:
        raster = self.source.grid(band)
        shift = -self.source.offset if self.is_shifted else 0
        found = np.round(self.reflectance(band, raster) * 10000) + shift
        seen = self.source.has_data(raster)
        return np.where(seen, np.clip(found, 1, 65535), 0).astype(np.uint16)

    def scene_classes(self) -> np.ndarray:
        """Return the scene classification at 20 m."""
        raster = self.source.raster.coarser(2)
        east, north = local_metres(self.source.place, raster)
        sight = self.source.sight
        seen = np.array(SCENE_CLASSES)[classes(self.source.place, east, north, sight)]
        seen[sight.is_cloud_shadow(east, north)] = SHADOW_SCENE_CLASS
        return np.where(self.source.has_data(raster), seen, 0).astype(np.uint8)

    def files(self):
        """Yield path and maker of each file."""
        for band in SENTINEL_BANDS:
            if band == "B10":
                continue
            yield (
                f"{self.folder}/{band}.tif",
                lambda band=band: cog(self.numbers(band), self.source.grid(band), nodata=0),
            )
        scenes = self.source.raster.coarser(2)
        yield f"{self.folder}/SCL.tif", lambda: cog(self.scene_classes(), scenes, nodata=0)
        if self.is_shifted:
            metadata = surface_xml(self.source, self.source.offset).encode()
            yield f"{self.folder}/product_metadata.xml", lambda: metadata
        picture = "L2A_PVI.jpg" if self.is_shifted else "preview.jpg"
        yield f"{self.folder}/{picture}", self.source.thumbnail

    def item(self, address: str) -> dict:
        """Return the STAC item."""
        plain = self.source.item(address)
        root = f"https://{_HOSTS[self.service]}"
        offset = self.source.offset / 10000
        assets = {
            name: {
                "href": f"{root}/{self.folder}/{band}.tif",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data", "reflectance"],
                "raster:bands": [
                    {"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": offset}
                ],
            }
            for name, band in zip(COMMON, SENTINEL_BANDS, strict=True)
            if band != "B10"
        }
        picture = "L2A_PVI.jpg" if self.is_shifted else "preview.jpg"
        assets["scl"] = {"href": f"{root}/{self.folder}/SCL.tif", "roles": ["data"]}
        assets["thumbnail"] = {"href": f"{root}/{self.folder}/{picture}", "type": "image/jpeg"}
        if self.is_shifted:
            assets["product_metadata"] = {"href": f"{root}/{self.folder}/product_metadata.xml"}
        told = plain["properties"] | {
            "s2:product_type": "S2MSI2A",
            "s2:product_uri": self.source.uri.replace("L1C", "L2A"),
        }
        if not self.is_shifted:
            told["earthsearch:boa_offset_applied"] = self.source.offset != 0
        return plain | {
            "id": self.id,
            "collection": self.collection,
            "properties": told,
            "assets": assets,
            "links": [{"rel": "root", "href": f"{address}/earth-search"}],
        }


_HOSTS = {
    "earth-search-data": "e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
    "sentinel-2-cogs": "sentinel-cogs.s3.us-west-2.amazonaws.com",
}


@dataclass(frozen=True)
class SurfaceLandsat:
    """A Level-2 product as the Planetary Computer keeps it; its id tells no processing date."""

    source: LandsatProduct

    @property
    def product_id(self) -> str:
        return self.source.id.replace("L1TP", "L2SP")

    @property
    def id(self) -> str:
        parts = self.product_id.split("_")
        return "_".join([*parts[:4], *parts[5:]])

    def path_of(self, name: str) -> str:
        folder = self.source.folder.replace("collection02/level-1", "level-2")
        return f"{folder.replace('L1TP', 'L2SP')}/{self.product_id}_{name}"

    def numbers(self, band: str) -> np.ndarray:
        found = BRIGHTER * self.source.reflectance(band)
        numbers = np.clip(np.round((found - LANDSAT_OFFSET) / LANDSAT_SCALE), 1, 65535)
        return np.where(self.source.has_data, numbers, 0).astype(np.uint16)

    @property
    def metadata(self) -> dict:
        """Return the metadata: surface and top-of-atmosphere coefficients in two groups."""
        groups = self.source.metadata["LANDSAT_METADATA_FILE"]
        names = {"LANDSAT_PRODUCT_ID": self.product_id, "PROCESSING_LEVEL": "L2SP"}
        files = {
            f"FILE_NAME_BAND_{band}": f"{self.product_id}_SR_B{band}.TIF" for band in self._bands
        }
        files["FILE_NAME_QUALITY_L1_PIXEL"] = f"{self.product_id}_QA_PIXEL.TIF"
        rescaling = {f"REFLECTANCE_MULT_BAND_{band}": "2.75e-05" for band in self._bands}
        rescaling |= {f"REFLECTANCE_ADD_BAND_{band}": "-0.2" for band in self._bands}
        first = {
            "PRODUCT_CONTENTS": groups["PRODUCT_CONTENTS"] | names | files,
            "IMAGE_ATTRIBUTES": groups["IMAGE_ATTRIBUTES"],
            "PROJECTION_ATTRIBUTES": groups["PROJECTION_ATTRIBUTES"],
            "LEVEL2_PROCESSING_RECORD": names | files,
            "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": rescaling,
        }
        rest = {name: group for name, group in groups.items() if name not in first}
        return {"LANDSAT_METADATA_FILE": first | rest}

    @property
    def _bands(self) -> list[str]:
        return [band for band in self.source.sensor.bands if int(band) < 8]

    def files(self):
        """Yield path and maker of each file below the container."""
        raster = self.source.raster
        for band in self._bands:
            yield (
                self.path_of(f"SR_B{band}.TIF"),
                lambda band=band: cog(self.numbers(band), raster, nodata=0),
            )
        quality = self.source.quality
        yield self.path_of("QA_PIXEL.TIF"), lambda: cog(quality(), raster, nodata=1)
        yield self.path_of("MTL.txt"), lambda: as_text(self.metadata).encode()
        yield self.path_of("MTL.xml"), lambda: as_xml(self.metadata).encode()
        yield self.path_of("MTL.json"), lambda: json.dumps(self.metadata).encode()

    def item(self, address: str) -> dict:
        """Return the STAC item of landsat-c2-l2."""
        plain = self.source.item(address)
        root = "https://landsateuwest.blob.core.windows.net/landsat-c2"
        assets = {
            key: {
                "href": f"{root}/{self.path_of(f'SR_B{band}.TIF')}",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data", "reflectance"],
                "raster:bands": [{"nodata": 0, "scale": LANDSAT_SCALE, "offset": LANDSAT_OFFSET}],
            }
            for key, band in self.source.sensor.keys.items()
            if band in self._bands
        }
        assets["qa_pixel"] = {"href": f"{root}/{self.path_of('QA_PIXEL.TIF')}"}
        for ending in ("txt", "xml", "json"):
            assets[f"mtl.{ending}"] = {"href": f"{root}/{self.path_of(f'MTL.{ending}')}"}
        told = plain["properties"] | {
            "platform": plain["properties"]["platform"].lower().replace("_", "-"),
            "instruments": [name.lower() for name in plain["properties"]["instruments"]],
            "landsat:correction": "L2SP",
        }
        return plain | {
            "id": self.id,
            "collection": "landsat-c2-l2",
            "description": "Landsat Collection 2 Level-2",
            "properties": told,
            "assets": assets,
            "links": [{"rel": "root", "href": f"{address}/planetary-computer/"}],
        }


def surface_sentinels(products) -> list[SurfaceSentinel]:
    """Return both kinds of Level-2A product of some acquisitions of the Alps."""
    chosen = [products["alps", name] for name in ("plain", "offset", "clear")]
    return [SurfaceSentinel(product, kind) for product in chosen for kind in (True, False)]


def surface_landsats(products) -> list[SurfaceLandsat]:
    return [SurfaceLandsat(products["alps", name]) for name in ("landsat 5", "landsat 9")]

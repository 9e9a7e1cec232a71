"""Sentinel-2 Level-1C products as Google's bucket holds them and Earth Search tells of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS

from .ground import SENTINEL_BANDS, Sight, sample
from .places import Place, Raster, bounding_box, footprint, local_metres, raster_around, transformer
from .rasters import jpeg, jpeg2000
from .sentinel2_xml import RESOLUTIONS, gml_mask, product_xml, tile_xml

PIXELS = 480  # of 10 m, so that 20 m and 60 m pixels fit
COMMON = (
    "coastal", "blue", "green", "red", "rededge1", "rededge2", "rededge3",
    "nir", "nir08", "nir09", "cirrus", "swir16", "swir22",
)  # fmt: skip
OLD_MASKS = ("MSK_DEFECT", "MSK_DETFOO", "MSK_NODATA", "MSK_SATURA", "MSK_TECQUA")
QUALITY_LAYERS = 8  # of MSK_QUALIT; the fifth tells defective pixels, the sixth no data
DEFECTIVE = (slice(12, 18), slice(60, 66))  # at 60 m, in band B04 of a product with defects


@dataclass(frozen=True)
class Product:
    """One Level-1C product; `seen_from` and `covered` bound the share of columns with data."""

    place: Place
    epsg: int
    mgrs: str
    satellite: str
    sensed: datetime
    baseline: str
    sight: Sight
    scene_cloud: float
    generated: datetime
    relative_orbit: int = 108
    absolute_orbit: int = 26955
    sequence: int = 0
    seen_from: float = 0.0
    covered: float = 1.0
    has_defects: bool = False
    psd: str = "psd-14"
    raster: Raster = field(init=False)

    def __post_init__(self) -> None:
        grid = raster_around(self.place, self.epsg, 10.0, PIXELS)
        object.__setattr__(self, "raster", grid)

    @property
    def offset(self) -> int:
        return -1000 if self.baseline >= "04.00" else 0

    @property
    def start(self) -> str:
        return f"{self.taken:%Y-%m-%dT%H:%M:%S}.024Z"

    @property
    def taken(self) -> datetime:
        """Start of the datatake, a little before the tile was sensed."""
        return self.sensed - timedelta(minutes=3, seconds=5)

    @property
    def strip(self) -> datetime:
        """Start of the datastrip; the granule's folder is named after it."""
        return self.taken + timedelta(seconds=46)

    @property
    def uri(self) -> str:
        return (
            f"{self.satellite}_MSIL1C_{self.taken:%Y%m%dT%H%M%S}_N{self.baseline.replace('.', '')}"
            f"_R{self.relative_orbit:03d}_T{self.mgrs}_{self.generated:%Y%m%dT%H%M%S}.SAFE"
        )

    @property
    def datatake(self) -> str:
        when = f"{self.taken:%Y%m%dT%H%M%S}"
        return f"G{self.satellite}_{when}_{self.absolute_orbit:06d}_N{self.baseline}"

    @property
    def datastrip(self) -> str:
        return (
            f"{self.satellite}_OPER_MSI_L1C_DS_2APS_{self.generated:%Y%m%dT%H%M%S}"
            f"_S{self.strip:%Y%m%dT%H%M%S}_N{self.baseline}"
        )

    @property
    def granule_id(self) -> str:
        return (
            f"{self.satellite}_OPER_MSI_L1C_TL_2APS_{self.generated:%Y%m%dT%H%M%S}"
            f"_A{self.absolute_orbit:06d}_T{self.mgrs}_N{self.baseline}"
        )

    @property
    def granule_folder(self) -> str:
        return f"GRANULE/L1C_T{self.mgrs}_A{self.absolute_orbit:06d}_{self.strip:%Y%m%dT%H%M%S}"

    @property
    def image_folder(self) -> str:
        return f"{self.granule_folder}/IMG_DATA"

    @property
    def quality_folder(self) -> str:
        return f"{self.granule_folder}/QI_DATA"

    @property
    def folder(self) -> str:
        """Where it lies in the bucket; the zone has two digits there."""
        return f"tiles/{self.mgrs[:2]}/{self.mgrs[2]}/{self.mgrs[3:]}/{self.uri}"

    @property
    def id(self) -> str:
        tile = self.mgrs.lstrip("0")
        return f"{self.satellite}_{tile}_{self.sensed:%Y%m%d}_{self.sequence}_L1C"

    @property
    def masks(self) -> list[tuple[str, str, str]]:
        """Return kind, band and file ending of every mask."""
        kinds, ending = OLD_MASKS, "gml"
        if self.baseline >= "04.00":
            kinds, ending = ("MSK_DETFOO", "MSK_QUALIT"), "jp2"
        each = [(kind, band, ending) for band in SENTINEL_BANDS for kind in kinds]
        clouds = ("MSK_CLASSI", "B00", "jp2") if ending == "jp2" else ("MSK_CLOUDS", "B00", "gml")
        return [*each, clouds]

    def image_name(self, band: str) -> str:
        return f"T{self.mgrs}_{self.taken:%Y%m%dT%H%M%S}_{band}"

    def grid(self, band: str) -> Raster:
        return self.raster.coarser(RESOLUTIONS[SENTINEL_BANDS.index(band)] // 10)

    def has_data(self, raster: Raster) -> np.ndarray:
        seen = np.ones(raster.shape, dtype=bool)
        seen[:, round(raster.shape[1] * self.covered) :] = False
        seen[:, : round(raster.shape[1] * self.seen_from)] = False
        return seen

    def numbers(self, band: str) -> np.ndarray:
        """Return the digital numbers of a band."""
        raster = self.grid(band)
        scaled = np.round(sample(self.place, raster, band, self.sight) * 10000) - self.offset
        return np.where(self.has_data(raster), np.clip(scaled, 1, 65535), 0).astype(np.uint16)

    @property
    def folder_on_amazon(self) -> str:
        """Where it lies in the bucket of the requester who pays; the zone has no zero there."""
        zone, day = int(self.mgrs[:2]), self.sensed
        tile = f"{zone}/{self.mgrs[2]}/{self.mgrs[3:]}"
        return f"tiles/{tile}/{day.year}/{day.month}/{day.day}/{self.sequence}"

    def files_on_amazon(self):
        """Yield path and maker of what lies there."""
        home = self.folder_on_amazon
        for band in SENTINEL_BANDS:
            yield f"{home}/{band}.jp2", lambda band=band: self.image(band)
        yield f"{home}/metadata.xml", lambda: tile_xml(self).encode()
        yield f"{home}/preview.jpg", self.thumbnail

    def image(self, band: str) -> bytes:
        return jpeg2000(self.numbers(band), self.grid(band))

    def files(self):
        """Yield the path below the bucket and what makes the file, for each file."""
        yield f"{self.folder}/MTD_MSIL1C.xml", lambda: product_xml(self).encode()
        yield f"{self.folder}/{self.granule_folder}/MTD_TL.xml", lambda: tile_xml(self).encode()
        for band in SENTINEL_BANDS:
            path = f"{self.folder}/{self.image_folder}/{self.image_name(band)}.jp2"
            yield path, lambda band=band: self.image(band)
        preview = f"{self.folder}/{self.quality_folder}/{self.image_name('PVI')}.jp2"
        yield preview, lambda: jpeg2000(self.picture(), self.raster.coarser(2))
        for kind, band, ending in self.masks:
            path = f"{self.folder}/{self.quality_folder}/{kind}_{band}.{ending}"
            yield path, lambda kind=kind, band=band: self.mask(kind, band)

    def picture(self) -> np.ndarray:
        """Return red, green and blue bytes at 20 m."""
        raster = self.raster.coarser(2)
        bands = [sample(self.place, raster, band, self.sight) for band in ("B04", "B03", "B02")]
        return (np.clip(np.stack(bands) * self.has_data(raster), 0, 1) * 255).astype(np.uint8)

    def thumbnail(self) -> bytes:
        return jpeg(self.picture(), self.raster.coarser(2))

    def mask(self, kind: str, band: str) -> bytes:
        """Return the file of a mask."""
        if kind == "MSK_CLASSI":
            grid = self.raster.coarser(6)
            opaque = self.sight.is_cloud(*local_metres(self.place, grid))
            empty = np.zeros_like(opaque)
            return jpeg2000(np.stack([opaque, empty, empty]).astype(np.uint8), grid)
        if kind == "MSK_QUALIT":
            return jpeg2000(self.quality(band), self.grid(band))
        if self.baseline >= "04.00":
            return jpeg2000(np.full(self.grid(band).shape, 5, np.uint8), self.grid(band))
        return gml_mask(self, kind, self.mask_members(kind, band)).encode()

    def quality(self, band: str) -> np.ndarray:
        grid = self.grid(band)
        layers = np.zeros((QUALITY_LAYERS, *grid.shape), np.uint8)
        layers[5] = ~self.has_data(grid)
        if self.has_defects and band == "B04":
            rows, columns = (slice(6 * part.start, 6 * part.stop) for part in DEFECTIVE)
            layers[4, rows, columns] = 1
        return layers

    def mask_members(self, kind: str, band: str) -> list:
        """Return the polygons of a GML mask."""
        if kind == "MSK_CLOUDS":
            to_metres = transformer(self.place.local, CRS.from_epsg(self.epsg)).transform
            circles = [shapely.Point(x, y).buffer(r) for x, y, r in self.sight.clouds]
            rings = [np.column_stack(to_metres(*circle.exterior.xy)) for circle in circles]
            return [("OPAQUE", ring) for ring in rings]
        if kind == "MSK_DEFECT" and self.has_defects and band == "B04":
            return [("QT_DEFECTIVE_PIXELS", self._defective_ring())]
        return []

    def _defective_ring(self):
        rows, columns = DEFECTIVE
        transform = self.raster.coarser(6).transform
        corners = [(columns.start, rows.start), (columns.stop, rows.start)]
        corners += [(columns.stop, rows.stop), (columns.start, rows.stop), corners[0]]
        return [transform @ corner for corner in corners]

    def outline(self) -> shapely.Geometry:
        rows, columns = self.raster.shape
        first, last = round(columns * self.seen_from), round(columns * self.covered)
        shifted = self.raster.transform @ Affine.translation(first, 0)
        return footprint(Raster(self.epsg, shifted, (rows, last - first)))

    def item(self, address: str) -> dict:
        """Return the STAC item of Earth Search: files of a bucket where the requester pays."""
        home = f"{address}/earth-search"
        collection = f"{home}/collections/sentinel-2-l1c"
        outline = self.outline()
        zone, band, square = int(self.mgrs[:2]), self.mgrs[2], self.mgrs[3:]
        bucket = f"s3://sentinel-s2-l1c/{self.folder_on_amazon}"
        return {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": self.id,
            "collection": "sentinel-2-l1c",
            "geometry": shapely.geometry.mapping(outline),
            "bbox": bounding_box(outline),
            "properties": self._properties(zone, band, square),
            "links": [
                {"rel": "self", "href": f"{collection}/items/{self.id}"},
                {"rel": "collection", "href": collection},
                {"rel": "root", "href": home},
                {"rel": "thumbnail", "href": f"{collection}/items/{self.id}/thumbnail"},
            ],
            "assets": self._assets(bucket),
            "stac_extensions": [
                "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
                "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
            ],
        }

    def _properties(self, zone: int, band: str, square: str) -> dict:
        return {
            "datetime": f"{self.sensed:%Y-%m-%dT%H:%M:%S}.918000Z",
            "platform": f"sentinel-{self.satellite[1:].lower()}",
            "constellation": "sentinel-2",
            "instruments": ["msi"],
            "eo:cloud_cover": self.scene_cloud,
            "proj:epsg": self.epsg,
            "mgrs:utm_zone": zone,
            "mgrs:latitude_band": band,
            "mgrs:grid_square": square,
            "grid:code": f"MGRS-{zone}{band}{square}",
            "view:sun_azimuth": self.sight.sun_azimuth,
            "view:sun_elevation": self.sight.sun_elevation,
            "s2:degraded_msi_data_percentage": 0,
            "s2:product_type": "S2MSI1C",
            "s2:processing_baseline": self.baseline,
            "s2:product_uri": self.uri,
            "s2:generation_time": f"{self.generated:%Y-%m-%dT%H:%M:%S}.000000Z",
            "s2:datatake_id": self.datatake,
            "s2:datatake_type": "INS-NOBS",
            "s2:datastrip_id": self.datastrip,
            "s2:granule_id": self.granule_id,
            "s2:sequence": str(self.sequence),
            "created": f"{self.generated:%Y-%m-%dT%H:%M:%S}.000Z",
            "updated": f"{self.generated:%Y-%m-%dT%H:%M:%S}.000Z",
        }

    def _assets(self, bucket: str) -> dict:
        assets = {}
        for common, band in zip(COMMON, SENTINEL_BANDS, strict=True):
            grid = self.grid(band)
            assets[common] = {
                "href": f"{bucket}/{band}.jp2",
                "type": "image/jp2",
                "roles": ["data", "reflectance"],
                "gsd": grid.transform.a,
                "eo:bands": [{"name": common, "common_name": common}],
                "proj:shape": list(grid.shape),
                "proj:transform": list(grid.transform)[:6],
                "raster:bands": [
                    {
                        "nodata": 0,
                        "data_type": "uint16",
                        "bits_per_sample": 15,
                        "spatial_resolution": grid.transform.a,
                        "scale": 0.0001,
                        "offset": self.offset / 10000,
                    }
                ],
            }
        for name, file, kind in (
            ("thumbnail", "preview.jpg", "image/jpeg"),
            ("granule_metadata", "metadata.xml", "application/xml"),
            ("tileinfo_metadata", "tileInfo.json", "application/json"),
        ):
            assets[name] = {"href": f"{bucket}/{file}", "type": kind, "roles": ["metadata"]}
        return assets

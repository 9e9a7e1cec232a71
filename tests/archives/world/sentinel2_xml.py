"""Sentinel-2 product and tile metadata in the layouts of their processing baselines."""

from .ground import SENTINEL_BANDS

SCHEMAS = "https://{psd}.sentinel2.eo.esa.int/PSD"
PHYSICAL = [f"B{name[1:].lstrip('0')}" for name in SENTINEL_BANDS]
RESOLUTIONS = (60, 10, 10, 10, 20, 20, 20, 10, 20, 60, 60, 20, 20)
CENTRES = (
    442.7, 492.7, 559.8, 664.6, 704.1, 740.5, 782.8, 832.8, 864.7, 945.1, 1373.5, 1613.7, 2202.4,
)  # fmt: skip
ANGLES = 23  # the angle grids have as many rows and columns, 5 km apart


def product_xml(product) -> str:
    """Return MTD_MSIL1C.xml: offsets from baseline 04.00, no spectra up to 02.01."""
    images = "\n".join(
        f"<IMAGE_FILE>{product.image_folder}/{product.image_name(band)}</IMAGE_FILE>"
        for band in (*SENTINEL_BANDS, "TCI")
    )
    root = SCHEMAS.format(psd=product.psd)
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-1C_User_Product xmlns:n1="{root}/User_Product_Level-1C.xsd" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="{root}/User_Product_Level-1C.xsd">
<n1:General_Info><Product_Info>
<PRODUCT_START_TIME>{product.start}</PRODUCT_START_TIME>
<PRODUCT_STOP_TIME>{product.start}</PRODUCT_STOP_TIME>
<PRODUCT_URI>{product.uri}</PRODUCT_URI>
<PROCESSING_LEVEL>Level-1C</PROCESSING_LEVEL>
<PRODUCT_TYPE>S2MSI1C</PRODUCT_TYPE>
<PROCESSING_BASELINE>{product.baseline}</PROCESSING_BASELINE>
<GENERATION_TIME>{product.generated:%Y-%m-%dT%H:%M:%S}.000000Z</GENERATION_TIME>
{_datatake(product)}
<Product_Organisation><Granule_List>
<Granule datastripIdentifier="{product.datastrip}" granuleIdentifier="{product.granule_id}" \
imageFormat="JPEG2000">
{images}
</Granule></Granule_List></Product_Organisation>
</Product_Info>
<Product_Image_Characteristics>
{_special("NODATA", 0)}{_special("SATURATED", 65535)}
<QUANTIFICATION_VALUE unit="none">10000</QUANTIFICATION_VALUE>
{_offsets(product.offset)}<Reflectance_Conversion><U>0.978</U></Reflectance_Conversion>
{_spectra(product)}</Product_Image_Characteristics>
</n1:General_Info>
<n1:Quality_Indicators_Info>
<Cloud_Coverage_Assessment>{product.scene_cloud}</Cloud_Coverage_Assessment>
<Technical_Quality_Assessment>
<DEGRADED_ANC_DATA_PERCENTAGE>0.0</DEGRADED_ANC_DATA_PERCENTAGE>
<DEGRADED_MSI_DATA_PERCENTAGE>0</DEGRADED_MSI_DATA_PERCENTAGE>
</Technical_Quality_Assessment>
</n1:Quality_Indicators_Info>
</n1:Level-1C_User_Product>
"""


def _datatake(product) -> str:
    return f"""<Datatake datatakeIdentifier="{product.datatake}">
<SPACECRAFT_NAME>Sentinel-{product.satellite[1:]}</SPACECRAFT_NAME>
<DATATAKE_TYPE>INS-NOBS</DATATAKE_TYPE>
<DATATAKE_SENSING_START>{product.start}</DATATAKE_SENSING_START>
<SENSING_ORBIT_NUMBER>{product.relative_orbit}</SENSING_ORBIT_NUMBER>
<SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION>
</Datatake>"""


def surface_xml(product, offset: int) -> str:
    """Return the product metadata of Level-2A, as far as its scaling goes."""
    root = SCHEMAS.format(psd=product.psd)
    offsets = "".join(
        f'<BOA_ADD_OFFSET band_id="{band}">{offset}</BOA_ADD_OFFSET>' for band in range(13)
    )
    listed = f"<BOA_ADD_OFFSET_VALUES_LIST>{offsets}</BOA_ADD_OFFSET_VALUES_LIST>"
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-2A_User_Product xmlns:n1="{root}/User_Product_Level-2A.xsd">
<n1:General_Info><Product_Info>
<PRODUCT_START_TIME>{product.start}</PRODUCT_START_TIME>
<PRODUCT_URI>{product.uri.replace("L1C", "L2A")}</PRODUCT_URI>
<PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
<PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE>
<PROCESSING_BASELINE>{product.baseline}</PROCESSING_BASELINE>
{_datatake(product)}
</Product_Info>
<Product_Image_Characteristics>
{_special("NODATA", 0)}{_special("SATURATED", 65535)}
<QUANTIFICATION_VALUES_LIST>
<BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
</QUANTIFICATION_VALUES_LIST>
{listed if offset else ""}
</Product_Image_Characteristics></n1:General_Info>
</n1:Level-2A_User_Product>
"""


def _special(text: str, index: int) -> str:
    return (
        f"<Special_Values><SPECIAL_VALUE_TEXT>{text}</SPECIAL_VALUE_TEXT>"
        f"<SPECIAL_VALUE_INDEX>{index}</SPECIAL_VALUE_INDEX></Special_Values>\n"
    )


def _offsets(offset: int) -> str:
    if not offset:
        return ""
    each = "\n".join(
        f'<RADIO_ADD_OFFSET band_id="{band}">{offset}</RADIO_ADD_OFFSET>' for band in range(13)
    )
    return f"<Radiometric_Offset_List>\n{each}\n</Radiometric_Offset_List>\n"


def _spectra(product) -> str:
    if product.baseline <= "02.01":
        return ""
    each = "\n".join(
        f'<Spectral_Information bandId="{band}" physicalBand="{PHYSICAL[band]}">'
        f"<RESOLUTION>{RESOLUTIONS[band]}</RESOLUTION><Wavelength>"
        f'<CENTRAL unit="nm">{CENTRES[band]}</CENTRAL></Wavelength></Spectral_Information>'
        for band in range(13)
    )
    return f"<Spectral_Information_List>\n{each}\n</Spectral_Information_List>\n"


def tile_xml(product) -> str:
    """Return MTD_TL.xml with the names of its masks, GML before 04.00 and JPEG 2000 since."""
    root = SCHEMAS.format(psd=product.psd)
    zone = f"{product.raster.epsg % 100}{'S' if product.raster.epsg // 100 == 327 else 'N'}"
    masks = "\n".join(
        f'<MASK_FILENAME{_band_id(band)} type="{kind}">{product.quality_folder}/'
        f"{kind}_{band}.{ending}</MASK_FILENAME>"
        for kind, band, ending in product.masks
    )
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-1C_Tile_ID xmlns:n1="{root}/S2_PDI_Level-1C_Tile_Metadata.xsd" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<n1:General_Info>
<TILE_ID metadataLevel="Brief">{product.granule_id}</TILE_ID>
<DATASTRIP_ID metadataLevel="Standard">{product.datastrip}</DATASTRIP_ID>
<SENSING_TIME metadataLevel="Standard">{product.sensed:%Y-%m-%dT%H:%M:%S}.000Z</SENSING_TIME>
</n1:General_Info>
<n1:Geometric_Info>
<Tile_Geocoding metadataLevel="Brief">
<HORIZONTAL_CS_NAME>WGS84 / UTM zone {zone}</HORIZONTAL_CS_NAME>
<HORIZONTAL_CS_CODE>EPSG:{product.raster.epsg}</HORIZONTAL_CS_CODE>
{"".join(_geocoding(product, side) for side in (10, 20, 60))}</Tile_Geocoding>
<Tile_Angles metadataLevel="Standard">
<Sun_Angles_Grid>
{_angles("Zenith", 90 - product.sight.sun_elevation)}
{_angles("Azimuth", product.sight.sun_azimuth)}
</Sun_Angles_Grid>
<Mean_Sun_Angle>
<ZENITH_ANGLE unit="deg">{90 - product.sight.sun_elevation}</ZENITH_ANGLE>
<AZIMUTH_ANGLE unit="deg">{product.sight.sun_azimuth}</AZIMUTH_ANGLE>
</Mean_Sun_Angle>
</Tile_Angles>
</n1:Geometric_Info>
<n1:Quality_Indicators_Info metadataLevel="Standard">
<Image_Content_QI>
<CLOUDY_PIXEL_PERCENTAGE>{product.scene_cloud}</CLOUDY_PIXEL_PERCENTAGE>
<DEGRADED_MSI_DATA_PERCENTAGE>0</DEGRADED_MSI_DATA_PERCENTAGE>
</Image_Content_QI>
<Pixel_Level_QI geometry="FULL_RESOLUTION">
{masks}
</Pixel_Level_QI>
<PVI_FILENAME>{product.quality_folder}/{product.image_name("PVI")}.jp2</PVI_FILENAME>
</n1:Quality_Indicators_Info>
</n1:Level-1C_Tile_ID>
"""


def _band_id(band: str) -> str:
    return "" if band == "B00" else f' bandId="{SENTINEL_BANDS.index(band)}"'


def _geocoding(product, side: int) -> str:
    west, _, _, north = product.raster.bounds
    rows, columns = (pixels * 10 // side for pixels in product.raster.shape)
    return (
        f'<Size resolution="{side}"><NROWS>{rows}</NROWS><NCOLS>{columns}</NCOLS></Size>\n'
        f'<Geoposition resolution="{side}"><ULX>{west:.0f}</ULX><ULY>{north:.0f}</ULY>'
        f"<XDIM>{side}</XDIM><YDIM>-{side}</YDIM></Geoposition>\n"
    )


def _angles(name: str, degrees: float) -> str:
    row = f"<VALUES>{' '.join([f'{degrees:.4f}'] * ANGLES)}</VALUES>"
    return (
        f'<{name}><COL_STEP unit="m">5000</COL_STEP><ROW_STEP unit="m">5000</ROW_STEP>'
        f"<Values_List>{row * ANGLES}</Values_List></{name}>"
    )


def gml_mask(product, name: str, members: list[tuple[str, list[tuple[float, float]]]]) -> str:
    """Return a mask of polygons in the manner of baselines before 04.00.

    `members` are pairs of a mask type, OPAQUE for instance, and a closed ring in metres.
    """
    features = "".join(
        f'<eop:MaskFeature gml:id="{kind}.{number}">'
        f'<eop:maskType codeSpace="urn:gs2:S2PDGS:maskType">{kind}</eop:maskType>'
        f'<eop:extentOf><gml:Polygon gml:id="{kind}.{number}_Polygon"><gml:exterior>'
        f'<gml:LinearRing><gml:posList srsDimension="2">'
        f"{' '.join(f'{x:.0f} {y:.0f}' for x, y in ring)}"
        f"</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></eop:extentOf>"
        f"</eop:MaskFeature>\n"
        for number, (kind, ring) in enumerate(members)
    )
    held = f"<eop:maskMembers>\n{features}</eop:maskMembers>\n" if members else ""
    west, south, east, north = product.raster.bounds
    crs = f"urn:ogc:def:crs:EPSG::{product.raster.epsg}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<eop:Mask xmlns:eop="http://www.opengis.net/eop/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" \
gml:id="{name}">
<gml:name>{name} pixel mask</gml:name>
<gml:boundedBy><gml:Envelope srsName="{crs}">
<gml:lowerCorner>{west:.0f} {south:.0f}</gml:lowerCorner>
<gml:upperCorner>{east:.0f} {north:.0f}</gml:upperCorner>
</gml:Envelope></gml:boundedBy>
{held}</eop:Mask>
"""

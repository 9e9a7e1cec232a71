"""The annotations of a ground-range product: geometry, calibration and noise."""

from datetime import timedelta

import numpy as np

from .sentinel1_grd import LIGHT, LINE_SECONDS, MESH_HEIGHT, SHAPE, SPACING, STATES

EVERY = 40  # pixels between two values of a table


def _time(moment) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _header(product, polarisation: str) -> str:
    take = product.take
    last = product.first_line() + timedelta(seconds=LINE_SECONDS * (SHAPE[0] - 1))
    return f"""<adsHeader><missionId>S1A</missionId><productType>GRD</productType>
<polarisation>{polarisation}</polarisation><mode>IW</mode><swath>IW</swath>
<startTime>{_time(product.first_line())}</startTime><stopTime>{_time(last)}</stopTime>
<absoluteOrbitNumber>{take.absolute_orbit}</absoluteOrbitNumber>
<missionDataTakeId>394639</missionDataTakeId><imageNumber>001</imageNumber></adsHeader>"""


def annotation(product, polarisation: str) -> str:
    """Return the product annotation of one image."""
    first = product.first_line()
    last = first + timedelta(seconds=LINE_SECONDS * (SHAPE[0] - 1))
    heading = "Ascending" if product.take.orbit == "ascending" else "Descending"
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<product>{_header(product, polarisation)}
<generalAnnotation><productInformation><pass>{heading}</pass>
<projection>Ground Range</projection></productInformation>
{_listed("orbitList", _states(product))}</generalAnnotation>
<imageAnnotation><imageInformation>
<productFirstLineUtcTime>{_time(first)}</productFirstLineUtcTime>
<productLastLineUtcTime>{_time(last)}</productLastLineUtcTime>
<slantRangeTime>{2 * product.range_origin / LIGHT:.15e}</slantRangeTime>
<pixelValue>Detected</pixelValue><outputPixels>16 bit Unsigned Integer</outputPixels>
<rangePixelSpacing>{SPACING:.6e}</rangePixelSpacing>
<azimuthPixelSpacing>{SPACING:.6e}</azimuthPixelSpacing>
<azimuthTimeInterval>{LINE_SECONDS:.15e}</azimuthTimeInterval>
<numberOfSamples>{SHAPE[1]}</numberOfSamples><numberOfLines>{SHAPE[0]}</numberOfLines>
<incidenceAngleMidSwath>3.8e+01</incidenceAngleMidSwath>
</imageInformation><processingInformation>
<thermalNoiseCorrectionPerformed>false</thermalNoiseCorrectionPerformed>
</processingInformation></imageAnnotation>
<geolocationGrid>{_listed("geolocationGridPointList", _mesh(product))}</geolocationGrid>
<coordinateConversion>{_listed("coordinateConversionList", _conversions(product))}
</coordinateConversion></product>
"""


def _listed(name: str, parts: list[str]) -> str:
    return f'<{name} count="{len(parts)}">\n' + "\n".join(parts) + f"\n</{name}>"


def _states(product) -> list[str]:
    middle = product.take.sensed + timedelta(seconds=12)
    found = []
    for seconds in STATES:
        vectors = "".join(
            f"<{name}>"
            + "".join(
                f"<{axis}>{value:.15e}</{axis}>" for axis, value in zip("xyz", vector, strict=True)
            )
            + f"</{name}>"
            for name, vector in (
                ("position", product.track.position(seconds)),
                ("velocity", product.track.velocity(seconds)),
            )
        )
        when = _time(middle + timedelta(seconds=float(seconds)))
        found.append(f"<orbit><time>{when}</time><frame>Earth Fixed</frame>{vectors}</orbit>")
    return found


def _mesh(product) -> list[str]:
    return [
        f"<geolocationGridPoint>"
        f"<azimuthTime>{_time(_line_time(product, line))}</azimuthTime>"
        f"<line>{line}</line><pixel>{sample}</pixel>"
        f"<latitude>{latitude:.15e}</latitude><longitude>{longitude:.15e}</longitude>"
        f"<height>{MESH_HEIGHT:.15e}</height><incidenceAngle>{angle:.15e}</incidenceAngle>"
        f"</geolocationGridPoint>"
        for line, sample, longitude, latitude, angle in product.mesh()
    ]


def _line_time(product, line: int):
    return product.first_line() + timedelta(seconds=LINE_SECONDS * line)


def _conversions(product) -> list[str]:
    forward, back = product.conversion
    return [
        f"<coordinateConversion><azimuthTime>{_time(_line_time(product, line))}</azimuthTime>"
        f"<slantRangeTime>{2 * product.range_origin / LIGHT:.15e}</slantRangeTime>"
        f"<sr0>{product.range_origin:.15e}</sr0>{_numbers('srgrCoefficients', forward)}"
        f"<gr0>0.000000000000000e+00</gr0>{_numbers('grsrCoefficients', back)}"
        f"</coordinateConversion>"
        for line in (-100, SHAPE[0] + 100)
    ]


def _numbers(name: str, values, form: str = ".15e") -> str:
    return f'<{name} count="{len(values)}">{" ".join(f"{v:{form}}" for v in values)}</{name}>'


def _at(size: int) -> np.ndarray:
    return np.unique([*range(0, size, EVERY), size - 1])


def calibration(product, polarisation: str) -> str:
    """Return the table that makes sigma nought of numbers."""
    samples = _at(SHAPE[1])
    vectors = [
        f"<calibrationVector><azimuthTime>{_time(_line_time(product, line))}</azimuthTime>"
        f"<line>{line}</line>{_numbers('pixel', samples, 'd')}"
        f"{_numbers('sigmaNought', product.calibration[line, samples], '.9e')}"
        f"{_numbers('betaNought', product.calibration[line, samples] * 1.2, '.9e')}"
        f"{_numbers('gamma', product.calibration[line, samples] * 0.9, '.9e')}"
        f"{_numbers('dn', np.full(len(samples), 900.0), '.9e')}</calibrationVector>"
        for line in _at(SHAPE[0])
    ]
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<calibration>{_header(product, polarisation)}
<calibrationInformation><absoluteCalibrationConstant>1.000000e+00</absoluteCalibrationConstant>
</calibrationInformation>
{_listed("calibrationVectorList", vectors)}</calibration>
"""


def noise(product, polarisation: str) -> str:
    """Return the noise: along the range, and how it varies along the flight."""
    samples, lines = _at(SHAPE[1]), _at(SHAPE[0])
    vectors = [
        f"<noiseRangeVector><azimuthTime>{_time(_line_time(product, line))}</azimuthTime>"
        f"<line>{line}</line>{_numbers('pixel', samples, 'd')}"
        f"{_numbers('noiseRangeLut', product.noise[0, samples], '.9e')}</noiseRangeVector>"
        for line in (0, SHAPE[0] - 1)
    ]
    along = product.noise[lines, 0] / product.noise[0, 0]
    azimuth = (
        f"<noiseAzimuthVector><swath>IW1</swath><firstAzimuthLine>0</firstAzimuthLine>"
        f"<firstRangeSample>0</firstRangeSample>"
        f"<lastAzimuthLine>{SHAPE[0] - 1}</lastAzimuthLine>"
        f"<lastRangeSample>{SHAPE[1] - 1}</lastRangeSample>"
        f"{_numbers('line', lines, 'd')}{_numbers('noiseAzimuthLut', along, '.9e')}"
        f"</noiseAzimuthVector>"
    )
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<noise>{_header(product, polarisation)}
{_listed("noiseRangeVectorList", vectors)}
{_listed("noiseAzimuthVectorList", [azimuth])}</noise>
"""

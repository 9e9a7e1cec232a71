"""Annotations of ground-range images of our own, about a satellite that flies straight ahead.

It climbs along the Earth's axis, so everything has a closed form: a place with Earth-centred
coordinates x, y, z is seen when the satellite is as high as z, from as far as it is from the
satellite's line; and the ground range is made to grow with the distance in proportion.
"""

import math
from datetime import datetime, timedelta

import numpy as np
from pyproj import Transformer

FIRST = datetime(2020, 8, 20, 17, 0, 0)
SPEED = 7500.0
LINE_SECONDS = 10.0 / SPEED
SPACING = 10.0
BASE_HEIGHT = -3_000.0  # metres along the axis, at the first line
ORIGIN, STRETCH = 887_000.0, 1.6  # ground range = 1.6 (distance - 887 km)
SHAPE = (1000, 1000)
_RADIUS, _LONGITUDE = 7_078_000.0, math.radians(-1.7)
AXIS = _RADIUS * math.cos(_LONGITUDE), _RADIUS * math.sin(_LONGITUDE)


def closed_form(longitude, latitude, height):
    """Return line and sample of a place."""
    earth = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    x, y, z = earth.transform(longitude, latitude, np.zeros_like(longitude) + height)
    distance = np.hypot(x - AXIS[0], y - AXIS[1])
    lines = (z - BASE_HEIGHT) / SPEED / LINE_SECONDS
    return lines, STRETCH * (distance - ORIGIN) / SPACING


def moment(seconds):
    return (FIRST + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def numbers(values):
    values = np.atleast_1d(values)
    return f'count="{len(values)}">{" ".join(f"{value:.9e}" for value in values)}'


def annotation(
    *,
    polarisation="VV",
    orbit="Ascending",
    projection="Ground Range",
    noise_removed="false",
    shape=SHAPE,
    mesh=((2.9, 0.0, 100.0, 38.0), (3.2, 0.0, 100.0, 39.0), (3.0, 0.3, 400.0, 38.5)),
):
    """Write the annotation of an image."""
    state = (
        "<orbit><time>{}</time><position><x>{}</x><y>{}</y><z>{}</z></position>"
        "<velocity><x>0</x><y>0</y><z>{}</z></velocity></orbit>"
    )
    states = "".join(
        state.format(moment(when), *AXIS, BASE_HEIGHT + SPEED * when, SPEED)
        for when in range(-20, 40, 10)
    )
    conversion = (
        "<coordinateConversion><azimuthTime>{}</azimuthTime><sr0>{}</sr0>"
        "<srgrCoefficients {}</srgrCoefficients></coordinateConversion>"
    )
    conversions = "".join(
        conversion.format(moment(when), ORIGIN, numbers([0.0, STRETCH])) for when in (-1, 4, 9)
    )
    point = (
        "<geolocationGridPoint><longitude>{}</longitude><latitude>{}</latitude>"
        "<height>{}</height><incidenceAngle>{}</incidenceAngle></geolocationGridPoint>"
    )
    points = "".join(point.format(*place) for place in mesh)
    return f"""<?xml version="1.0"?>
<product>
  <adsHeader><polarisation>{polarisation}</polarisation></adsHeader>
  <generalAnnotation>
    <productInformation><pass>{orbit}</pass><projection>{projection}</projection>
    </productInformation>
    <orbitList>{states}</orbitList>
  </generalAnnotation>
  <imageAnnotation>
    <imageInformation>
      <productFirstLineUtcTime>{moment(0)}</productFirstLineUtcTime>
      <rangePixelSpacing>{SPACING}</rangePixelSpacing>
      <azimuthTimeInterval>{LINE_SECONDS!r}</azimuthTimeInterval>
      <numberOfSamples>{shape[1]}</numberOfSamples><numberOfLines>{shape[0]}</numberOfLines>
    </imageInformation>
    <processingInformation>
      <thermalNoiseCorrectionPerformed>{noise_removed}</thermalNoiseCorrectionPerformed>
    </processingInformation>
  </imageAnnotation>
  <coordinateConversion><coordinateConversionList>{conversions}</coordinateConversionList>
  </coordinateConversion>
  <geolocationGrid><geolocationGridPointList>{points}</geolocationGridPointList></geolocationGrid>
</product>""".encode()


def vectors(name, key, table):
    """Write vectors of a table given as {line: (pixels, values)}."""
    return "".join(
        f"<{name}><line>{line}</line><pixel {numbers(pixels)}</pixel>"
        f"<{key} {numbers(values)}</{key}></{name}>"
        for line, (pixels, values) in table.items()
    )


def calibration(table):
    """Write a calibration annotation."""
    inside = vectors("calibrationVector", "sigmaNought", table)
    listed = f"<calibrationVectorList>{inside}</calibrationVectorList>"
    return f"<calibration>{listed}</calibration>".encode()


def old_noise(table):
    """Write a noise annotation in the layout of before March 2018."""
    inside = vectors("noiseVector", "noiseLut", table)
    return f"<noise><noiseVectorList>{inside}</noiseVectorList></noise>".encode()


def noise(table, parts=()):
    """Write a noise annotation; parts are (lines, pixels, {line: factor})."""
    along = "".join(
        f"<noiseAzimuthVector><swath>IW1</swath><firstAzimuthLine>{lines[0]}</firstAzimuthLine>"
        f"<firstRangeSample>{pixels[0]}</firstRangeSample>"
        f"<lastAzimuthLine>{lines[1]}</lastAzimuthLine>"
        f"<lastRangeSample>{pixels[1]}</lastRangeSample><line {numbers(list(factors))}</line>"
        f"<noiseAzimuthLut {numbers(list(factors.values()))}</noiseAzimuthLut></noiseAzimuthVector>"
        for lines, pixels, factors in parts
    )
    across = vectors("noiseRangeVector", "noiseRangeLut", table)
    return (
        f"<noise><noiseRangeVectorList>{across}</noiseRangeVectorList>"
        f"<noiseAzimuthVectorList>{along}</noiseAzimuthVectorList></noise>"
    ).encode()

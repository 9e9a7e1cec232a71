from dataclasses import replace

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.warp import Resampling, reproject

from glacier_core.errors import SceneError
from glacier_core.simulation import heat
from glacier_core.simulation.ground import Ground, SurfaceClass
from glacier_core.simulation.heat import (
    DAY_FREQUENCY,
    DEBRIS_CAPACITY,
    DEBRIS_CONDUCTIVITY,
    MELTING,
    SKINS,
    THERMAL_SENSORS,
    HeatStyle,
    band_radiance,
    brightness_temperature,
    debris_thickness,
    deep_admittance,
    draw_heat_style,
    simulate_temperature,
    slab_admittance,
    spread,
    sunlight,
    surface_temperature,
)
from glacier_core.simulation.light import Sun, sunlit
from glacier_core.simulation.weather import FREEZING, LAPSE_RATE, Weather

from .grounds import make_ground, random

SUN = Sun(zenith=35.0, azimuth=150.0, incidence_power=1.0, haze=1.0)
LANDSAT_8 = THERMAL_SENSORS["Landsat 8"]
STYLE = HeatStyle(LANDSAT_8, Weather(4000.0), 18.0, 0.9, 0.3, 277.0, 2500.0)


def flat(height=3000.0, side=24):
    return make_ground(np.full((side, side), height))


def temperature(code, *, ground=None, lit=1.0, thickness=0.2, style=STYLE, sun=SUN):
    ground = flat() if ground is None else ground
    ones = np.ones(ground.shape, dtype=np.float32)
    classes = np.full(ground.shape, code, dtype=np.uint8)
    return surface_temperature(ground, classes, sun, lit * ones, thickness * ones, style)


def middle(values):
    return float(values[values.shape[0] // 2, values.shape[1] // 2])


# Effective wavelengths, µm: Chander, Markham & Helder 2009 and the Landsat 8 handbook.
@pytest.mark.parametrize(
    ("name", "wavelength"), [("Landsat 5", 11.46), ("Landsat 7", 11.27), ("Landsat 8", 10.89)]
)
@pytest.mark.parametrize("kelvin", [255.0, 273.15, 300.0])
def test_band_constants_follow_plancks_law(name, wavelength, kelvin):
    micron = wavelength * 1e-6
    planck, light, boltzmann = 6.62607e-34, 2.99792e8, 1.380649e-23
    exponent = planck * light / (micron * boltzmann * kelvin)
    expected = 2 * planck * light**2 / micron**5 / np.expm1(exponent) * 1e-6
    found = band_radiance(np.array(kelvin), THERMAL_SENSORS[name])
    assert found == pytest.approx(expected, rel=0.03)


@given(st.floats(220.0, 340.0), st.sampled_from(sorted(THERMAL_SENSORS)))
def test_brightness_temperature_undoes_radiance(kelvin, name):
    sensor = THERMAL_SENSORS[name]
    back = brightness_temperature(band_radiance(np.array([kelvin]), sensor), sensor)
    assert back[0] == pytest.approx(kelvin, abs=1e-2)


def test_thin_debris_conducts_like_a_sheet_and_thick_like_deep_ground():
    thin, thick = slab_admittance(np.array([0.002, 3.0]))
    assert thin == pytest.approx(DEBRIS_CONDUCTIVITY / 0.002, rel=1e-3)
    inertia = np.sqrt(DEBRIS_CONDUCTIVITY * DEBRIS_CAPACITY)
    assert thick == pytest.approx(complex(deep_admittance(np.array(inertia))), rel=1e-3)
    assert np.degrees(np.angle(thick)) == pytest.approx(45.0, abs=0.1)
    assert abs(thick) == pytest.approx(inertia * np.sqrt(DAY_FREQUENCY), rel=1e-3)


def test_admittance_solves_the_heat_equation():
    # Independent: implicit finite differences of a slab under a daily wave until it repeats.
    depth, cells, steps = 0.25, 100, 400
    spacing, pause = depth / cells, 86_400.0 / steps
    number = DEBRIS_CONDUCTIVITY / DEBRIS_CAPACITY * pause / spacing**2
    matrix = np.eye(cells + 1) * (1 + 2 * number)
    matrix -= number * (np.eye(cells + 1, k=1) + np.eye(cells + 1, k=-1))
    matrix[0], matrix[-1] = np.eye(cells + 1)[0], np.eye(cells + 1)[-1]
    advance = np.linalg.inv(matrix)
    profile = np.zeros(cells + 1)
    angles = 2 * np.pi * np.arange(1, 5 * steps + 1) / steps
    flux = []
    for angle in angles:
        profile[0], profile[-1] = np.cos(angle), 0.0
        profile = advance @ profile
        rise = -3 * profile[0] + 4 * profile[1] - profile[2]
        flux.append(-DEBRIS_CONDUCTIVITY * rise / (2 * spacing))
    last = slice(-steps, None)
    found = 2 * np.mean(np.array(flux)[last] * np.exp(-1j * angles[last]))
    expected = complex(slab_admittance(np.array(depth)))
    assert found == pytest.approx(expected, rel=0.03)


@settings(max_examples=40)
@given(st.floats(0.01, 1.0), st.floats(1.1, 3.0), st.floats(500.0, 4500.0))
def test_debris_is_warmer_the_thicker_and_always_warmer_than_ice(thin, factor, level):
    style = replace(STYLE, weather=Weather(3000.0 + level))
    ice = middle(temperature(SurfaceClass.ICE, style=style))
    near = middle(temperature(SurfaceClass.DEBRIS, thickness=thin, style=style))
    far = middle(temperature(SurfaceClass.DEBRIS, thickness=thin * factor, style=style))
    # Warmth levels off with thickness: in single precision two thick layers may come out alike.
    assert far > near or far == near > ice + 10.0
    assert near > ice
    assert ice <= FREEZING


def test_debris_of_a_centimetre_is_cool_and_of_half_a_metre_nearly_ground():
    ice, thin, thick, scree = (
        middle(temperature(code, thickness=d))
        for code, d in (
            (SurfaceClass.ICE, 0.2),
            (SurfaceClass.DEBRIS, 0.01),
            (SurfaceClass.DEBRIS, 0.5),
            (SurfaceClass.SCREE, 0.2),
        )
    )
    assert 0.5 < thin - ice < (thick - ice) / 3.0
    assert thick - ice > 12.0
    assert abs(thick - scree) < 6.0


@pytest.mark.parametrize("name", MELTING)
@pytest.mark.parametrize("level", [0.0, 3000.0, 9000.0])
def test_snow_and_ice_never_pass_the_melting_point(name, level):
    style = replace(STYLE, weather=Weather(level))
    assert (temperature(SurfaceClass[name], style=style) <= FREEZING).all()


def test_a_dark_windy_night_of_dry_rock_is_near_the_air():
    # Without sun now or in the mean the balance is loss to the sky against the air.
    night = replace(SUN, zenith=89.999999)
    found = middle(temperature(SurfaceClass.ROCK, lit=0.0, sun=night))
    air = FREEZING + LAPSE_RATE * 1000.0
    black = 5.670374e-8 * air**4
    expected = air - 0.95 * 0.28 * black / (18.0 + 4 * 0.95 * black / air)
    assert found == pytest.approx(expected, abs=0.1)


def test_shade_is_cold_and_the_sunny_side_warm():
    rows, _ = np.mgrid[:30, :30].astype(np.float64)
    ground = make_ground(3000.0 - 15.0 * np.abs(rows - 15))  # slopes of half to north and south
    warm = temperature(SurfaceClass.ROCK, ground=ground)
    assert warm[22, 15] > warm[8, 15] + 5.0  # the sun stands in the south: higher rows
    shaded = temperature(SurfaceClass.ROCK, ground=ground, lit=0.0)
    assert (shaded < warm + 1e-3).all()
    assert warm[22, 15] - shaded[22, 15] > 10.0
    clouded = np.full(ground.shape, SurfaceClass.CLOUD_SHADOW, dtype=np.uint8)
    lit = np.ones(ground.shape, dtype=np.float32)
    open_sky = np.full(ground.shape, SurfaceClass.ROCK, dtype=np.uint8)
    assert (
        sunlight(ground, clouded, SUN, lit)[0][20] < sunlight(ground, open_sky, SUN, lit)[0][20]
    ).all()


def test_surfaces_rank_as_they_do_on_a_summer_morning():
    names = ["ROCK", "VEGETATION", "WATER", "ICE", "CLOUD"]
    found = [middle(temperature(SurfaceClass[name])) for name in names]
    assert (np.diff(found) < 0.0).all()
    assert found[2] == pytest.approx(277.0, abs=3.0)


def test_ground_lags_behind_the_sun_and_a_thin_sheet_does_not(monkeypatch):
    def both(code, thickness):
        monkeypatch.setattr(heat, "OVERPASS_ANGLE", np.radians(-22.5))
        morning = middle(temperature(code, thickness=thickness))
        monkeypatch.setattr(heat, "OVERPASS_ANGLE", np.radians(22.5))
        return middle(temperature(code, thickness=thickness)) - morning

    assert both(SurfaceClass.ROCK, 0.2) > 2.0
    assert both(SurfaceClass.DEBRIS, 0.5) > 1.0
    assert both(SurfaceClass.DEBRIS, 0.001) == pytest.approx(0.0, abs=0.01)


def test_higher_ground_is_colder_by_the_lapse_rate_when_dark():
    low, high = (
        middle(temperature(SurfaceClass.ROCK, ground=flat(h), lit=0.0, style=STYLE))
        for h in (2000.0, 3000.0)
    )
    assert 4.0 < low - high < 8.0


def test_debris_is_thickest_at_the_snout(tongue):
    thickness = debris_thickness(tongue, random(), 0.5)
    snout = tongue.glacier & (tongue.relative_height < 0.1)
    head = tongue.glacier & (tongue.relative_height > 0.9)
    assert np.median(thickness[snout]) == pytest.approx(0.45, rel=0.35)
    assert np.median(thickness[head]) < 0.15 * np.median(thickness[snout])
    assert thickness.min() >= 0.01


@pytest.mark.parametrize("name", sorted(THERMAL_SENSORS))
def test_a_point_is_spread_over_the_pixel_of_the_band(name):
    point = np.zeros((101, 101), dtype=np.float32)
    point[50, 50] = 1.0
    seen = spread(point, 10.0, THERMAL_SENSORS[name])
    assert seen.sum() == pytest.approx(1.0, abs=1e-3)
    width = 10.0 * (seen[50] >= seen[50, 50] / 2).sum()
    assert width == pytest.approx(THERMAL_SENSORS[name].resolution, abs=11.0)


def test_an_image_is_cooler_than_the_ground_by_emissivity_and_air(tongue):
    known = np.ones(tongue.shape, dtype=np.bool_)
    known[:, :3] = False
    ground = replace(tongue, known=known)
    classes = np.where(ground.glacier, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    lit = np.ones(ground.shape, dtype=np.float32)
    seen = simulate_temperature(ground, classes, SUN, lit, random(), STYLE)
    assert seen.dtype == np.float32
    assert (np.isnan(seen) == ~known).all()
    rock = (ground.distance_to_ice > 300) & known
    truth = surface_temperature(ground, classes, SUN, lit, lit, STYLE)
    assert 1.0 < np.mean(truth[rock] - seen[rock]) < 8.0
    vacuum = replace(STYLE, transmission=1.0)
    bare = simulate_temperature(ground, classes, SUN, lit, random(), vacuum)
    # Without air only emissivity is left: 0.95 of the radiance.
    expected = brightness_temperature(0.95 * band_radiance(truth[rock], LANDSAT_8), LANDSAT_8)
    assert np.mean(bare[rock]) == pytest.approx(expected.mean(), abs=0.3)
    assert np.nanstd(bare - simulate_temperature(ground, classes, SUN, lit, random(3), vacuum)) > 0
    again = simulate_temperature(ground, classes, SUN, lit, random(), STYLE)
    assert (again[known] == seen[known]).all()


def test_clouds_are_cold():
    cloud, ground = flat(), flat()
    classes = np.full(ground.shape, SurfaceClass.ROCK, dtype=np.uint8)
    classes[:12] = SurfaceClass.CLOUD
    lit = np.ones(ground.shape, dtype=np.float32)
    seen = simulate_temperature(cloud, classes, SUN, lit, random(), STYLE)
    assert seen[3].mean() < seen[20].mean() - 15.0


def test_a_sensor_without_a_thermal_band_is_refused():
    with pytest.raises(SceneError, match=r"no thermal band of 'Sentinel-2'.*Landsat 8"):
        draw_heat_style(flat(), random(), sensor="Sentinel-2")


def test_every_class_has_a_skin_of_its_own_or_is_said_to_be_rock():
    missing = {surface.name for surface in SurfaceClass} - set(SKINS)
    assert missing == {"NO_DATA", "CLOUD_SHADOW"}


def read(path):
    with rasterio.open(path) as source:
        return source.read(1, masked=True).astype(np.float32).filled(np.nan)


def liligo(samples):
    """Ground and classes of Liligo Glacier, and its surface temperature of 10 August 2011."""
    folder = samples / "liligo_landsat5_2011"
    inside = read(folder / "srtm_dem_30m.tif")
    with rasterio.open(folder / "srtm_dem_30m.tif") as source:
        transform, crs = source.transform, source.crs
    around = np.empty(inside.shape, dtype=np.float32)
    with rasterio.open(samples / "baltoro_srtm_rgi" / "baltoro_srtm_clip.tif") as source:
        band = rasterio.band(source, 1)
        reproject(
            band, around, dst_transform=transform, dst_crs=crs, resampling=Resampling.bilinear
        )
    glacier = np.isfinite(inside)
    elevation = np.where(glacier, inside, around)
    foot, span = np.nanmin(inside), np.nanmax(inside) - np.nanmin(inside)
    height = np.where(glacier, (elevation - foot) / span, 0.0).astype(np.float32)
    ground = Ground(elevation, glacier.astype(np.int32), height, glacier, 30.0, complete=True)
    classes = np.zeros(glacier.shape, dtype=np.uint8)
    for name, code in (("ice", "ICE"), ("firn", "FIRN"), ("debris", "DEBRIS")):
        classes[read(folder / f"{name}Mask_30m.tif") == 1] = SurfaceClass[code]
    return ground, classes, read(folder / "lst_30m_hourly.tif")


@pytest.mark.samples
def test_debris_stands_out_from_ice_as_on_liligo_glacier(samples_mirror):
    """Real: debris 286.3 K, ice 272.7 K, 13.6 K apart; quartiles 7.0 to 19.7 K apart."""
    ground, classes, real = liligo(samples_mirror)
    debris, ice = classes == SurfaceClass.DEBRIS, classes == SurfaceClass.ICE
    lowest = np.quantile(real[debris], 0.25) - np.quantile(real[ice], 0.75)
    highest = np.quantile(real[debris], 0.75) - np.quantile(real[ice], 0.25)
    assert (lowest, highest) == pytest.approx((7.0, 19.7), abs=0.1)
    sun = Sun(zenith=31.0, azimuth=123.0, incidence_power=1.0, haze=1.0)
    lit = sunlit(ground.elevation, 30.0, sun)
    # Freezing level from the sample's own air temperature; its debris is 0.115 m thick at the
    # snout. Wind, air and the lumps of the debris are drawn.
    differences = []
    for seed in range(8):
        drawn = draw_heat_style(ground, random(seed), sensor="Landsat 5")
        style = replace(drawn, weather=Weather(5846.0), thickest=0.115)
        seen = simulate_temperature(ground, classes, sun, lit, random(seed), style)
        differences.append(float(seen[debris].mean() - seen[ice].mean()))
    assert lowest < min(differences)
    assert max(differences) < highest
    assert np.mean(differences) == pytest.approx(
        float(real[debris].mean() - real[ice].mean()), abs=3.0
    )

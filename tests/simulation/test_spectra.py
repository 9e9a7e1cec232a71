import json

import numpy as np
import pandas as pd
import pytest

from glacier_core.simulation import spectra


def test_each_surface_has_spectra_on_both_sides_of_the_split():
    for surface in ("snow", "firn", "ice", "rock", "water"):
        training = spectra.groups_of(surface, held_out=False)
        held_out = spectra.groups_of(surface, held_out=True)
        assert any(group.pixels for group in training), surface
        assert any(group.pixels for group in held_out), surface
        measured = [{g.name for g in side if g.pixels} for side in (training, held_out)]
        assert not measured[0] & measured[1]
    assert spectra.groups_of("vegetation", held_out=True)


def test_held_out_images_are_whole():
    for group in spectra.spectral_groups():
        assert group.held_out == ((group.sensor, group.site, group.date) in spectra.HELD_OUT)


def test_snow_is_brighter_than_firn_than_ice_and_dark_in_swir():
    def green(surface):
        groups = [g for g in spectra.spectral_groups() if g.surface == surface and g.pixels]
        return float(np.median([np.exp(group.mean[1]) for group in groups]))

    assert green("snow") > green("firn") > green("ice") > green("rock")
    for group in spectra.spectral_groups():
        if group.surface in ("snow", "firn", "ice"):
            assert np.exp(group.mean[4]) < 0.06


def test_statistics_give_back_a_log_normal():
    generator = np.random.Generator(np.random.PCG64(2))
    mixing = 0.2 * generator.standard_normal((6, 6))
    logs = np.log(0.2) + 0.5 * generator.standard_normal((40_000, 6)) @ mixing
    mean, components = spectra.log_statistics(np.exp(logs))
    rows = np.array(components)
    assert mean == pytest.approx(logs.mean(axis=0), abs=0.02)
    # Pulling in 2 % at either end takes 8 % off the variance of a normal distribution.
    assert np.allclose(rows.T @ rows, 0.92 * np.cov(logs, rowvar=False), atol=0.006)
    assert (rows.sum(axis=1) >= 0).all()
    assert (np.diff((rows**2).sum(axis=1)) <= 0).all()


@pytest.fixture
def benchmark(tmp_path):
    landsat = {f"SR_B{number}": [0.3, 0.3, 0.4] for number in range(2, 8)}
    common = {"site_name": "Here", "image_date": "20210101"}
    pd.DataFrame({**common, "class": [3, 3, 1], **landsat}).to_csv(
        tmp_path / "Landsat_training_data.csv", index=False
    )
    sentinel = dict.fromkeys(spectra.SENTINEL_COLUMNS, 0.5)
    pd.DataFrame({**common, "class": [1], **sentinel}).to_csv(
        tmp_path / "Sentinel-2_SR_training_data.csv", index=False
    )
    return tmp_path


def test_reading_mends_the_offset_and_the_repeats(benchmark):
    pixels = spectra.read_benchmark(benchmark)
    landsat = pixels[pixels["sensor"] == "Landsat"]
    assert landsat["green"].tolist() == pytest.approx([0.1, 0.2])
    assert landsat["surface"].tolist() == ["ice", "snow"]
    assert pixels[pixels["sensor"] == "Sentinel-2"]["swir1"].tolist() == [0.5]


def test_cleaning_takes_out_what_contradicts_its_label():
    rows = {
        "lit rock": ("rock", (0.10, 0.12, 0.13, 0.16, 0.22, 0.20)),
        "green rock": ("rock", (0.03, 0.06, 0.05, 0.30, 0.20, 0.10)),
        "snowy rock": ("rock", (0.50, 0.50, 0.50, 0.40, 0.10, 0.10)),
        "dark snow": ("snow", (0.10, 0.10, 0.10, 0.10, 0.01, 0.01)),
        "bright snow": ("snow", (0.90, 0.90, 0.90, 0.70, 0.02, 0.02)),
        "rocky ice": ("ice", (0.20, 0.20, 0.20, 0.20, 0.20, 0.20)),
    }
    table = pd.DataFrame([values for _, values in rows.values()], columns=list(spectra.BANDS))
    table.insert(0, "surface", [surface for surface, _ in rows.values()])
    table.index = list(rows)
    kept = spectra.clean(table)["surface"]
    assert kept.to_dict() == {"lit rock": "rock", "green rock": "vegetation", "bright snow": "snow"}


@pytest.mark.samples
def test_shipped_statistics_come_from_the_benchmark(samples_mirror, tmp_path):
    made = tmp_path / "spectra.json"
    count = spectra.write_statistics(samples_mirror / "spectra_usgs_benchmark", made)
    groups = json.loads(made.read_text())["groups"]
    shipped = spectra.spectral_groups()
    assert count == len(shipped)
    for group, ours in zip(groups, shipped, strict=True):
        assert group["site"] == ours.site
        assert group["mean"] == pytest.approx(ours.mean, abs=2e-4)
        assert group["held_out"] == ours.held_out

import numpy as np
import pytest

from glacier_core.errors import OutlineError
from glacier_core.simulation.ambiguity import find_ambiguity
from glacier_core.simulation.ground import SurfaceClass


@pytest.fixture
def tongue():
    """Return labels and surface of a tongue, lower half covered, a moraine on the upper half."""
    labels = np.zeros((100, 60), dtype=np.int32)
    labels[5:85, 20:40] = 1
    surface = np.full((100, 60), SurfaceClass.FORELAND, dtype=np.uint8)
    surface[labels > 0] = SurfaceClass.ICE
    surface[5:45, 29:32] = SurfaceClass.DEBRIS
    surface[45:85, 20:40] = SurfaceClass.DEBRIS
    surface[60:63, 28:31] = SurfaceClass.ICE
    surface[90:, :] = SurfaceClass.WATER
    return labels, surface


def find(labels, surface, shadow=None):
    shadow = np.zeros(labels.shape, dtype=np.bool_) if shadow is None else shadow
    return find_ambiguity(labels, surface, shadow, 30.0, seed=2)


def test_moraines_between_ice_are_not_doubted_and_cliffs_in_debris_are(tongue):
    debris = find(*tongue).debris
    assert (debris[8:40, 20:40] == 0).all()
    assert (debris[60:63, 28:31] > 0).all()
    assert (debris[46:85, 20:40] > 0).all()


def test_doubt_grows_down_the_tongue_and_goes_on_beyond_it(tongue):
    labels, surface = tongue
    debris = find(labels, surface).debris
    assert debris[50, 22:38].mean() < debris[65, 22:38].mean() < debris[82, 22:38].mean()
    covered = (debris > 0) & (labels > 0)
    assert debris[covered].max() == pytest.approx(1.0)
    assert np.isin(np.arange(1, covered.sum() + 1), np.rint(debris[covered] * covered.sum())).all()
    beyond = np.isfinite(debris) & (labels == 0)
    assert (debris[beyond] > 1).all()
    assert beyond[86:89, 22:38].any()
    assert not beyond[surface == SurfaceClass.WATER].any()
    assert not beyond[:30].any()


def test_till_passes_for_covered_ice_more_easily_than_rock(tongue):
    labels, surface = tongue
    till = find(labels, surface).debris
    surface[85:, 30:] = SurfaceClass.ROCK
    rock = find(labels, surface).debris
    assert rock[85:88, 31:38].mean() > till[85:88, 31:38].mean()
    assert rock[85:88, 22:29].mean() < till[85:88, 22:29].mean()


def test_a_glacier_without_bare_ice_is_doubted_from_its_middle(tongue):
    labels, surface = tongue
    surface[labels > 0] = SurfaceClass.DEBRIS
    debris = find(labels, surface).debris
    assert debris[30:60, 29:31].mean() < debris[30:60, [20, 39]].mean()


def test_only_what_differs_in_shape_or_holds_no_glacier_is_refused(tongue):
    labels, surface = tongue
    with pytest.raises(OutlineError, match="one shape"):
        find(labels, surface[1:], np.zeros(labels.shape, dtype=np.bool_))
    with pytest.raises(OutlineError, match="no glacier"):
        find(np.zeros_like(labels), surface)


def test_water_in_shadow_hides_no_margin(tongue):
    labels, surface = tongue
    shadow = np.zeros(labels.shape, dtype=np.bool_)
    shadow[80:] = True
    hidden = np.isfinite(find(labels, surface, shadow).shadow)
    assert hidden[86:89, 25:35].all()
    assert not hidden[:80].any()
    assert not hidden[90:].any()

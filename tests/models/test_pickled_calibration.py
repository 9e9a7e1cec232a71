"""Curves out of pickles, against scikit-learn's own predictions; and what is refused."""

import contextlib
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pickle_files import HOSTILE, Curve, array, dtype, fitted, instructions, program
from sklearn.kernel_ridge import KernelRidge

from glacier_core.errors import ModelError
from glacier_core.models.inert_pickle import read_inert
from glacier_core.models.inert_values import RefusedPickle
from glacier_core.models.pickled_calibration import read_pickled_calibration

CONFIDENCES = np.linspace(0, 1, 2001)


@pytest.fixture
def kept(tmp_path):
    def keep(content):
        path = tmp_path / "curve.pickle"
        path.write_bytes(content)
        return path

    return keep


def predicted(estimator):
    return np.clip(estimator.predict(CONFIDENCES[:, None]).ravel(), 0, 1)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("home", ["numpy._core", "numpy.core"])
def test_a_curve_gives_what_the_estimator_predicts(kept, protocol, home):
    estimator = fitted()
    content = pickle.dumps(estimator, protocol)
    if home == "numpy.core":
        content = older_numpy(content)
        assert b"numpy._core" not in content
    curve = read_pickled_calibration(kept(content))
    assert curve.x == tuple(estimator.X_fit_[:, 0])
    assert curve.dual == tuple(estimator.dual_coef_)
    # Both sum the same 102 terms, in another order; apply rounds to float32.
    np.testing.assert_allclose(curve.apply(CONFIDENCES), predicted(estimator), atol=1e-7)


def older_numpy(content):
    """Name the modules as numpy 1 did, and make the lengths of names and frames right again."""
    for part in ("multiarray", "numeric"):
        new, old = f"numpy._core.{part}".encode(), f"numpy.core.{part}".encode()
        for length in (1, 4, 8):
            content = content.replace(
                len(new).to_bytes(length, "little") + new, len(old).to_bytes(length, "little") + old
            )
        content = content.replace(b"c" + new + b"\n", b"c" + old + b"\n")
    return content


@pytest.mark.parametrize("version", ["1.1.1", "1.2.0"])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_the_layout_of_older_libraries_by_hand(kept, version, protocol):
    """The sum of kernels in closed form, for instructions written down one by one."""
    curve = read_pickled_calibration(kept(Curve(version=version).written(protocol=protocol)))
    c = CONFIDENCES
    sums = -0.5 * np.exp(-c) + 0.75 * np.exp(-abs(c - 0.25)) + 1.5 * np.exp(c - 1)
    np.testing.assert_allclose(curve.apply(c), np.clip(sums, 0, 1), atol=1e-7)
    assert f"scikit-learn {version}" in curve.fitted_on
    assert "curve.pickle" in curve.fitted_on
    assert re.search(r"SHA-256 [0-9a-f]{64}", curve.fitted_on)


@pytest.mark.filterwarnings("ignore")  # of scikit-learn and numpy, that the layout is old
def test_the_layout_by_hand_is_what_the_libraries_read():
    """Or the test above would test a layout of our own invention."""
    estimator = pickle.loads(Curve(version="1.2.0").written())
    assert isinstance(estimator, KernelRidge)
    assert estimator.X_fit_.tolist() == [[0.0], [0.25], [1.0]]
    assert estimator.dual_coef_.tolist() == [-0.5, 0.75, 1.5]


def test_attributes_that_say_nothing_new_may_be_missing(kept):
    content = Curve().written(
        degree=None, coef0=None, kernel_params=None, n_features_in_=None, _sklearn_version=None
    )
    assert read_pickled_calibration(kept(content)).x == (0.0, 0.25, 1.0)


@pytest.mark.parametrize("needed", ["alpha", "kernel", "gamma", "X_fit_", "dual_coef_"])
def test_other_attributes_may_not(kept, needed):
    with pytest.raises(ModelError, match="other attributes"):
        read_pickled_calibration(kept(Curve().written(**{needed: None})))


def test_one_alpha_for_all_points_is_read_as_well(kept):
    estimator = fitted(alpha=0.01)
    curve = read_pickled_calibration(kept(pickle.dumps(estimator)))
    np.testing.assert_allclose(curve.apply(CONFIDENCES), predicted(estimator), atol=1e-7)


@pytest.mark.parametrize("dtype", [">f8", "<f4", ">f4"])
def test_numbers_of_other_width_and_order(kept, dtype):
    estimator = fitted()
    estimator.X_fit_ = estimator.X_fit_.astype(dtype)
    estimator.dual_coef_ = estimator.dual_coef_.astype(dtype)
    curve = read_pickled_calibration(kept(pickle.dumps(estimator, 4)))
    assert curve.x == tuple(estimator.X_fit_[:, 0].astype(float))
    assert curve.dual == tuple(estimator.dual_coef_.astype(float))


def test_a_column_of_coefficients_is_as_good(kept):
    estimator = fitted()
    estimator.dual_coef_ = np.asfortranarray(estimator.dual_coef_[:, None])
    curve = read_pickled_calibration(kept(pickle.dumps(estimator, 3)))
    assert curve.dual == tuple(estimator.dual_coef_[:, 0])


def test_columns_and_rows_are_told_apart():
    """The order of numbers in memory, with a shape for which it matters."""
    values = np.arange(6.0).reshape(2, 3)
    for laid in (values, np.asfortranarray(values), values[:, ::-1]):
        for protocol in (2, 3, 4, 5):
            found = read_inert(pickle.dumps(laid, protocol)).values
            np.testing.assert_array_equal(found, laid)


def test_a_curve_that_falls_is_kept_as_it_is(kept):
    """The published curve of region encoding falls above 0.2."""
    curve = read_pickled_calibration(kept(Curve(dual=(0.2, 0.9, -0.3)).written()))
    assert not curve.monotone
    assert curve.apply([0.25])[0] > curve.apply([0.9])[0]


@pytest.fixture
def watched(monkeypatch, tmp_path):
    """Fail where anything is imported, called or run; the folder must stay as it is."""
    monkeypatch.chdir(tmp_path)

    def forbidden(*_, **__):
        raise AssertionError("something of the file was used")

    monkeypatch.setattr("os.system", forbidden)
    monkeypatch.setattr("pickle.Unpickler", forbidden)
    monkeypatch.setattr("pickle.loads", forbidden)
    monkeypatch.setattr("pickle.load", forbidden)
    return tmp_path


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_refused(kept, watched, what):
    path = kept(HOSTILE[what])
    with pytest.raises(ModelError, match="Nothing of it was run") as refusal:
        read_pickled_calibration(path)
    assert "\n" not in str(refusal.value)
    assert [found.name for found in watched.iterdir()] == ["curve.pickle"]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("a call of the system", "names os.system"),
        ("the same, its name made on the stack", "names os.system"),
        ("getattr, to reach anything else", "names builtins.getattr"),
        ("a call inside a curve", "names os.system"),
        ("a call of the estimator", "calls something"),
        ("an instance made the oldest way (INST)", "instruction INST"),
        ("an instance made the old way (OBJ)", "names os.system"),
        ("an object made with named arguments (NEWOBJ_EX)", "instruction NEWOBJ_EX"),
        ("an extension by number (EXT1)", "instruction EXT1"),
        ("thousands of instructions", "more than 1,000 instructions"),
        ("an array of objects inside a curve", "something other than floating-point"),
        ("an array that claims a billion numbers", "whose size is not that of its numbers"),
        ("another kernel", "another kernel"),
        ("a kernel of another width", "another width"),
        ("a support point that is no number", "not finite"),
        ("more bytes than a curve can need", "at most 1,000,000 are read"),
        ("a state set twice", "sets a state that does not fit"),
        ("an order of bytes set twice", "sets a state that does not fit"),
        ("a frame that claims more than there is in the world", "announces more bytes"),
        ("two features by name", "more than one feature"),
        ("an attribute that does not belong there", "other attributes"),
    ],
)
def test_a_refusal_says_why(kept, what, told):
    with pytest.raises(ModelError, match=told):
        read_pickled_calibration(kept(HOSTILE[what]))


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_file_cut_anywhere_is_refused(protocol):
    content = pickle.dumps(fitted(5), protocol)
    for end in range(len(content)):
        with pytest.raises(RefusedPickle):
            read_inert(content[:end])


@given(st.data())
@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
def test_a_file_with_changed_bytes_is_refused_or_numbers(data):
    content = bytearray(pickle.dumps(fitted(5), data.draw(st.sampled_from([2, 3, 4, 5]))))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RefusedPickle):  # and nothing else
        read_inert(bytes(content))


@given(st.binary(max_size=300))
@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
def test_any_bytes_are_refused_or_numbers(content):
    with contextlib.suppress(RefusedPickle):  # and nothing else
        read_inert(b"\x80\x04" + content)


@pytest.mark.parametrize("kind", ["O", "V8", "U4", "S8", "i8", "c16", "f2", "M8"])
def test_only_floating_point_numbers_are_read(kind):
    with pytest.raises(RefusedPickle, match="floating-point"):
        read_inert(program(array((1.0,), kind=dtype(kind))))


@pytest.mark.parametrize("order", ["|", "=", "", "<<"])
def test_only_known_orders_of_bytes_are_read(order):
    with pytest.raises(RefusedPickle, match="floating-point"):
        read_inert(program(array((1.0,), kind=dtype(order=order))))


def test_numbers_that_are_aligned_or_shared_are_refused():
    with pytest.raises(RefusedPickle, match="floating-point"):
        read_inert(program(array((1.0,), kind=dtype(aligned=1))))


def test_scikit_learn_needs_no_more_instructions_than_are_followed():
    for protocol in (2, 3, 4, 5):
        assert len(instructions(pickle.dumps(fitted(), protocol))) < 200


def test_an_absent_file(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        read_pickled_calibration(tmp_path / "none.pickle")

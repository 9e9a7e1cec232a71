"""The calibration curves of GlaViTU's authors, taken out of their files as numbers.

They publish each as a pickle of a fitted ``KernelRidge`` of scikit-learn, with the Laplacian
kernel and its default width, on one feature: a sum of ``dual * exp(-|confidence - x|)``. The
files are never unpickled, see `glacier_core.models.inert_pickle`.
"""

import hashlib
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import ModelError
from glacier_core.models.calibration import KernelRidgeCurve
from glacier_core.models.inert_pickle import LARGEST, read_inert
from glacier_core.models.inert_values import Estimator, NumberArray, RefusedPickle

MOST_POINTS: Final = 1000
"""Support points; the published curves have 102 or a few less."""

_VERSION: Final = re.compile(r"[0-9A-Za-z.+]{1,20}")
_NEEDED: Final = frozenset({"alpha", "kernel", "gamma", "X_fit_", "dual_coef_"})
_FURTHER: Final = frozenset(
    {"degree", "coef0", "kernel_params", "n_features_in_", "_sklearn_version"}
)


def read_pickled_calibration(path: str | Path) -> KernelRidgeCurve:
    """Read the pickled calibration curve of a published network, without unpickling it.

    Parameters
    ----------
    path : path
        A fitted scikit-learn ``KernelRidge(kernel="laplacian", gamma=None)`` of one feature,
        pickled by protocol 2 to 5.

    Returns
    -------
    KernelRidgeCurve
        Gives what the estimator predicts, clipped to 0..1. It need not be monotone.

    Raises
    ------
    ModelError
        If the file is absent or anything else. Nothing of it is run in any case.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ModelError(f"The calibration {path} cannot be read: {error.strerror}.") from error
    try:
        return _curve(read_inert(content), path.name, hashlib.sha256(content).hexdigest())
    except RefusedPickle as refusal:
        raise ModelError(
            f"{path.name} is not a calibration curve as GlaViTU's authors publish them: it "
            f"{refusal}. Nothing of it was run. Fetch it again, or convert without calibration."
        ) from refusal


def _curve(found: Any, name: str, digest: str) -> KernelRidgeCurve:
    if type(found) is not Estimator or found.attributes is None:
        raise RefusedPickle("holds something other than one fitted KernelRidge")
    attributes = found.attributes
    _check_attributes(attributes)
    points = _array(attributes, "X_fit_")
    dual = _array(attributes, "dual_coef_")
    count = points.shape[0]
    if points.shape != (count, 1) or dual.shape not in ((count,), (count, 1)):
        raise RefusedPickle(f"has support points {points.shape} and coefficients {dual.shape}")
    if count > MOST_POINTS:
        raise RefusedPickle(f"has {count:,} support points; at most {MOST_POINTS:,} are read")
    if points.min() < 0.0 or points.max() > 1.0:
        raise RefusedPickle("has support points that are no confidence between 0 and 1")
    return KernelRidgeCurve(
        x=tuple(points.ravel().tolist()),
        dual=tuple(dual.ravel().tolist()),
        fitted_on=f"By whoever made {name} (SHA-256 {digest}), with scikit-learn "
        f"{attributes.get('_sklearn_version', 'of an unknown version')}; see its source.",
    )


def _check_attributes(attributes: dict[str, Any]) -> None:
    missing, strange = _NEEDED - attributes.keys(), attributes.keys() - _NEEDED - _FURTHER
    if missing or strange:
        raise RefusedPickle("has other attributes than a fitted KernelRidge of one feature")
    kernel = attributes["kernel"]
    if type(kernel) is not str or kernel != "laplacian":
        raise RefusedPickle("was fitted with another kernel than the Laplacian")
    if attributes["gamma"] is not None or attributes.get("kernel_params") is not None:
        raise RefusedPickle("was fitted with a kernel of another width")
    features = attributes.get("n_features_in_", 1)
    if type(features) is not int or features != 1:
        raise RefusedPickle("was fitted on more than one feature")
    version = attributes.get("_sklearn_version", "0")
    if type(version) is not str or not _VERSION.fullmatch(version):
        raise RefusedPickle("has other attributes than a fitted KernelRidge of one feature")
    if type(attributes["alpha"]) not in (int, float):  # one for all points, or one for each
        _array(attributes, "alpha")


def _array(attributes: dict[str, Any], name: str) -> NDArray[np.float64]:
    array = attributes[name]
    if type(array) is not NumberArray or array.values is None:
        raise RefusedPickle(f"holds no array of numbers as {name}")
    if not np.isfinite(array.values).all():
        raise RefusedPickle(f"holds numbers that are not finite in {name}")
    return array.values.astype(np.float64)

"""Pickles of calibration curves, as scikit-learn writes them and as nobody should send them."""

import pickle
import pickletools
import struct
from dataclasses import dataclass

import numpy as np
from sklearn.kernel_ridge import KernelRidge

POINTS = 102


def fitted(points=POINTS, seed=0, **options):
    """Fit a curve as GlaViTU's authors do: bins, an anchor at each end, one alpha for each."""
    generator = np.random.default_rng(seed)
    x = np.concatenate([[0.0], np.sort(generator.random(points - 2)), [1.0]])
    y = np.clip(np.sqrt(x) + generator.normal(0, 0.05, points), 0, 1)
    alpha = generator.random(points) * 0.1
    estimator = KernelRidge(**({"alpha": alpha, "kernel": "laplacian"} | options))
    return estimator.fit(x[:, None], y)


def altered(protocol=2, **attributes):
    """Pickle a fitted curve some attributes of which are others."""
    estimator = fitted(5)
    for name, value in attributes.items():
        setattr(estimator, name, value)
    return pickle.dumps(estimator, protocol)


# Instructions by hand, as the documentation of pickletools describes them.


def text(value):
    encoded = value.encode("utf-8")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def raw(value):
    return b"B" + struct.pack("<I", len(value)) + value


def number(value):
    return b"J" + struct.pack("<i", value)


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def many(*values):
    return b"(" + b"".join(values) + b"t"


def program(*instructions, protocol=3):
    return b"\x80" + bytes([protocol]) + b"".join(instructions) + b"."


def dtype(code="f8", order="<", aligned=0):
    """A description of numbers, its two flags as the numpy of 2022 wrote them."""
    state = many(number(3), text(order), b"N", b"N", b"N", number(-1), number(-1), number(0))
    return (
        name("numpy", "dtype") + many(text(code), number(aligned), number(1)) + b"R" + state + b"b"
    )


def array(values, home="numpy.core", kind=None, shape=None, content=None):
    """An array of float64 by instructions."""
    values = np.asarray(values, "<f8")
    shape = values.shape if shape is None else shape
    empty = (
        name(f"{home}.multiarray", "_reconstruct")
        + many(name("numpy", "ndarray"), many(number(0)), raw(b"b"))
        + b"R"
    )
    content = values.tobytes() if content is None else content
    sizes = many(*[number(size) for size in shape])
    return empty + many(number(1), sizes, kind or dtype(), b"\x89", raw(content)) + b"b"


KERNEL_RIDGE = name("sklearn.kernel_ridge", "KernelRidge")


@dataclass
class Curve:
    """A pickled KernelRidge by instructions, laid out as scikit-learn 1.1.1 and 1.2.0 did."""

    x: tuple = (0.0, 0.25, 1.0)
    dual: tuple = (-0.5, 0.75, 1.5)
    version: str = "1.1.1"
    home: str = "numpy.core"

    def attributes(self):
        return {
            "alpha": array((0.0, 0.0656, 0.0), self.home),
            "kernel": text("laplacian"),
            "gamma": b"N",
            "degree": number(3),
            "coef0": number(1),
            "kernel_params": b"N",
            "n_features_in_": number(1),
            "dual_coef_": array(self.dual, self.home),
            "X_fit_": array(np.reshape(self.x, (-1, 1)), self.home),
            "_sklearn_version": text(self.version),
        }

    def written(self, estimator=KERNEL_RIDGE, protocol=3, **others):
        """Give the whole pickle; None leaves an attribute out."""
        attributes = {k: v for k, v in (self.attributes() | others).items() if v is not None}
        items = b"".join(text(key) + value for key, value in attributes.items())
        return program(estimator, b")\x81", b"}(", items, b"u", b"b", protocol=protocol)


COMMAND = text("touch pwned")
SYSTEM = name("os", "system")
DOUBLED = b"".join(b"q" + bytes([n]) + b"h" + bytes([n]) + b"\x86" for n in range(200))

HOSTILE = {
    "text renamed to .pickle": b"These are field notes, not a curve.\n",
    "an empty file": b"",
    "a curve cut off in the middle": Curve().written()[:400],
    "a curve with something behind its end": Curve().written() + b"cos\nsystem\n.",
    "protocol 0, a program in plain text": b"cos\nsystem\n(S'touch pwned'\ntR.",
    "a protocol not heard of": program(b"N", protocol=200),
    "a call of the system": program(SYSTEM, many(COMMAND), b"R"),
    "the same, its name made on the stack": program(
        text("os"), text("system"), b"\x93", many(COMMAND), b"R", protocol=4
    ),
    "a name through a class that is allowed": program(
        text("sklearn.kernel_ridge"), text("KernelRidge.__init__.__globals__"), b"\x93", protocol=4
    ),
    "a name through a module that is allowed": program(name("numpy", "f2py.os.system")),
    "a name out of no text": program(name("numpy", "dtype"), text("system"), b"\x93", protocol=4),
    "getattr, to reach anything else": program(
        name("builtins", "getattr"), many(name("numpy", "dtype"), text("mro")), b"R"
    ),
    "a call inside a curve": Curve().written(coef0=SYSTEM + many(COMMAND) + b"R"),
    "a call of the estimator": program(KERNEL_RIDGE, b")R"),
    "a call of what is no name": program(text("os.system"), many(COMMAND), b"R"),
    "an instance made the oldest way (INST)": program(b"(", COMMAND, b"ios\nsystem\n"),
    "an instance made the old way (OBJ)": program(b"(", SYSTEM, COMMAND, b"o"),
    "an object made with named arguments (NEWOBJ_EX)": program(
        KERNEL_RIDGE, b")", b"}", b"\x92", protocol=4
    ),
    "an object of another class": program(name("numpy", "dtype"), b")\x81"),
    "a state for what has none": program(KERNEL_RIDGE, b"}b"),
    "a state set twice": program(KERNEL_RIDGE, b")\x81}b}b"),
    "an order of bytes set twice": program(
        dtype(),
        many(number(3), text("<"), b"N", b"N", b"N", number(-1), number(-1), number(0)),
        b"b",
    ),
    "attributes set on a list": program(b"](" + text("a") + text("b") + b"u"),
    "an object that is to be looked up by number (persistent id)": program(b"P1\n"),
    "the same, its number on the stack": program(number(1), b"Q"),
    "an extension by number (EXT1)": program(b"\x82\x01"),
    "an extension by number (EXT4)": program(b"\x84\x01\x00\x00\x00"),
    "a buffer from outside the file": program(b"\x97", protocol=5),
    "a text that claims four gigabytes": program(b"X\xff\xff\xff\xff"),
    "bytes that claim more than there is in the world": program(b"\x8e" + b"\xff" * 8, protocol=4),
    "a frame that claims more than there is in the world": program(
        b"\x95" + b"\xff" * 8, b"N", protocol=4
    ),
    "a whole number of a million digits": program(
        b"\x8b" + struct.pack("<I", 900_000) + b"9" * 900_000
    ),
    "more bytes than a curve can need": program(raw(bytes(1_000_001))),
    "a value of values of values, doubled two hundred times": program(text("lol"), DOUBLED),
    "thousands of instructions": program(b"N", b"q\x00h\x00\x86" * 2000),
    "nine hundred tuples within each other": program(b")", b"\x85" * 900),
    "such tuples as the shape of an array": program(
        name("numpy.core.multiarray", "_reconstruct"), many(b")" + b"\x85" * 900), b"R"
    ),
    "values taken that were never made": program(b"h\x07"),
    "an empty stack": program(b"\x85"),
    "a mark that nobody set": program(b"u"),
    "an attribute twice": Curve().written(kernel=text("laplacian") + text("gamma") + b"N"),
    "an attribute that is no text": program(KERNEL_RIDGE, b")\x81", b"}(", number(1), b"Nu", b"b"),
    "an array within itself": program(
        KERNEL_RIDGE, b")\x81q\x00", b"}(", text("alpha"), b"h\x00", b"u", b"b"
    ),
    "an array of objects": pickle.dumps(np.array([None], dtype=object), 2),
    "an array of objects inside a curve": altered(alpha=np.array([None] * 5, dtype=object)),
    "an array of a class of its own": Curve().written(
        alpha=name("numpy.core.multiarray", "_reconstruct")
        + many(KERNEL_RIDGE, many(number(0)), raw(b"b"))
        + b"R"
    ),
    "an array without its numbers": Curve().written(
        dual_coef_=name("numpy.core.multiarray", "_reconstruct")
        + many(name("numpy", "ndarray"), many(number(0)), raw(b"b"))
        + b"R"
    ),
    "an array that claims a billion numbers": Curve().written(
        dual_coef_=array((1.0,), shape=(10**9,))
    ),
    "an array of negative size": Curve().written(dual_coef_=array((1.0,), shape=(-1, -1))),
    "an array of records": altered(alpha=np.zeros(5, dtype=[("a", "f8")])),
    "another estimator": Curve().written(name("sklearn.linear_model", "Ridge")),
    "numbers in a dictionary": program(b"}", text("x"), number(1), b"s"),
    "no estimator but an array": pickle.dumps(np.zeros(3), 2),
    "an estimator that was never fitted": pickle.dumps(KernelRidge(kernel="laplacian"), 2),
    "another kernel": pickle.dumps(fitted(5, kernel="rbf"), 2),
    "a kernel that is a function": altered(kernel=len),
    "a kernel of another width": pickle.dumps(fitted(5, gamma=2.0), 2),
    "parameters of a kernel": altered(kernel_params={"gamma": 2.0}),
    "two features by shape": altered(X_fit_=np.zeros((5, 2))),
    "two features by name": Curve().written(n_features_in_=number(2)),
    "more coefficients than support points": Curve(dual=(1.0, 2.0, 3.0, 4.0)).written(),
    "coefficients of two targets": altered(dual_coef_=np.zeros((5, 2))),
    "support points in a row": altered(X_fit_=np.zeros((1, 5))),
    "a support point that is no number": Curve(x=(0.0, float("nan"), 1.0)).written(),
    "an endless coefficient": Curve(dual=(1.0, float("inf"), 1.0)).written(),
    "a support point beyond 1": Curve(x=(0.0, 0.5, 1.5)).written(),
    "ten thousand support points": altered(X_fit_=np.zeros((9999, 1)), dual_coef_=np.zeros(9999)),
    "whole numbers instead of floating-point ones": altered(dual_coef_=np.zeros(5, int)),
    "an attribute that does not belong there": altered(feature_names_in_="confidence"),
    "a version that is no version": Curve(version="1.1.1\nand more").written(),
}
"""Content by what is wrong with it."""


def instructions(content):
    return [instruction.name for instruction, *_ in pickletools.genops(content)]

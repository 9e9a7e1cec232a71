"""What can go wrong, one class each.

Every message says what was wrong, where, and what to do about it.

GlacierError
├── SceneError        a scene or one of its rasters cannot be used as it is
├── OutlineError      a set of outlines cannot be used as it is
├── ModelError        weights, a model card or the inputs of a network do not fit
├── DeviceError       the processor asked for is not there, or its memory is too short
├── SourceError       something could not be fetched, or is not what was expected
│   └── MissingError  an archive answered that it does not hold the file asked for
├── StorageError      the disk refused: full, read-only, or an entry is damaged
├── RepeatError       what a provenance record names is not here, or not the same
├── QueueFullError    too many maps are already waiting to be made
└── JobCancelled      a person stopped the job
"""


class GlacierError(Exception):
    """Base of every error that Glacier Explorer raises on purpose."""


class SceneError(GlacierError):
    """A scene or one of its rasters cannot be used as it is."""


class OutlineError(GlacierError):
    """A set of outlines cannot be used as it is."""


class ModelError(GlacierError):
    """Weights, a model card or the inputs of a network do not fit together."""


class DeviceError(GlacierError):
    """The processor asked for is not there, or its memory is too short."""


class SourceError(GlacierError):
    """Something could not be fetched, or is not what was expected."""


class MissingError(SourceError):
    """An archive answered that it does not hold the file asked for."""


class StorageError(GlacierError):
    """The disk refused to keep or to return something."""


class RepeatError(GlacierError):
    """What a provenance record names is not here, or not the same."""


class QueueFullError(GlacierError):
    """Too many maps are already waiting to be made."""


class JobCancelled(GlacierError):  # noqa: N818  (not a failure: somebody asked for it)
    """A person stopped the job before it was done."""

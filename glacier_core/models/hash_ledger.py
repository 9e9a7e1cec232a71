"""Hashes of files that nobody vouches for: recorded on first use, checked ever after."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock
from pydantic import Field, TypeAdapter, ValidationError

from glacier_core.disk import disk_errors, file_sha256, write_file
from glacier_core.errors import StorageError
from glacier_core.models.parts import Part

FILE: Final = "hashes.json"


class HashRecord(Part):
    """What was known of a file when it was first used."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    first_used: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    source: str


_RECORDS: Final = TypeAdapter(dict[str, HashRecord])


class HashLedger:
    """The records of the files in one folder, kept beside them as readable JSON.

    Several processes may use it at once.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Raises
    ------
    StorageError
        If the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def record(self, name: str) -> HashRecord | None:
        """Return what is recorded of a file, None if nothing.

        Raises
        ------
        StorageError
            If the records are damaged: then no file can be told from a changed one.
        """
        return self._read().get(name)

    def add(self, name: str, source: str) -> HashRecord:
        """Record a file of the folder that is used for the first time.

        If another process was faster, its record counts.

        Raises
        ------
        StorageError
            As `record`, or if the disk refuses.
        """
        path = self.folder / name
        with disk_errors(self.path), FileLock(self.folder / f".{FILE}.lock"):
            records = self._read()
            if name not in records:
                records[name] = HashRecord(
                    sha256=file_sha256(path),
                    bytes=path.stat().st_size,
                    first_used=datetime.now(UTC).date().isoformat(),
                    source=source,
                )
                write_file(self.path, _RECORDS.dump_json(records, indent=1))
        return records[name]

    def agrees(self, name: str) -> bool:
        """Tell whether a file is here and still the one that was recorded."""
        path, known = self.folder / name, self.record(name)
        return known is not None and path.is_file() and file_sha256(path) == known.sha256

    def _read(self) -> dict[str, HashRecord]:
        if not self.path.exists():
            return {}
        try:
            return _RECORDS.validate_json(self.path.read_bytes())
        except (OSError, ValidationError) as problem:
            raise StorageError(
                f"The record of hashes {self.path} cannot be read, so no fetched file can be told "
                "from a changed one. Put it right (it is JSON), or remove it to trust the files "
                "as they are now."
            ) from problem

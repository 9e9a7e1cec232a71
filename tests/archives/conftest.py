"""What the tests of the archives share: a test archive of their own."""

from archives.world.fixtures import archive_server, archive_world

__all__ = ["archive_server", "archive_world"]

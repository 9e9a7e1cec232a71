"""Every limit and path of Glacier Explorer, in one typed object.

Each value can be set in the environment: ``GLACIER_`` and the name in capitals,
for instance ``GLACIER_DATA_DIR=/srv/glaciers``.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Limits and paths, read once from the environment."""

    model_config = SettingsConfigDict(env_prefix="GLACIER_", frozen=True)

    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("glacier-explorer"),
        description="Folder of fetched samples, simulated scenes, maps and added models.",
    )
    samples_mirror: Path | None = Field(
        default=None,
        description="Folder that stands in for the public homes of the samples (offline use).",
    )
    services_root: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#@]+(/[^?#]*)?$",
        description="Address that stands in for all archives: each is asked at its name below it.",
    )
    archive_tokens: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Tokens of archives that want one, as JSON: service name to token.",
    )
    block_cache_megabytes: int = Field(
        default=4000,
        gt=0,
        description="Size of the cache of fetched pieces; those used longest ago leave first.",
    )
    max_download_megabytes: int = Field(
        default=8000, gt=0, description="Largest file fetched from an archive, in megabytes."
    )
    max_fetch_megabytes: int = Field(
        default=4000, gt=0, description="Most that one scene may take to fetch, in megabytes."
    )
    download_timeout: float = Field(
        default=30.0, gt=0, description="Seconds without an answer before a download is given up."
    )
    retry_pause: float = Field(
        default=0.5,
        gt=0,
        description="Seconds before an archive in trouble is asked again; doubled each time.",
    )
    max_scene_pixels: int = Field(
        default=150_000_000,
        gt=0,
        description="Largest scene, in pixels (a granule has 121 million).",
    )
    memory_pixels: int = Field(
        default=16_000_000,
        gt=0,
        description="Scenes and maps with more pixels stay on disk and are read part by part.",
    )
    keep_work_days: float = Field(
        default=7.0, gt=0, description="Days that an interrupted mapping can be gone on with."
    )
    max_upload_megabytes: int = Field(
        default=1000, gt=0, description="Largest uploaded file, in megabytes."
    )
    max_outline_vertices: int = Field(
        default=5_000_000, gt=0, description="Most vertices accepted in one outline file."
    )
    cache_megabytes: int = Field(
        default=20_000,
        gt=0,
        description="Size of the map cache; maps used longest ago leave first, shown ones never.",
    )
    comparison_cache_megabytes: int = Field(
        default=1000,
        gt=0,
        description="Size of the cache of agreement rasters; those used longest ago leave first.",
    )
    shown_minutes: float = Field(
        default=10.0,
        gt=0,
        description="Minutes a map counts as shown after the last process that shows it said so.",
    )
    memory_cache_megabytes: int = Field(
        default=1500,
        gt=0,
        description="Scenes, maps and comparisons held in memory, for all sessions of a process.",
    )
    tile_cache_megabytes: int = Field(
        default=64, gt=0, description="Drawn map tiles held in memory, for all sessions."
    )
    kept_tiles_megabytes: int = Field(
        default=4000,
        gt=0,
        description="Tiles of large scenes kept on disk; those used longest ago leave first.",
    )
    batch_size: int = Field(
        default=2,
        gt=0,
        description="Windows the network maps at once; halved when memory is short.",
    )
    threads: int = Field(
        default=0,
        ge=0,
        description="Processor threads of the network, and of distances; 0 takes all cores.",
    )
    runtime: Literal["auto", "torch", "winograd", "openvino", "onnx"] = Field(
        default="auto",
        description="Library that runs networks on the CPU; auto times them and takes the fastest.",
    )
    networks_megabytes: int = Field(
        default=500,
        gt=0,
        description="Networks kept ready in memory; those used longest ago leave first.",
    )
    compiled_megabytes: int = Field(
        default=500,
        gt=0,
        description="Compiled networks kept on disk; those used longest ago leave first.",
    )
    queue_length: int = Field(
        default=30, gt=0, description="Maps that may wait to be made before a new one is refused."
    )
    jobs_per_session: int = Field(
        default=3, gt=0, description="Maps that one visitor may have waiting or under way."
    )
    closed_tab_seconds: float = Field(
        default=30.0,
        ge=0,
        description="Seconds after which the jobs of a closed browser tab are cancelled.",
    )

    @field_validator("services_root")
    @classmethod
    def _without_slash(cls, address: str | None) -> str | None:
        return None if address is None else address.rstrip("/")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read from the environment on first use."""
    return Settings()

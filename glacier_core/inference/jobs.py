"""One worker for many people: maps are made one after another, going round who asked for them."""

import threading
import time
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from glacier_core.inference.cache import find_map
from glacier_core.inference.engine import carry_out
from glacier_core.inference.request import MappingOptions, Request, resolve
from glacier_core.inference.result import GlacierMap
from glacier_core.jobs.absences import Clock, IsOpen, always_open
from glacier_core.jobs.job import Job
from glacier_core.jobs.queue import JobQueue, Note, Words
from glacier_core.models.registry import Model
from glacier_core.scene import Scene

HELD_PIXELS: Final = 20_000_000
"""Of maps that no disk took: so many pixels of them are held in memory, the newest in any case."""

WORDS: Final = Words(one="map", many="maps", doing="mapping")


@dataclass(frozen=True, kw_only=True)
class MapJob(Job):
    """The making of a map.

    Attributes
    ----------
    key : str
        Key of the map it makes, for `glacier_core.inference.cache.find_map`.
    scene_id, model_name : str
        What is mapped by what.
    simulated : bool
        Whether the scene is simulated.
    rows, columns : int
        Size of the scene in pixels.
    options : MappingOptions
        As asked for, with the defaults filled in.
    area_km2 : float or None
        Area of all mapped ice, once it is made.
    """

    key: str
    scene_id: str
    model_name: str
    simulated: bool
    rows: int
    columns: int
    options: MappingOptions
    area_km2: float | None = None


class MapService(JobQueue[MapJob]):
    """A bounded queue and the one thread that maps, shared by all sessions of a process.

    Every method may be called from any thread; see `glacier_core.jobs.queue.JobQueue` for how
    jobs are joined, take turns and end.

    Parameters
    ----------
    is_open : callable
        Tells whether the page of a session is open in a browser; a job that only closed pages
        want is cancelled after ``settings().closed_tab_seconds``.
    clock : callable
        Seconds since whenever; never goes back.
    """

    def __init__(self, is_open: IsOpen = always_open, clock: Clock = time.monotonic) -> None:
        super().__init__(WORDS, is_open=is_open, clock=clock)
        self._held: dict[str, GlacierMap] = {}  # by key, the newest last
        self._holding = threading.Lock()

    def submit(
        self, scene: Scene, model: Model, options: MappingOptions | None = None, session: str = ""
    ) -> MapJob:
        """Ask for a map.

        Where the same map is already waited for or made, the session joins that job; where it
        was made before and kept, the job is done at once.

        Parameters
        ----------
        scene : Scene
        model : Model
        options : MappingOptions, optional
        session : str
            Who asks; needed to cancel. Empty for a program, which may ask for any number.

        Returns
        -------
        MapJob

        Raises
        ------
        ModelError
            If scene, model and options do not fit together.
        QueueFullError
            If ``settings().queue_length`` maps are waiting already, or
            ``settings().jobs_per_session`` of this session are not done yet.
        """
        options = options or MappingOptions()
        request = resolve(scene, model, options)
        kept = find_map(request.key) if request.cache else None
        job = _new_job(request, options)
        if kept is not None:
            job = replace(job, area_km2=kept.area_km2())

        def work(note: Note, unwanted: threading.Event) -> dict[str, Any]:
            result = carry_out(request, note, unwanted)
            self._hold(result)
            return {"area_km2": result.area_km2()}

        return self.put(job, request.key, work, session, is_done=kept is not None)

    def result(self, job_id: str) -> GlacierMap | None:
        """Return the map a job made; None if it made none, or it is no longer kept anywhere."""
        job = self.job(job_id)
        return self.find(job.key) if job is not None and job.state == "done" else None

    def find(self, key: str) -> GlacierMap | None:
        """Return the map of a key, made just now or kept; None if there is none.

        Unlike the cache alone it also knows maps that a full disk did not take.
        """
        with self._holding:
            held = self._held.get(key)
        return held or find_map(key)

    def _hold(self, result: GlacierMap) -> None:
        """Hold a map that lies nowhere on disk; older ones leave when they are too many."""
        if result.folder is not None:
            return
        with self._holding:
            self._held.pop(result.key, None)
            self._held[result.key] = result
            pixels = sum(held.probability.size for held in self._held.values())
            while pixels > HELD_PIXELS and len(self._held) > 1:
                pixels -= self._held.pop(next(iter(self._held))).probability.size


def _new_job(request: Request, options: MappingOptions) -> MapJob:
    decided = {
        option.name: getattr(request, option.name)
        for option in fields(options)
        if option.name != "location" and hasattr(request, option.name)
    }
    rows, columns = request.scene.shape
    return MapJob(
        title=request.scene.title,
        key=request.key,
        scene_id=request.scene.id,
        model_name=request.model.card.name,
        simulated=request.scene.simulated,
        rows=rows,
        columns=columns,
        options=replace(options, **decided),
    )

"""A queue whose jobs do what a test tells them to."""

import threading
import time

from glacier_core.errors import JobCancelled
from glacier_core.jobs.job import Job
from glacier_core.jobs.queue import JobQueue, Words

WORDS = Words(one="map", many="maps", doing="mapping")
SECONDS = 30


class Held:
    """Work that begins, and ends when it is let go or nobody wants it."""

    def __init__(self):
        self.begun, self.gate = threading.Event(), threading.Event()

    def __call__(self, note, unwanted):
        self.begun.set()
        while not self.gate.wait(0.002):
            if unwanted.is_set():
                raise JobCancelled("stopped (test)")


class Tray:
    """A queue with one worker, and the order in which its jobs were done."""

    def __init__(self, **options):
        self.queue = JobQueue(WORDS, **options)
        self.done = []

    def put(self, name, session="", work=None):
        def note_down(note, unwanted):
            self.done.append(name)

        return self.queue.put(Job(title=name), name, work or note_down, session)

    def hold(self, name="held", session=""):
        work = Held()
        job = self.put(name, session, work)
        assert work.begun.wait(SECONDS)
        return job, work

    def place(self, job):
        return self.queue.job(job.id).place

    def ended(self, job):
        deadline = time.monotonic() + SECONDS
        while not (now := self.queue.job(job.id)).is_over:
            assert time.monotonic() < deadline, f"still {now.state}"
            time.sleep(0.002)
        return now

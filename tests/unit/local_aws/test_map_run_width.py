"""The threads of a Map Run: how many work at once, and that it can be changed meanwhile."""

import threading
from itertools import count

from local_aws.distributed_map.width import Crew


class Work:
    """Pieces that each wait until they are let go; what is wanted may be changed."""

    def __init__(self, pieces: int, wanted: int) -> None:
        self.wanted, self.left = wanted, pieces
        self.now = self.most = 0
        self.changed = threading.Condition()
        self.free = threading.Semaphore(0)
        self.crew = Crew(self.do_next, lambda: self.wanted)
        self.thread = threading.Thread(target=self.crew.work, daemon=True)

    def do_next(self) -> bool:
        with self.changed:
            if self.left == 0:
                return False
            self.left -= 1
            self.now += 1
            self.most = max(self.most, self.now)
            self.changed.notify_all()
        self.free.acquire()
        with self.changed:
            self.now -= 1
            self.changed.notify_all()
        return True

    def await_now(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.now == number, timeout=30)


def test_more_are_at_work_as_soon_as_more_are_wanted() -> None:
    work = Work(pieces=9, wanted=1)
    work.thread.start()
    work.await_now(1)

    work.wanted = 3
    work.crew.fill()
    work.await_now(3)

    work.free.release(9)
    work.thread.join(30)
    assert (work.left, work.now, work.most) == (0, 0, 3)


def test_one_too_many_ends_its_piece_and_takes_no_other() -> None:
    work = Work(pieces=9, wanted=3)
    work.thread.start()
    work.await_now(3)

    work.wanted = 1
    work.crew.fill()
    work.free.release(2)
    work.await_now(1)

    assert work.left == 6
    for _ in count():
        work.free.release()
        work.thread.join(0.01)
        if not work.thread.is_alive():
            break
    assert (work.left, work.now, work.most) == (0, 0, 3)


def test_it_ends_once_all_is_done_whatever_is_wanted_then() -> None:
    work = Work(pieces=2, wanted=2)
    work.free.release(2)
    work.thread.start()
    work.thread.join(30)

    work.wanted = 5
    work.crew.fill()

    assert not work.thread.is_alive()
    assert work.left == 0

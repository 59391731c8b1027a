from collections.abc import Callable

from local_aws.firehose.buffers import LARGEST_BUFFER_BYTES, Buffers, Record


class Clock:
    """Keeps what is scheduled until the test lets it happen."""

    def __init__(self) -> None:
        self.scheduled: list[tuple[float, Callable[[], None]]] = []

    def schedule(self, seconds: float, work: Callable[[], None]) -> None:
        self.scheduled.append((seconds, work))

    def ring(self) -> None:
        due, self.scheduled = self.scheduled, []
        for _, work in due:
            work()


def test_records_wait_and_are_then_delivered_together() -> None:
    clock = Clock()
    delivered: list[list[Record]] = []
    buffers = Buffers(60, clock.schedule)

    buffers.add("a", [Record("1", b"x")], delivered.append)
    buffers.add("a", [Record("2", b"y")], delivered.append)

    assert ([seconds for seconds, _ in clock.scheduled], delivered) == ([60], [])
    clock.ring()
    assert delivered == [[Record("1", b"x"), Record("2", b"y")]]


def test_destinations_do_not_share_a_buffer() -> None:
    clock = Clock()
    first: list[list[Record]] = []
    second: list[list[Record]] = []
    buffers = Buffers(1, clock.schedule)

    buffers.add("a", [Record("1", b"x")], first.append)
    buffers.add("b", [Record("2", b"y")], second.append)
    clock.ring()

    assert (first, second) == ([[Record("1", b"x")]], [[Record("2", b"y")]])


def test_a_record_after_a_delivery_starts_a_new_wait() -> None:
    clock = Clock()
    delivered: list[list[Record]] = []
    buffers = Buffers(1, clock.schedule)

    for number in ("1", "2"):
        buffers.add("a", [Record(number, b"x")], delivered.append)
        clock.ring()

    assert delivered == [[Record("1", b"x")], [Record("2", b"x")]]


def test_a_full_buffer_does_not_wait() -> None:
    clock = Clock()
    delivered: list[list[Record]] = []
    buffers = Buffers(60, clock.schedule)
    half = Record("half", bytes(LARGEST_BUFFER_BYTES // 2 + 1))

    buffers.add("a", [half], delivered.append)
    buffers.add("a", [half], delivered.append)

    assert [seconds for seconds, _ in clock.scheduled] == [60, 0]
    clock.ring()
    assert delivered == [[half, half]]

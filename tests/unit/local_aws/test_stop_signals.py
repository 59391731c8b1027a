import threading

import pytest

from local_aws.executions.stopping import ExecutionStoppedError, StopReason, StopSignal


def test_the_first_reason_stays() -> None:
    signal = StopSignal()

    signal.set(StopReason.TIMED_OUT)
    signal.set(StopReason.ABORTED)

    assert signal.reason is StopReason.TIMED_OUT


def test_a_parent_stops_its_children_and_not_the_other_way() -> None:
    parent = StopSignal()
    stopped, other = StopSignal(parent), StopSignal(parent)

    stopped.set(StopReason.FAILED)
    assert (parent.reason, other.reason) == (None, None)

    parent.set(StopReason.ABORTED)
    assert (stopped.reason, other.reason) == (StopReason.FAILED, StopReason.ABORTED)


def test_a_child_of_a_set_parent_is_set_from_the_start() -> None:
    parent = StopSignal()
    parent.set(StopReason.ABORTED)

    assert StopSignal(parent).reason is StopReason.ABORTED


def test_a_set_signal_ends_a_sleep() -> None:
    signal, seen = StopSignal(), []

    def work() -> None:
        try:
            signal.sleep(600)
        except ExecutionStoppedError as stopped:
            seen.append(stopped.reason)

    worker = threading.Thread(target=work)
    worker.start()
    signal.set(StopReason.ABORTED)
    worker.join(60)

    assert seen == [StopReason.ABORTED]


def test_no_error_handling_of_a_state_takes_a_stop_for_a_failure() -> None:
    signal = StopSignal()
    signal.check()
    signal.set(StopReason.ABORTED)

    with pytest.raises(ExecutionStoppedError) as raised:
        signal.check()
    assert not isinstance(raised.value, Exception)

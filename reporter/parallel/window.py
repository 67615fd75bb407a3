"""A few tasks at a time, and their results in the order of the tasks."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

OrderedMap = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


def in_order(submit: Callable[[Any], Callable[[], Any]], tasks: Iterable[Any], ahead: int) -> Iterator[Any]:
    """Submit tasks and give their results in order.

    Thousands of dates have as many histories: each is made only when its turn is near.

    Args:
        submit: begins a task; what it returns waits for the result and gives it, or raises.
        ahead: how many tasks may be under way.

    >>> begun = []
    >>> def submit(task):
    ...     begun.append(task)
    ...     return lambda: 2 * task
    >>> results = in_order(submit, range(1000), ahead=3)
    >>> next(results), begun
    (0, [0, 1, 2])
    >>> next(results), begun
    (2, [0, 1, 2, 3])
    """
    under_way: deque[Callable[[], Any]] = deque()
    for task in tasks:
        under_way.append(submit(task))
        if len(under_way) == ahead:
            yield under_way.popleft()()
    while under_way:
        yield under_way.popleft()()

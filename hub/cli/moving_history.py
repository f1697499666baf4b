"""What `campushub history backfill` does: everything of the embedded history that only it still has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from devices.clock import AHEAD_TOLERANCE_MS
from devices.identity import phone_of
from devices.series import ALERT, ROUND
from devices.wire import escaped
from hub.cli.console import err, fail, load_or_fail, out
from hub.cli.exits import Exit
from hub.cli.instants import instant, typed
from hub.cli.log_reading import FILE_NAME
from hub.config.model import Campus, HistoryKind
from hub.history.backfill import Progress, SourceError
from hub.history.backfill import backfill as copy
from hub.history.choose import DUCK_FILE, make_history
from hub.history.port import HistoryUnavailableError, Link, Point
from hub.history.typed import END_OF_TIME_MS
from hub.log.model import LogFaultError
from hub.log.overview import LogScan

_HELD: Final = (
    ". A hub that still runs with the embedded history has it open: stop it, or start it again with the"
    " InfluxDB of campus.toml; then call this again"
)
_REASONS_TOLD: Final = 20
_REASON_CHARS: Final = 200

_OF_THE_BOOK: Final = (ALERT, ROUND)  # filled in from the beginning, by the book

_Reasons = Counter[tuple[str, str]]


def backfill(config: Path, environment: Mapping[str, str], file: Path | None, since: str, until: str) -> None:
    """Copies with a progress bar, and says what was refused, or where it stopped and how to go on."""
    from_ms, asked_before_ms = instant("--from", since), instant("--to", until)
    campus = load_or_fail(config, environment)
    if campus.storage.history.kind is HistoryKind.DUCKDB:
        fail(
            f'{config}: the history is the embedded one: set [storage.history] kind to "influxdb1" or '
            '"influxdb2" first',
            Exit.CONFIGURATION,
        )
    source = file if file is not None else campus.storage.folder / DUCK_FILE
    if not source.is_file():
        fail(f"{source}: there is no embedded history to copy; --file names another place", Exit.USAGE)
    err.print(f"from {source}", highlight=False)
    if asked_before_ms is not None:
        _Copying(campus).run(source, from_ms or 0, asked_before_ms, lambda _: True)
    else:
        _Copying(campus).run(source, from_ms or 0, END_OF_TIME_MS, _not_filled_in(campus))


class _Copying:
    """One copy into the campus's InfluxDB, with its progress."""

    def __init__(self, campus: Campus) -> None:
        self._target = make_history(campus.storage.history, campus.storage.folder)
        self._reached = Progress(0, 0)
        self._refused: _Reasons = Counter()

    def run(self, source: Path, from_ms: int, before_ms: int, wanted: Callable[[Point], bool]) -> None:
        try:
            with self._bar() as progress:
                self._target.open()
                copied = copy(source, self._target, progress, before_ms, from_ms, wanted)
        except SourceError as error:
            fail(error.detail + (_HELD if "is in use" in error.detail else ""), Exit.UNAVAILABLE)
        except HistoryUnavailableError as error:
            _tell(self._refused)
            code = Exit.REFUSED if error.link is Link.REFUSED else Exit.UNAVAILABLE
            fail(f"{error.detail}\n{self._stopped()}", code)
        except KeyboardInterrupt:
            _tell(self._refused)
            fail(self._stopped(), Exit.FAILED)
        finally:
            self._target.close()
        _tell(self._refused)
        count = self._refused.total()
        out.print(f"{copied - count} values copied, {count} refused", highlight=False)
        if count:
            raise typer.Exit(Exit.REFUSED)

    @contextmanager
    def _bar(self) -> Iterator[Callable[[Progress], None]]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=err) as bar:
            task = bar.add_task("hours", total=None)

            def progress(now: Progress) -> None:
                self._reached = now
                self._refused.update((one.point.measurement, one.reason) for one in now.refused)
                bar.update(task, description=typed(now.until_ms), completed=now.hours, total=now.of_hours)

            yield progress

    def _stopped(self) -> str:
        so_far = f"{self._reached.points - self._refused.total()} values were copied"
        if not self._reached.hours:
            return f"{so_far}; call it again when that is put right"
        until = typed(self._reached.until_ms)
        return f"{so_far}, everything before {until}: go on with --from {until}"


def _not_filled_in(campus: Campus) -> Callable[[Point], bool]:
    """What the hub does not write into a new store by itself: what is older than its log, and readings of
    devices that the configuration has lost. The rest would stand twice where a device changed its area."""
    begins_ms = _log_begins_ms(campus)
    known = {*campus.devices, *map(phone_of, campus.people)}

    def wanted(point: Point) -> bool:
        if point.at_ms < begins_ms:
            return True
        return point.measurement not in _OF_THE_BOOK and point.device not in known

    return wanted


def _log_begins_ms(campus: Campus) -> int:
    """Before this the hub itself cannot fill anything in; devices' clocks may be a little ahead of it."""
    path = campus.storage.folder / FILE_NAME
    if not path.is_file():
        return END_OF_TIME_MS
    try:
        scan = LogScan(path)
        first = next(iter(scan.facts()), None)
        scan.close()
    except LogFaultError as fault:
        fail(f"{fault.problem}; with --to the log is not looked at", Exit.CONFIGURATION)
    return END_OF_TIME_MS if first is None else first.fact.received_at_ms + AHEAD_TOLERANCE_MS


def _tell(refused: _Reasons) -> None:
    for (measurement, reason), count in refused.most_common(_REASONS_TOLD):
        err.print(
            f"refused: {count} of {measurement}: {escaped(reason, _REASON_CHARS)}",
            style="red",
            markup=False,
            highlight=False,
        )
    if len(refused) > _REASONS_TOLD:
        err.print(f"… and {len(refused) - _REASONS_TOLD} more reasons", style="red", highlight=False)

"""Processes that serve the same listener: one that dies is replaced, and SIGHUP has all of them replaced one by one."""

import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from uvicorn.config import STARTUP_FAILURE

from gateway.errors.incidents import as_incident
from gateway.settings import SettingsError
from gateway.transport.server.uvicorn_adapter import DrainingServer

_LOG = logging.getLogger(__name__)
_CHECK_SECONDS = 0.5


class ReadyServer(DrainingServer):
    """A server that calls ``ready`` once connections are accepted."""

    def __init__(self, config: Any, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


class Worker:
    """A process that serves. ``config``: the server's, as it was made: one that was used can't be handed over."""

    def __init__(self, config: Any, listener: socket.socket) -> None:
        context = multiprocessing.get_context("spawn")
        self._readiness, readiness = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(config, listener, readiness))
        self.process.start()
        # With the process's own copy the pipe ends.
        readiness.close()

    def becomes_ready(self, is_given_up: Callable[[], bool]) -> bool:
        """Waits until it accepts connections; false where it ended instead, or is given up."""
        while not self._readiness.poll(_CHECK_SECONDS):
            if is_given_up():
                return False
        try:
            self._readiness.recv_bytes()
        except EOFError:
            return False
        return True

    def end(self) -> None:
        """Tells it to finish what is under way, and to end."""
        self.process.terminate()


class Workers:
    """The worker processes of a gateway; ``running``: those that serve already. ``is_renewal_due``: whether all are to
    be replaced, one by one."""

    def __init__(self, config: Any, listener: socket.socket, running: Sequence[Worker] = ()) -> None:
        self._config = config
        self._listener = listener
        self._workers = list(running)
        self._leaving: list[Worker] = []
        self._is_ending = False
        self.is_renewal_due = False

    def run(self) -> None:
        """Returns once all have ended, after SIGTERM or SIGINT; raises SystemExit where the application can't start."""
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, self._end)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._ask_for_renewal)
        self._workers += [self._start() for _ in range(self._config.workers - len(self._workers))]
        has_failed = False
        while not (self._is_ending or has_failed):
            wait([worker.process.sentinel for worker in self._workers], _CHECK_SECONDS)
            has_failed = any(worker.process.exitcode == STARTUP_FAILURE for worker in self._workers)
            if not (self._is_ending or has_failed):
                self._workers = [worker if worker.process.is_alive() else self._start() for worker in self._workers]
            if self.is_renewal_due:
                self.is_renewal_due = False
                self._renew()
        everyone = [*self._workers, *self._leaving]
        for worker in everyone:
            worker.end()
        # Else connections would go on being made, and wait for nobody, until the last worker has ended.
        self._listener.close()
        for worker in everyone:
            worker.process.join()
        if has_failed:
            raise SystemExit(STARTUP_FAILURE)

    def _renew(self) -> None:
        """Replaces one worker after the other, each once its successor accepts connections."""
        self._leaving = [worker for worker in self._leaving if worker.process.is_alive()]
        for position, worker in enumerate(self._workers):
            successor = self._start()
            if not successor.becomes_ready(lambda: self._is_ending):
                if self._is_ending:
                    self._leaving.append(successor)
                else:
                    give_up(successor)
                return
            self._workers[position] = successor
            self._leaving.append(worker)
            worker.end()
        _LOG.info("All workers were replaced")

    def _start(self) -> Worker:
        return Worker(self._config, self._listener)

    def _end(self, *_: object) -> None:
        self._is_ending = True

    def _ask_for_renewal(self, *_: object) -> None:
        self.is_renewal_due = True


def give_up(successor: Worker) -> None:
    """Says that a worker that was to replace another one doesn't, and has it end."""
    _LOG.error("A new worker did not start; those that were there go on")
    successor.end()


def _work(config: Any, listener: socket.socket, readiness: Connection) -> None:
    def tell() -> None:
        with suppress(OSError):
            readiness.send_bytes(b"ready")
        readiness.close()

    config.configure_logging()
    _end_with_parent()
    try:
        ReadyServer(config, tell).run(sockets=[listener])
    except KeyboardInterrupt:
        # What ended it, raised again by uvicorn once all is closed.
        return
    except SettingsError as error:
        _LOG.error("%s", error)
        raise SystemExit(1) from None
    except Exception as error:
        # By the log, which holds no secrets: multiprocessing would print it as it is.
        as_incident(error)
        raise SystemExit(1) from None


def _end_with_parent() -> None:
    """Has this process end as by SIGTERM where its parent was killed: else it would keep the address from the next."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "workers are started as processes"

    def follow() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, daemon=True).start()

"""The deletion of what a demo keeps in its data directory, so that it begins anew."""

import shutil
from pathlib import Path
from typing import Final

from gateway.demo.data_directory import LOCK_FILE, owned
from gateway.demo.demo_contents import KEY_FILE
from gateway.demo.embedded_mongod import (
    DATABASE_FOLDER,
    LOG_FILE,
    MONGOD_KEY_FILE,
    PASSWORD_FILE,
    end_earlier_mongod,
)
from gateway.errors import Unavailable

_FILES: Final = (KEY_FILE, LOG_FILE, MONGOD_KEY_FILE, PASSWORD_FILE)


def reset_directory(data_dir: Path) -> None:
    """Deletes what is in ``data_dir``; where there is no such directory, or nothing in it, nothing is to be done.

    Raises Unavailable, having deleted nothing, where anything in it is not what a demo keeps there, or the directory is
    in use or another user's.
    """
    data_dir = data_dir.resolve()
    if not data_dir.exists():
        return
    # Before anything is made in a directory that isn't a demo's, and once more when nobody else changes it.
    _refuse_others(data_dir)
    with owned(data_dir):
        _refuse_others(data_dir)
        end_earlier_mongod(data_dir / DATABASE_FOLDER)
        if (data_dir / DATABASE_FOLDER).exists():
            shutil.rmtree(data_dir / DATABASE_FOLDER)
        for name in _FILES:
            (data_dir / name).unlink(missing_ok=True)


def _refuse_others(data_dir: Path) -> None:
    try:
        kinds = {path.name: path.is_dir() and not path.is_symlink() for path in data_dir.iterdir()}
    except OSError as error:
        raise Unavailable(f"the data directory {data_dir} can't be used: {error.strerror}") from error
    expected = {DATABASE_FOLDER: True, LOCK_FILE: False} | dict.fromkeys(_FILES, False)
    if kinds and (LOCK_FILE not in kinds or not kinds.items() <= expected.items()):
        raise Unavailable(f"{data_dir} is no demo's data directory, or holds more than one: nothing is deleted")

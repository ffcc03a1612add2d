"""Warnings of MuJoCo go to the log; left alone, they fill a file in the working directory."""

import logging

import mujoco

_LOG = logging.getLogger(__name__)


def log_engine_warnings(level: int = logging.WARNING) -> None:
    """Send what MuJoCo warns about to the log of this module.

    The latest call decides for the whole process.

    Args:
        level: Of these records. Where grasps are tried, a simulation that bursts is a grasp that
            fails, which is judged and counted: `logging.INFO` keeps the terminal clean.
    """

    def write(text: str) -> None:
        _LOG.log(level, 'MuJoCo: %s', text)

    mujoco.set_mju_user_warning(write)

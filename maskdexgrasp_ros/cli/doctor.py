"""`maskdexgrasp doctor` with the checks of ROS 2."""

from collections.abc import Sequence

from maskdexgrasp_core.cli.checks import Check, Finding, Verdict
from maskdexgrasp_core.cli.doctor import make_doctor


def _ros_checks(seed: int) -> Sequence[Check]:
    """Return the checks of ROS 2; where it cannot even be imported, that is the finding."""
    try:
        from maskdexgrasp_ros.cli.checks import ros_checks
    except ImportError as error:
        cure = 'make setup, or source a ROS 2 installation with the built package'
        finding = Finding(verdict=Verdict.FAIL, detail=str(error), cure=cure)
        return (Check(name='ROS 2', run=lambda: finding),)
    return ros_checks(seed)


doctor = make_doctor(_ros_checks)

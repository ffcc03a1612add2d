import json
from pathlib import Path

import numpy as np
import pytest

from maskdexgrasp_core.geometry.urdf import RobotDescription
from maskdexgrasp_ros.robot_state import LinkTransforms

DATA = Path(__file__).parents[1] / 'data'


@pytest.mark.parametrize(
    ('urdf', 'poses'),
    [
        ('urdf/xarm7_freedom.urdf', 'xarm7_fk.json'),
        ('urdf/shadow_hand_right.urdf', 'shadow_fk.json'),
    ],
)
def test_published_transforms_chain_to_the_reference_poses(urdf, poses):
    reference = json.loads((DATA / poses).read_text())
    robot = RobotDescription(urdf)
    transforms = LinkTransforms(robot)
    parents = {joint.child: joint for joint in robot.joints.values()}

    def pose(link, given):
        if link not in parents:
            return np.eye(4)
        joint = parents[link]
        return pose(joint.parent, given) @ transforms.pose(joint, given.get(joint.name, 0.0))

    for q, expected in zip(reference['q'], reference['poses'], strict=True):
        given = dict(zip(reference['joint_names'], q, strict=True))
        for link, row in zip(reference['links'], expected, strict=True):
            np.testing.assert_allclose(pose(link, given)[:3], row, atol=1e-6)

"""Make grasps of a cylinder on the table, without a robot, a camera or trained weights."""

import numpy as np
import trimesh

from maskdexgrasp_core.synthesis.synthesis_generator import SynthesisGenerator
from maskdexgrasp_core.types import ObjectObservation, ObservedCloud

TABLE_HEIGHT = -0.1

can = trimesh.creation.cylinder(radius=0.03, height=0.12)
can.apply_translation([0.5, 0.0, TABLE_HEIGHT - can.bounds[0, 2]])

observation = ObjectObservation(
    cloud=ObservedCloud(points=can.vertices, colors=None, camera_position=np.zeros(3)),
    shape=can,
    label='can',
    part='',
    part_points=np.zeros((0, 3)),
    table_height=TABLE_HEIGHT,
)
found = SynthesisGenerator().generate(observation, num_grasps=5, seed=0, time_budget_s=10.0)

for rank, grasp in enumerate(found.grasps, start=1):
    position = np.round(grasp.T_base_wrist[:3, 3], 3)
    terms = ', '.join(f'{name} {value:.2f}' for name, value in grasp.scores.items())
    print(f'{rank}. score {grasp.score:.2f}, wrist at {position} m ({terms})')
print('dropped:', found.dropped)
